"""Searching lines as one text finds what Arrow finds in each of them."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.lines import Lines
from pipeline.core.rule import catalogue
from pipeline.core.suspects import Mentions

EXPRESSIONS = sorted(
    {
        expression
        for rule in catalogue().values()
        if isinstance(rule.suspects, Mentions)
        for expression in (rule.suspects.pattern, *rule.suspects.closer)
    }
)
PIECES = st.sampled_from(
    [
        "a@b.org",
        "+49 170 1234567",
        "{{ name }}",
        "[INST]",
        "sk-A1",
        "\\n",
        '"',
        "\\",
        "4111 1111 1111 1111",
        "As an AI",
        "é",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=6).map("".join)


def by_arrow(texts, expression):
    return np.flatnonzero(pc.fill_null(pc.match_substring_regex(texts, expression), fill_value=False))


@pytest.mark.parametrize("expression", [*EXPRESSIONS, r"\bb", r"[^a]b", "a[^b]*b", "b+"])
@settings(max_examples=40, deadline=None)
@given(texts=st.lists(TEXTS.map(lambda text: text.replace("\n", "")), max_size=8))
def test_each_expression_finds_the_lines_that_arrow_finds(expression, texts):
    lines = pa.array(texts, pa.string())

    assert Lines(lines).matching(expression).tolist() == by_arrow(lines, expression).tolist()


@settings(deadline=None)
@given(texts=st.lists(st.one_of(st.none(), st.text("ab\n", max_size=4)), max_size=8), cut=st.integers(0, 8))
def test_what_cannot_be_searched_is_named_and_hides_nothing_in_its_neighbours(texts, cut):
    lines = Lines(pa.chunked_array([texts[:cut], texts[cut:]], pa.string()))

    assert lines.nulls.tolist() == [at for at, text in enumerate(texts) if text is None]
    assert lines.broken.tolist() == [at for at, text in enumerate(texts) if text and "\n" in text]
    sound = {at for at, text in enumerate(texts) if text and "\n" not in text and "ab" in text}
    assert sound <= set(lines.matching("ab").tolist())


def test_some_lines_are_numbered_anew():
    lines = Lines(pa.array(["ab", "b", "cab"], pa.large_string()))

    assert lines.taken(np.array([1, 2])).matching("ab").tolist() == [1]
    assert len(lines.taken(np.array([], np.int64))) == 0


@settings(deadline=None)
@given(texts=st.lists(st.text("abc", max_size=4), max_size=8))
def test_all_of_some_expressions_are_found_by_one_after_the_other(texts):
    lines = Lines(pa.array(texts, pa.string()))

    expected = [at for at, text in enumerate(texts) if "a" in text and "b" in text and "c" in text]
    assert lines.matching_all(("a", "b", "c")).tolist() == expected


WHOLE = st.sampled_from(["ab", "aab", "a", "b", "", "é", "ab\n", "ab\nab", "\nab", "cab"])


@settings(max_examples=500, deadline=None)
@given(texts=st.lists(st.one_of(st.none(), WHOLE), max_size=12))
def test_lines_that_are_matched_from_end_to_end_are_those_that_arrow_finds_so(texts):
    lines = pa.array(texts, pa.string())

    assert Lines(lines).whole("a+b|é").tolist() == by_arrow(lines, r"\A(?:a+b|é)\z").tolist()
