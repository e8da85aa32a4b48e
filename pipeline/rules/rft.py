"""An example for reinforcement tuning is a prompt that waits for an answer, with what the grader needs beside it."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.core.example import Example
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, Sample, rule
from pipeline.core.suspects import Mentions, every, order
from pipeline.core.target import Limits
from pipeline.core.wording import named

OWN: Final = frozenset({"messages", "tools", "parallel_tool_calls"})
ASKED: Final[Sample] = {"messages": [{"role": "user", "content": "What is 2 + 2?"}], "answer": "4"}
REASONING: Final = r"(?:[Cc]hain[ -]of[ -]thought|[Ll]et me think|[Rr]eveal your reasoning|[Ss]how your reasoning)"


@rule(
    "rft.last-not-user",
    methods=("rft",),
    suspects=order("[^u]$"),
    good=(ASKED,),
    bad=("user: Hi\nassistant: Hello",),
)
def last_not_user(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The model writes what follows the last turn, which therefore is the user's (or a tool's result).

    Cut the answer off and keep it beside the messages, where the grader reads it as `item.KEY`.
    """
    last = example.turns[-1] if example.turns else None
    if last is not None and last.role not in ("user", "tool", ""):
        yield Flaw(last.where, f"The last turn is {named(last.role)}; expected `user`.")


@rule("rft.no-reference", severity=Severity.INFO, methods=("rft",), suspects=every, good=(ASKED,), bad=("user: Hi",))
def no_reference(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """No key stands beside the messages, so a grader has nothing to compare an answer with.

    Add the right answer, or what makes one right, under a key of your choice. A model as grader may do without.
    """
    if "messages" in example.record and not example.record.keys() - OWN:
        yield Flaw("", "No key beside the messages; expected what the grader reads.")


@rule(
    "rft.reasoning-phrase",
    severity=Severity.WARNING,
    methods=("rft",),
    suspects=Mentions(REASONING),
    good=(ASKED,),
    bad=("user: Show your reasoning in full.",),
)
def reasoning_phrase(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Azure blocks training files that seem to extract a model's reasoning, and phrases such as this one count.

    Ask for the answer, or for an explanation of it.
    """
    for _, where, text in example.texts():
        if re.search(REASONING, text):
            yield Flaw(where, "A phrase that asks for the model's reasoning; expected a question about the subject.")
