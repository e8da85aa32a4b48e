"""A conversation has turns, someone who asks, and someone who answers."""

from collections.abc import Iterator

from pipeline.core.example import Example, Turn
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, rule
from pipeline.core.shape import ROLE_LETTERS
from pipeline.core.suspects import order
from pipeline.core.target import Limits
from pipeline.core.wording import counted


@rule(
    "roles.no-turns",
    suspects=order(r"^(\||$)"),
    good=("user: Hi\nassistant: Hello",),
    bad=({"messages": []},),
)
def no_turns(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """An empty list of messages teaches nothing, and the format asks for at least one.

    Delete the line, or fill the conversation in.
    """
    holder = example.record.get("input") if example.method == "dpo" else example.record
    if isinstance(holder, dict) and holder.get("messages") == []:
        yield Flaw("/input/messages" if example.method == "dpo" else "/messages", "No messages; expected at least one.")


@rule(
    "roles.no-user",
    severity=Severity.WARNING,
    methods=("sft", "dpo"),
    suspects=order(r"^[^u|]*(\||$)"),
    good=("user: Hi\nassistant: Hello",),
    bad=("system: You write stories.\nassistant: Once upon a time.",),
)
def no_user(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Nobody asks: the model learns to answer an empty conversation, which does not happen in use.

    Add the user turn that leads to this answer. Leave it as it is where the answer shall come unasked.
    """
    if example.conversation and not any(turn.role == "user" or _is_strange(turn) for turn in example.conversation):
        yield Flaw("", f"No user turn among {counted(len(example.conversation), 'turn')}; expected one.")


@rule(
    "roles.no-assistant",
    methods=("sft",),
    suspects=order(r"^[^a]*$"),
    good=("user: Hi\nassistant: Hello",),
    bad=("system: Be brief.\nuser: Hi",),
)
def no_assistant(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The loss sees assistant turns only, so there is nothing to train on, and platforms refuse the file.

    Add the answer. Where prompts are all there is, the method is rft, not sft.
    """
    if example.turns and not any(turn.role == "assistant" or _is_strange(turn) for turn in example.turns):
        yield Flaw("/messages", f"No assistant turn among {counted(len(example.turns), 'turn')}; expected one.")


def _is_strange(turn: Turn) -> bool:
    """Say whether the role is none that we know: it may be the missing one under another name."""
    return turn.role not in ROLE_LETTERS
