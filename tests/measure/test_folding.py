"""Texts folded at once are those folded one by one, and what may not be in NFC is named."""

import sys
import unicodedata
from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.core.folding import PICTURES, SECONDS, fold
from pipeline.core.words import folded

EVERY = [
    letter for letter in map(chr, range(0x80, sys.maxunicode + 1)) if unicodedata.category(letter) not in {"Cn", "Co"}
]
PAIRS = [
    tuple(chr(int(point, 16)) for point in parts)
    for parts in (unicodedata.decomposition(letter).split() for letter in EVERY)
    if len(parts) == 2 and not parts[0].startswith("<")
]
"""Characters that are put together, but for the syllables of Hangul, which no table lists."""
odd = st.sampled_from([*"aAkK \x7f’éÉßẞıİΣςΆДя你가각😀𝒳𐐀\ud800\u0345", *{letter for pair in PAIRS for letter in pair}])


def _agree(texts: Sequence[str]) -> None:
    found = fold(texts)

    assert [folded(text).encode("utf-8", "surrogatepass") for text in texts] == [one.lower() for one in found.texts]
    doubtful = {at for at, text in enumerate(texts) if not unicodedata.is_normalized("NFC", text)}
    assert doubtful <= set(found.doubtful.tolist())
    assert sorted(found.doubtful.tolist()) == found.doubtful.tolist()


@settings(max_examples=300)
@given(st.lists(st.text() | st.text(odd, max_size=6), max_size=6))
@example(["a", "É", "", "e\u0301", "\u0301", "ß", "\ud83d\ude00", "A\u0345\u0301", "q\u0307\u0323"])
def test_texts_are_folded_as_each_by_itself(texts: list[str]) -> None:
    _agree(texts)


def test_each_character_is_folded_wherever_it_stands() -> None:
    _agree(EVERY)
    _agree([f"a{letter}\u0323\u0301 {letter.upper()}b" for letter in EVERY if not 0xD800 <= ord(letter) <= 0xDFFF])
    _agree([f"{first}{second}\u0301" for first, second in PAIRS])
    _agree([chr(0x1100 + first) + chr(0x1161 + vowel) + chr(0x11A8 + last) for first in range(19) for vowel in range(21) for last in range(27)])  # fmt: skip


def test_what_may_be_put_together_with_the_one_before_is_listed() -> None:
    listed = {chr(point) for first, last in SECONDS for point in range(first, last + 1)}
    seconds = {second for _, second in PAIRS}

    assert {letter for letter in seconds if letter <= "\uffff"} <= listed
    assert not [letter for letter in seconds if PICTURES[0] <= ord(letter) <= PICTURES[1]]


def test_some_texts_in_a_row_keep_what_is_said_of_them() -> None:
    texts = ["É", "e\u0301", "b", "o\u0308"]

    for first in range(5):
        for end in range(first, 5):
            some, alone = fold(texts).some(first, end), fold(texts[first:end])
            assert (some.texts, some.doubtful.tolist()) == (alone.texts, alone.doubtful.tolist())
