"""Verdicts are read with distrust, kept small, and come back as they were."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.settings import ModerationSettings
from pipeline.measure.moderation import ONLY_AFTER_TRAINING, TIERS, estimate
from pipeline.measure.moderation.book import Row, fact, first_places
from pipeline.measure.moderation.verdict import OMNI, Verdict, from_bytes, to_bytes, verdicts
from tests.moderation.standin import CATEGORIES, result

SINGLE = st.floats(0, 1, width=32)
NAMES = st.one_of(st.just(OMNI), st.lists(st.text(max_size=9), unique=True, min_size=1).map(sorted).map(tuple))


@st.composite
def some_verdicts(draw):
    names = draw(NAMES)
    values = draw(st.lists(SINGLE, min_size=len(names), max_size=len(names)))
    flagged = draw(st.sets(st.one_of(st.sampled_from(names), st.text(max_size=3))))
    return Verdict(
        draw(st.text(max_size=9)), draw(st.booleans()), tuple(zip(names, values, strict=True)), tuple(sorted(flagged))
    )


@given(some_verdicts())
def test_a_verdict_comes_back_from_its_bytes(verdict):
    assert from_bytes(to_bytes(verdict)) == verdict


def test_a_verdict_of_omni_takes_a_hundred_bytes():
    [verdict] = verdicts(
        json.dumps({"model": "omni-moderation-2024-09-26", "results": [result("x")]}).encode(), expected=1
    )

    assert len(to_bytes(verdict)) <= 100


def test_the_names_of_omni_are_those_of_the_api():
    assert tuple(sorted(CATEGORIES)) == OMNI


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_read_or_refused_but_never_breaks(body):
    assert verdicts(json.dumps(body).encode(), expected=1) is None


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_but_never_break(body):
    assert verdicts(body, expected=1) is None


def test_a_category_that_the_model_does_not_know_is_left_out():
    told = result("x")
    told["category_scores"]["illicit"] = told["categories"]["illicit"] = None
    [verdict] = verdicts(json.dumps({"model": "text-moderation-007", "results": [told]}).encode(), expected=1)

    assert "illicit" not in dict(verdict.scores)


def test_a_flag_by_category_counts_even_where_the_whole_is_not_flagged():
    told = result("x")
    told["categories"]["hate"] = True
    [verdict] = verdicts(json.dumps({"model": "m", "results": [told]}).encode(), expected=1)

    assert (verdict.flagged, verdict.categories) == (True, ("hate",))


@given(st.lists(some_verdicts(), min_size=1, max_size=5), st.randoms())
def test_the_order_of_answers_does_not_change_the_facts_of_a_row(given_verdicts, chance):
    keys = [bytes([number]) for number in range(len(given_verdicts))]
    places = first_places((name, f"/messages/{number}") for number, name in enumerate(keys))
    told = list(zip(keys, given_verdicts, strict=True))
    shuffled = chance.sample(told, len(told))

    assert learnt(places, told) == learnt(places, shuffled)


def learnt(places, told):
    row = Row(b"digest", places)
    for name, verdict in told:
        row.learn(name, verdict)
    return fact(row.packed(), address="https://api.openai.com/v1", is_held=False)


def test_of_equal_scores_the_first_place_is_named():
    places = first_places([(b"b", "/1"), (b"a", "/2"), (b"b", "/3")])
    same = Verdict("m", False, (("hate", 0.5),), ())

    assert dict(learnt(places, [(b"a", same), (b"b", same)]).places) == {"hate": "/1"}


@pytest.mark.parametrize(("tier", "minutes"), [("free", 100), ("1", 100), ("2", 50), ("3", 20), ("4", 4), ("5", 2)])
def test_a_million_tokens_take_as_long_as_the_tier_allows(tier, minutes):
    limits = TIERS[tier]
    settings = ModerationSettings(
        requests_per_minute=limits.requests_per_minute, tokens_per_minute=limits.tokens_per_minute
    )

    assert estimate(10_000, 1_000_000, settings).minutes == pytest.approx(minutes / 0.98)


def test_without_limits_in_the_plan_the_first_tier_is_assumed():
    assert estimate(3_200, 40_000, ModerationSettings()) == (100, pytest.approx(4 / 0.98))


def test_nothing_to_ask_takes_no_time():
    assert estimate(0, 0, ModerationSettings()) == (0, 0)


def test_what_no_moderation_api_covers_is_not_among_its_categories():
    assert set(ONLY_AFTER_TRAINING).isdisjoint(OMNI)
