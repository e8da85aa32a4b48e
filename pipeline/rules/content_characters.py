"""Text is made of characters that a reader sees as the writer meant them."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from pipeline.core.example import Example
from pipeline.core.finding import Severity
from pipeline.core.rule import Flaw, rule
from pipeline.core.shape import Bit
from pipeline.core.suspects import Mentions, has
from pipeline.core.target import Limits
from pipeline.core.wording import counted

MOJIBAKE: Final = (
    "Ã[\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u00bf\u0178]|Â[\u00a0-\u00aa\u00ac-\u00ba\u00bc-\u00bf]|â€|ðŸ|ï¿½|ï»¿"
)
"""UTF-8 that was read as cp1252. Without guillemets: they may close a quotation after a Portuguese word in capitals."""

HIDDEN: Final = "[\u200b\u2060-\u2064\u180e\ufeff\u202a-\u202e\ufff9-\ufffb\U000e0000-\U000e007f]"
JOINED: Final = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff]")
"""Thai, Lao, Tibetan, Burmese and Khmer mark word ends with U+200B."""
RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
FLAG: Final = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
"""Flags of regions (Scotland) are emoji spelled with tag characters."""
CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@rule(
    "content.mojibake",
    severity=Severity.WARNING,
    suspects=Mentions(MOJIBAKE),
    good=("user: IRMÃ, café, £5, “¿qué?”\nassistant: 😀",),
    bad=("user: cafÃ©\nassistant: Hello", "user: Hi\nassistant: Donâ€™t"),
)
def mojibake(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The text was decoded in the wrong encoding once (`donâ€™t`); the model learns to spell like that.

    Read the source in its own encoding; `tuneset build` and `--fix` repair what can be repaired.
    """
    yield from _each(example, re.compile(MOJIBAKE), "wrongly decoded character", "text in its own encoding")


@rule(
    "content.replacement-character",
    severity=Severity.WARNING,
    suspects=Mentions("\ufffd"),
    good=("user: Hi\nassistant: Hello?",),
    bad=("user: caf\ufffd\nassistant: Hello",),
)
def replacement(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A character was lost when bytes were decoded with errors replaced (U+FFFD); nothing can bring it back.

    Read the source again in its own encoding.
    """
    yield from _each(example, re.compile("\ufffd"), "lost character", "none")


@rule(
    "content.control-character",
    severity=Severity.WARNING,
    suspects=has(Bit.CONTROL_CHARACTER),
    good=("user: Hi\n\tindented\nassistant: Hello",),
    bad=("user: Hi\x00\nassistant: Hello", "user: Hi\nassistant: \x1b[1mHello"),
)
def control_character(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Null bytes, escapes and other control characters are left over from terminals, PDFs and cut encodings.

    Remove them; `tuneset build` does. Tab, line feed and carriage return are fine.
    """
    yield from _each(example, CONTROL, "control character", "tab and line feed only")


@rule(
    "content.invisible",
    severity=Severity.WARNING,
    suspects=Mentions(HIDDEN),
    good=(
        "user: 👩\u200d🚀 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f\nassistant: \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    ),
    bad=("user: Hi\u200b\nassistant: Hello", "user: Hi \u202etxt.exe\nassistant: Hello"),
)
def invisible(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Hidden characters make words that no reviewer sees and no tokenizer knows; some carry hidden instructions.

    Remove them. Emoji joiners, and what Thai, Khmer, Persian or Arabic writing needs, are not counted.
    """
    for _, where, text in example.texts():
        found = len(re.findall(HIDDEN, _without_needed(text)))
        if found:
            yield Flaw(where, f"{counted(found, 'invisible character')}; expected none.")


def _without_needed(text: str) -> str:
    """Give the text without the hidden characters that its writing system or an emoji needs."""
    text = FLAG.sub("", text)
    if JOINED.search(text):
        text = text.replace("\u200b", "").replace("\u2060", "")
    return re.sub("[\u202a-\u202c]", "", text) if RIGHT_TO_LEFT.search(text) else text


@rule(
    "content.not-composed",
    severity=Severity.INFO,
    suspects=has(Bit.NOT_NFC),
    good=("user: café\nassistant: Hello",),
    bad=("user: cafe\u0301\nassistant: Hello",),
)
def not_composed(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Letters and their accents are written apart (not Unicode NFC): more tokens, and twins that look the same differ.

    Normalise to NFC; `tuneset build` does unless told otherwise.
    """
    for _, where, text in example.texts():
        if not unicodedata.is_normalized("NFC", text):
            yield Flaw(where, "Not in Unicode form NFC; expected composed characters.")


@rule(
    "content.edge-space",
    severity=Severity.INFO,
    suspects=has(Bit.EDGE_SPACE),
    good=("user: Hi \nassistant: Hello",),
    bad=("user: Hi\nassistant:   Hello", "user: Hi\nassistant: Hello\n"),
)
def edge_space(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """The answer begins or ends with white space, a habit of older completion formats, and the model learns it.

    Strip it; `tuneset build` does.
    """
    for turn, where, text in example.texts():
        is_learned = turn.is_trained and not where.startswith("/input/")
        if is_learned and isinstance(turn.raw.get("content"), str) and text.strip() not in ("", text):
            side = "begins" if text[0].isspace() else "ends"
            yield Flaw(where, f"The answer {side} with white space; expected text.")


def _each(example: Example, pattern: re.Pattern[str], thing: str, expected: str) -> Iterator[Flaw]:
    for _, where, text in example.texts():
        found = len(pattern.findall(text))
        if found:
            yield Flaw(where, f"{counted(found, thing)}; expected {expected}.")
