"""The heads: the same for every batch and machine, for any text, from a small file without code in it."""

import hashlib
import re
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.measure.screen import BACKEND, NOT_COVERED, heads
from pipeline.measure.screen.features import _END, _MAY_BE_CAPITAL, GAP, Kind, _stream, features, plain
from pipeline.measure.screen.heads import LANES, Heads, from_bytes
from pipeline.measure.screen.lanes import packed

ANY_TEXT = st.one_of(
    st.text(max_size=80),
    st.text(st.characters(codec=None), max_size=30),  # lone surrogates as well
    st.sampled_from(["", " ", "\0\0\0", "\x7f", "\u2019'\u2019", "a" * 5_000, "I want to die. " * 300, "日本語" * 900]),
)
SHA256 = "d3a8e15f5c36566cae775f24bf2f04946ba736d1e6e3d124e22aa66b40cf0f43"


def test_the_weights_are_those_of_the_model_card() -> None:
    content = heads().to_bytes()

    assert hashlib.sha256(content).hexdigest() == SHA256
    assert len(content) < 600_000


def test_a_head_is_named_as_no_category_of_the_api_and_the_rest_is_said_to_be_uncovered() -> None:
    assert heads().names == ("sexual", "hate", "harassment", "self-harm")
    assert BACKEND == "tuneset-screen/1"
    assert not set(heads().names) & set(NOT_COVERED)
    assert {"violence", "illicit", "sexual/minors", "images", "requests for harm"} <= set(NOT_COVERED)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY_TEXT, max_size=6), st.lists(ANY_TEXT, max_size=6))
def test_a_text_is_judged_alike_whatever_stands_beside_it(before: list[str], after: list[str]) -> None:
    apart = [heads().judge([text]) for text in (*before, *after)]
    together = heads().judge([*before, *after])

    assert [one.margins[0].tolist() for one in apart] == together.margins.tolist()
    assert [(int(one.words[0]), int(one.english[0])) for one in apart] == list(
        zip(together.words.tolist(), together.english.tolist(), strict=True)
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(ANY_TEXT, min_size=1, max_size=5))
def test_features_lie_within_the_table_and_belong_to_one_text_each(texts: list[str]) -> None:
    for kind in features(texts):
        assert len(kind.starts) == len(texts) + 1
        assert kind.starts[-1] == len(kind.buckets)
        assert all(0 <= bucket < len(heads().table) for bucket in kind.buckets.tolist())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don\u2019t  STOP!", b" dont stop "),
        ("a-b_c\n\td", b" a b c d "),
        ("", b"  "),
        ("É 42 日本", " é 42 日本 ".encode()),
        ("\ud800", b"  "),
        ("a\0\0b'", b" a b "),
        ("\u039f\u0394\u039f\u03a3", " οδος ".encode()),
    ],
)
def test_words_are_lower_case_letters_and_digits(text: str, words: bytes) -> None:
    assert plain(text) == words


ANY_LETTERS = st.text(
    st.sampled_from("aZ9 '.\u2019\0ΣσÉéİßÄ\u0301\u00adЖ字ﬁẞǅⰀＡ\U00010400\U0001f600\ud800"), max_size=12
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY_LETTERS, max_size=6))
def test_texts_in_a_row_are_what_each_is_alone(texts: list[str]) -> None:
    assert _stream(texts)[: -len(_END)] == b"".join(GAP + in_words(text) for text in texts or [""])


def in_words(text: str) -> bytes:
    """Spell out what `plain` gives."""
    lower = text.lower().replace("\u2019", "'").encode("utf-8", "replace").lower().replace(b"'", b"")
    words = re.sub(rb"[^a-z0-9\x80-\xff]", b" ", lower).split()
    return b" %b " % b" ".join(words)


def test_no_character_has_a_lower_case_that_is_passed_over() -> None:
    capitals = [letter for letter in map(chr, range(0x80, sys.maxunicode + 1)) if letter.lower() != letter]

    assert len(capitals) > 1_000
    assert all(_MAY_BE_CAPITAL[tuple(letter.encode()[:2])] for letter in capitals)


def test_buckets_are_those_that_the_weights_were_trained_for() -> None:
    words, pairs, runs = (
        Kind(*map(np.ndarray.tolist, kind)) for kind in features(["Don\u2019t panic!", "", "extraordinarily ÉTÉ"])
    )

    assert words == ([11377, 16675, 33969, 15454], [0, 2, 2, 4])
    assert pairs == ([47260, 38107], [0, 1, 1, 2])
    assert runs.starts == [0, 15, 20, 46]
    assert runs.buckets[:20] == [
        *(43310, 55787, 28198, 63435, 47936, 22370, 10452, 7872, 63603, 58345, 55078, 51084, 5732, 50984, 4636),
        *(43310, 45713, 21455, 28589, 4636),
    ]


def test_sums_are_exact_whatever_the_order_of_adding() -> None:
    """300 words, 299 pairs, and a run of four letters at each byte of the text and of the gap before it."""
    table = np.full((1 << 16, LANES), 127, np.int8)
    judged = Heads(("one",), (1e-9,), (0.0,), table).judge(["word " * 300])
    total = 127.0 * (300 + 299 + 3 + 1_501)

    assert judged.words.tolist() == [300]
    assert judged.margins[0, 0] == total * 1e-9 / np.sqrt(total)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(0, 3) | st.sampled_from([15, 16, 17, 31, 32, 33, 255, 256, 257, 600]), max_size=6),
    st.integers(1, LANES),
    st.integers(0, 9),
)
def test_sums_are_those_of_adding_row_by_row(counts: list[int], lanes: int, seed: int) -> None:
    dice = np.random.default_rng(seed)
    table = dice.choice(np.array([-128, -1, 0, 5, 127], np.int8), (1 << 16, lanes))
    kinds = [
        Kind(dice.integers(0, 1 << 16, sum(some)), np.cumsum([0, *some])) for some in (counts, counts[::-1], counts)
    ]

    sums = packed(table).sums(kinds).T

    assert sums.tolist() == [
        table[np.concatenate([one.buckets[one.starts[text] : one.starts[text + 1]] for one in kinds])]
        .sum(axis=0, dtype=np.int64)
        .tolist()
        for text in range(len(counts))
    ]


@pytest.mark.parametrize("lowest", [-128, 0, 127])
def test_the_widest_and_the_narrowest_lanes_are_added_up_exactly(lowest: int) -> None:
    table = np.full((1 << 16, 5), lowest, np.int8)
    table[1:, 0] = 127

    sums = packed(table).sums([Kind(np.arange(100), np.array([0, 0, 100]))])

    assert sums.T.tolist() == [[0] * 5, [lowest + 99 * 127, *[100 * lowest] * 4]]


def test_a_long_text_has_the_highest_margin_of_its_pieces() -> None:
    bad, calm = "I keep cutting myself and I want to die. ", "The parcel arrives on Monday by post. "
    alone, hidden = heads().judge([bad * 3]), heads().judge([calm * 400 + bad * 50 + calm * 400])
    last = heads().names.index("self-harm")

    assert alone.margins[0, last] >= 0
    assert hidden.margins[0, last] >= 0
    assert heads().judge([calm * 800]).margins.max() < 0


def test_the_file_is_read_back_as_it_was_written() -> None:
    again = from_bytes(heads().to_bytes())

    assert again.to_bytes() == heads().to_bytes()
    assert (again.names, again.scales, again.biases) == (heads().names, heads().scales, heads().biases)
