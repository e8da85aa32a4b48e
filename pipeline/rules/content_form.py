"""Content comes in the form that the target takes."""

from collections.abc import Iterator

from pipeline.core.example import Example
from pipeline.core.rule import Flaw, rule
from pipeline.core.shape import Bit
from pipeline.core.suspects import has, none, where
from pipeline.core.target import Limits
from pipeline.core.wording import kind, named

KNOWN = frozenset({"text", "image_url", "refusal"})


@rule(
    "content.parts",
    suspects=where(lambda limits: limits.content == "text", has(Bit.PARTS)),
    limits=Limits(content="text"),
    good=("user: Hi\nassistant: Hello",),
    bad=({"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},),
)
def parts(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target takes content as one text only, not as a list of parts.

    Join the text parts; `--fix` does where there is nothing but text.
    """
    for turn in example.turns:
        if limits.content == "text" and isinstance(turn.raw.get("content"), list):
            yield Flaw(f"{turn.where}/content", f"A list of parts; {limits.target} takes text.")


@rule(
    "content.part-type",
    suspects=none,
    good=({"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},),
    bad=({"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]},),
)
def part_type(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Training takes text and images; *audio and file input messages are not currently supported*.

    Write a transcript in the place of audio, and the text in the place of a file.
    """
    for turn in example.turns:
        for place, part in turn.parts():
            found = part.get("type")
            if "type" in part and not (isinstance(found, str) and found in KNOWN):
                name = named(found) if isinstance(found, str) else kind(found)
                yield Flaw(f"{place}/type", f"A part of type {name}; expected `text` or `image_url`.")
