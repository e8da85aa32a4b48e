"""An example is in the format of its method, not in one of the many others."""

from collections.abc import Iterator
from typing import Final

from pipeline.core.example import Example
from pipeline.core.rule import Flaw, rule
from pipeline.core.suspects import none
from pipeline.core.target import Limits
from pipeline.core.wording import listed

PAIR: Final = {"input", "preferred_output", "non_preferred_output"}
FORMATS: Final[tuple[tuple[set[str], str], ...]] = (
    (PAIR, "a preference pair (dpo)"),
    ({"preferred_completion"}, "a preference pair with names of 2025 (`preferred_completion`)"),
    ({"messages"}, "a chat example (sft)"),
    ({"chosen", "rejected"}, "a TRL preference pair"),
    ({"prompt", "completion"}, "prompt and completion"),
    ({"conversations"}, "ShareGPT"),
    ({"instruction", "output"}, "Alpaca"),
    ({"contents"}, "Gemini"),
    ({"question", "answer"}, "question and answer"),
    ({"text"}, "plain text"),
)
"""Keys that give a format away, in the order in which they are tried, and its name."""


def _found(example: Example) -> str:
    for keys, name in FORMATS:
        if keys <= example.record.keys():
            return f"Looks like {name}"
    names = list(example.record)
    return f"Keys {listed(names)}" if names else "An empty object"


@rule(
    "format.not-chat",
    methods=("sft", "rft"),
    suspects=none,
    good=("user: Hi\nassistant: Hello",),
    bad=({"prompt": "Hi", "completion": "Hello"}, {"conversations": []}, {}),
)
def not_chat(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Jobs fail on anything but chat: *Example X is missing key 'messages'*, *Unexpected file format*.

    `tuneset init --from FILE` proposes a plan that turns other formats into chat; check with the method you train.
    """
    if isinstance(example.data, dict) and "messages" not in example.data:
        yield Flaw("", f"{_found(example)}; expected `messages`.")


@rule(
    "format.not-a-pair",
    methods=("dpo",),
    suspects=none,
    good=(
        {
            "input": {"messages": [{"role": "user", "content": "Hi"}]},
            "preferred_output": [{"role": "assistant", "content": "Hello"}],
            "non_preferred_output": [{"role": "assistant", "content": "What?"}],
        },
    ),
    bad=({"messages": []}, {"prompt": "Hi", "chosen": "Hello", "rejected": "What?"}, {"input": {"messages": []}}),
)
def not_a_pair(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A DPO job reads `input`, `preferred_output` and `non_preferred_output`: *Example 1 is missing key 'input'*.

    The names `preferred_completion` and `non_preferred_completion` of some specifications are not taken.
    """
    absent = sorted(PAIR - example.record.keys())
    if isinstance(example.data, dict) and absent:
        yield Flaw("", f"{_found(example)}; expected also {listed(absent)}.")
