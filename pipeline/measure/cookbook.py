"""The numbers of OpenAI's notebook *Data preparation and analysis for chat model fine-tuning*, by its own formulas.

Source: openai-cookbook, examples/Chat_finetuning_data_prep.ipynb, commit 2e652704. The notebook calls them *not exact*:
3 tokens a message, 1 a name, 3 an example. It counts the value of every key; where it would stop with an error (a
weight, content that is null or parts, tool calls), what is no text counts nothing here.
"""

from collections.abc import Iterable, Sequence
from statistics import mean, median
from typing import Final, NamedTuple

from pipeline.core.example import Example, Turn
from pipeline.measure.counter import counter

PER_MESSAGE: Final = 3
PER_NAME: Final = 1
PER_EXAMPLE: Final = 3
TARGET_EPOCHS: Final = 3
MIN_TARGET_EXAMPLES: Final = 100
MAX_TARGET_EXAMPLES: Final = 25_000
MIN_EPOCHS: Final = 1
MAX_EPOCHS: Final = 25


class Spread(NamedTuple):
    """How a number is spread over the examples; all 0 where there is no example."""

    least: int
    most: int
    mean: float
    median: float


class Cookbook(NamedTuple):
    """What the notebook prints."""

    examples: int
    without_system: int
    without_user: int
    messages: Spread
    tokens: Spread
    assistant_tokens: Spread
    """Content of assistant turns alone."""
    too_long: int
    """Examples over the limit."""
    billable_tokens: int
    """Sum of tokens, each example cut at the limit."""
    epochs: int
    unreadable: int = 0
    """Lines that are no JSON object: they count nothing."""

    @property
    def billable_tokens_in_all(self) -> int:
        """Billable tokens times epochs."""
        return self.billable_tokens * self.epochs


def cookbook(
    payloads: Iterable[str | None],
    *,
    encoding: str = "cl100k_base",
    max_tokens: int = 4_096,
    folders: tuple[str, ...] = (),
) -> Cookbook:
    """Give the notebook's numbers for payloads of the chat format (None: no text); defaults are the notebook's."""
    parsed = [None if payload is None else Example.parse(payload) for payload in payloads]
    examples = [one.turns for one in parsed if one is not None and isinstance(one.data, dict)]
    texts = [text for turns in examples for turn in turns for text in _values(turn)]
    answers = [turn.text or "" for turns in examples for turn in turns if turn.role == "assistant"]
    counts = iter(counter(encoding, folders).counts([*texts, *answers]).tolist())
    tokens = [PER_EXAMPLE + sum(_message(turn, counts) for turn in turns) for turns in examples]
    assistant = [sum(next(counts) for turn in turns if turn.role == "assistant") for turns in examples]
    return Cookbook(
        examples=len(examples),
        without_system=sum(all(turn.role != "system" for turn in turns) for turns in examples),
        without_user=sum(all(turn.role != "user" for turn in turns) for turns in examples),
        messages=_spread([len(turns) for turns in examples]),
        tokens=_spread(tokens),
        assistant_tokens=_spread(assistant),
        too_long=sum(count > max_tokens for count in tokens),
        billable_tokens=sum(min(count, max_tokens) for count in tokens),
        epochs=cookbook_epochs(len(examples)),
        unreadable=len(parsed) - len(examples),
    )


def cookbook_epochs(examples: int) -> int:
    """Give the notebook's number of passes: 3, more for under 34 examples, fewer for over 8,333."""
    if 0 < examples * TARGET_EPOCHS < MIN_TARGET_EXAMPLES:
        return min(MAX_EPOCHS, MIN_TARGET_EXAMPLES // examples)
    if examples * TARGET_EPOCHS > MAX_TARGET_EXAMPLES:
        return max(MIN_EPOCHS, MAX_TARGET_EXAMPLES // examples)
    return TARGET_EPOCHS


def _values(turn: Turn) -> list[str]:
    return [value for value in turn.raw.values() if isinstance(value, str)]


def _message(turn: Turn, counts: Iterable[int]) -> int:
    numbers = iter(counts)
    names = PER_NAME if isinstance(turn.raw.get("name"), str) else 0
    return PER_MESSAGE + names + sum(next(numbers) for _ in _values(turn))


def _spread(numbers: Sequence[int]) -> Spread:
    if not numbers:
        return Spread(0, 0, 0.0, 0.0)
    return Spread(min(numbers), max(numbers), mean(numbers), median(numbers))
