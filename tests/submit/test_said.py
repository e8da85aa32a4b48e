"""What others say reaches the terminal without what moves its cursor, turns its letters round or hides in them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.submit.said import JOINERS, SIGNS, plain, plain_lines

TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Every control of direction (Unicode's Bidi_Control)."""
FAMILY = "👨\u200d👩\u200d👧"
PERSIAN = "می\u200cخواهم"
ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from(f"a é\t\n\r\x1b\x9b[31m\x00\x7f\x85\u2028\ud800\U000e0041\u00ad\ufeff👩ی{JOINERS}{TURNING}\u06dd")
)
"""Any text, lone surrogates too, and text that is dense with what is not seen."""


def unseen(text: str) -> set[str]:
    return {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in SIGNS}


@given(ANY_TEXT)
def test_a_sentence_is_one_line_of_what_is_seen(text: str) -> None:
    line = plain(text)

    assert unseen(line) <= set(JOINERS)
    assert line == " ".join(line.split())
    assert plain(line) == line
    line.encode()


@given(ANY_TEXT, st.integers(1, 50))
def test_a_long_sentence_is_cut_and_says_so(text: str, most: int) -> None:
    whole, line = plain(text), plain(text, most=most)

    assert line == whole if len(whole) <= most else len(line) <= most + 3 and line.endswith("...")
    assert whole.startswith(line.removesuffix("..."))
    assert not line.removesuffix("...").endswith(tuple(JOINERS))


@given(ANY_TEXT)
def test_lines_stay_lines_of_what_is_seen(text: str) -> None:
    lines = plain_lines(text)

    assert unseen(lines) <= {*JOINERS, "\n"}
    assert len(lines.split("\n")) == max(1, len(text.splitlines()))
    assert plain_lines(lines) == "\n".join(lines.splitlines())
    lines.encode()


@given(ANY_TEXT)
def test_a_joiner_stays_only_where_it_joins(text: str) -> None:
    for shown in (plain(text), plain_lines(text)):
        for at, character in enumerate(shown):
            if character in JOINERS:
                beside = shown[at - 1 : at] + shown[at + 1 : at + 2]
                assert len(beside) == 2
                assert not any(one.isascii() or one.isspace() or one in JOINERS for one in beside)


@given(st.text(st.characters(exclude_categories=("C", "Z")), max_size=40))
def test_text_of_nothing_but_what_is_seen_stays_as_it_is(text: str) -> None:
    assert (plain(text), plain_lines(text)) == (text, text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(FAMILY, id="a family is one emoji"),
        pytest.param("❤\ufe0f\u200d🔥", id="a joiner behind a variation selector"),
        pytest.param(PERSIAN, id="a Persian word"),
        pytest.param("क्\u200dष", id="half a letter of Hindi"),
        pytest.param("שלום, עולם", id="Hebrew needs no marks"),
        pytest.param("\u06dd١٢", id="the sign around a verse's number"),
    ],
)
def test_what_languages_need_is_kept(text: str) -> None:
    assert (plain(text), plain_lines(text)) == (text, text)


@pytest.mark.parametrize("turning", TURNING, ids=[unicodedata.name(one) for one in TURNING])
def test_nothing_turns_the_order_of_the_letters(turning: str) -> None:
    assert plain(f"ok{turning}ko") == "ok ko"
    assert plain_lines(f"ok{turning}ko") == "okko"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b[2J\x1b[31mred", " [2J [31mred", id="escape sequences are dead letters"),
        pytest.param("\x9b31mred", " 31mred", id="and so are those of one byte"),
        pytest.param("safe\rdanger", "safe\ndanger", id="a carriage return writes over nothing"),
        pytest.param("ab\b\bcd", "ab  cd", id="nor does a backspace"),
        pytest.param("if x:\n\treturn 1", "if x:\n        return 1", id="code keeps its indent"),
        pytest.param("pay\u200bpal \U000e0061\ufeffend", "paypal end", id="nothing hides in a word"),
        pytest.param("half \ud83d", "half  ", id="half a character"),
        pytest.param("a\u200db", "ab", id="Latin letters are not joined"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_an_answer_cannot_play_with_the_terminal(text: str, shown: str) -> None:
    assert plain_lines(text) == shown


def test_a_key_that_was_cut_in_two_does_not_grow_together() -> None:
    assert plain("sk-se\u200bcret") == "sk-se cret"
