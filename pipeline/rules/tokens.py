"""An example fits into the model's training window."""

from collections.abc import Iterator

from pipeline.core.example import Example, transcript
from pipeline.core.rule import Flaw, rule
from pipeline.core.suspects import more
from pipeline.core.target import Limits


@rule(
    "tokens.too-long",
    suspects=more("total_tokens", lambda limits: limits.max_tokens),
    good=("user: Hi\nassistant: Hello", transcript("user: Hi\nassistant: Hello", tokens=65_536)),
    bad=(transcript("user: Hi\nassistant: Hello", tokens=65_537),),
)
def too_long(example: Example, limits: Limits) -> Iterator[Flaw]:
    """Platforms cut what does not fit, at the end and without an error: the model learns answers without an end.

    Split the conversation, or raise `limits.max_tokens` for a model with a longer window.
    """
    if example.tokens is not None and limits.max_tokens is not None and example.tokens.total > limits.max_tokens:
        over = example.tokens.total - limits.max_tokens
        lost = "the whole answer is cut" if 0 < example.tokens.assistant <= over else f"the last {over:,} are cut"
        yield Flaw("", f"{example.tokens.total:,} tokens; the limit is {limits.max_tokens:,}: {lost}.")
