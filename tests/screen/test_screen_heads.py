"""The heads: the same for every batch and machine, for any text, from a small file without code in it."""

import hashlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.measure.screen import BACKEND, NOT_COVERED, heads
from pipeline.measure.screen.features import Kind, features, plain
from pipeline.measure.screen.heads import LANES, Heads, from_bytes

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


def test_sums_are_exact_whatever_the_order_of_adding() -> None:
    """300 words, 299 pairs, and a run of four letters at each byte of the text and of the gap before it."""
    table = np.full((1 << 16, LANES), 127, np.int8)
    judged = Heads(("one",), (1e-9,), (0.0,), table).judge(["word " * 300])
    total = 127.0 * (300 + 299 + 3 + 1_501)

    assert judged.words.tolist() == [300]
    assert judged.margins[0, 0] == total * 1e-9 / np.sqrt(total)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3) | st.sampled_from([255, 256, 257, 600]), max_size=6), st.integers(0, 9))
def test_sums_are_those_of_adding_row_by_row(counts: list[int], seed: int) -> None:
    dice = np.random.default_rng(seed)
    table = dice.choice(np.array([-128, -1, 0, 5, 127], np.int8), (1 << 16, LANES))
    starts = np.cumsum([0, *counts])
    buckets = dice.integers(0, 1 << 16, starts[-1])

    sums = Heads(("one",), (1.0,), (0.0,), table)._summed(Kind(buckets, starts))

    assert sums.tolist() == [
        table[buckets[start:end]].sum(axis=0, dtype=np.int64).tolist() for start, end in pairwise(starts.tolist())
    ]


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
