"""The letters that keep their NFC form: the tables say so, all of them and whatever meets them."""

import re
import unicodedata
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compose.letters import SAFE, SPACES, restless
from pipeline.compose.mend import mend
from pipeline.core.settings import MendSettings

ALL = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
LETTERS = "".join(re.findall(f"[{SAFE}]", ALL))
MARKS = "".join(filter(unicodedata.combining, LETTERS))
PAIRS = [
    "".join(chr(int(part, 16)) for part in parts)
    for parts in (unicodedata.decomposition(letter).split() for letter in ALL)
    if len(parts) == 2 and parts[0][0] != "<"
]
UNSETTLED = [first + second for first, second in PAIRS if {first, second} <= set(LETTERS)]


def found(texts: list[str]) -> list[bool]:
    return pc.match_substring_regex(pa.array(texts, pa.string()), restless()).to_pylist()


def changing(texts: Iterator[str]) -> list[str]:
    return [text for text in texts if not unicodedata.is_normalized("NFC", text)]


def test_nothing_is_mended_of_a_safe_letter_alone() -> None:
    unmended = MendSettings(mojibake=False)

    assert all(mend(letter, unmended).text is letter for letter in LETTERS)
    assert not any(map(str.isspace, LETTERS))


def test_spaces_are_white_and_keep_their_form() -> None:
    spaces = re.findall(f"[{SPACES}]", ALL)

    assert all(space.isspace() and unicodedata.is_normalized("NFC", space) for space in spaces)


def test_letters_that_compose_are_found_and_so_are_those_with_marks_between_them() -> None:
    parted = changing(first + mark + second for first, second in UNSETTLED for mark in MARKS)

    assert len(UNSETTLED) > 20
    assert len(parted) > 100
    assert all(found(changing(iter(UNSETTLED)) + parted))


def test_marks_in_the_wrong_order_are_found_and_those_in_the_right_order_are_not() -> None:
    met = [one + other for one in MARKS for other in MARKS]
    changed = set(changing(iter(met)))

    assert len(changed) > 100
    assert [text in changed for text in met] == found(met)


@settings(max_examples=1000)
@given(st.text(st.sampled_from("".join(sorted({*MARKS, *"".join(UNSETTLED), *"aकக가\u1161"} & {*LETTERS, "a"})))))
def test_whatever_changes_is_found(text: str) -> None:
    assert unicodedata.is_normalized("NFC", text) or found([text]) == [True]
