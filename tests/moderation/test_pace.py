"""The account's limits are never passed by more than one request, and are used well."""

from contextlib import ExitStack
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.settings import ModerationSettings
from pipeline.measure.cache import Cache
from pipeline.measure.moderation.answer import Allowance, Lane, allowance
from pipeline.measure.moderation.pace import Pace

MEMORY = Path(":memory:")


def on(cache, **limits):
    return Pace(cache, lane="x", settings=ModerationSettings(**limits), minute_seconds=60.0, backoff_seconds=0.5)


@pytest.fixture
def pace():
    """Opens paces, each on a cache of its own that lives as long as the test."""
    with ExitStack() as stack:
        yield lambda **limits: on(stack.enter_context(Cache(MEMORY)), **limits)


def sent(one, weights, *, start=0.0, late=0.0):
    """When each request of so many tokens goes, by a clock that only the pace's waits move; each wake-up is late."""
    now, times = start, []
    for tokens in weights:
        while (wait := one.take_turn(now=now, tokens=tokens)) > 0:
            now += wait + late
        times.append(now)
        one.landed(tokens=tokens)
    return times


def most_in_a_minute(times, weights):
    """The largest sum of weights in any span of 60 seconds, with the heaviest request left out."""
    sums = list(accumulate(weights, initial=0))
    spans = ((i, j) for i in range(len(times)) for j in range(i, len(times)) if times[j] - times[i] < 60)
    return max(sums[j + 1] - sums[i] - max(weights[i : j + 1]) for i, j in spans)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 4_000), min_size=1, max_size=60),
    st.integers(1, 100),
    st.integers(1_000, 50_000),
    st.floats(0, 0.05),
)
def test_no_minute_has_more_than_the_limits_and_one_request(weights, requests, tokens, late):
    with Cache(MEMORY) as cache:
        one = on(cache, requests_per_minute=requests, tokens_per_minute=tokens)

        times = sent(one, weights, late=late)

    assert most_in_a_minute(times, [1] * len(times)) <= requests
    assert most_in_a_minute(times, weights) <= tokens


def test_two_processes_and_a_restart_share_one_pace(tmp_path):
    now, times = 0.0, []
    with ExitStack() as stack:
        paces = [on(stack.enter_context(Cache(tmp_path / "c")), requests_per_minute=60) for _ in range(3)]
        while now < 120:
            waits = [one.take_turn(now=now, tokens=1) for one in paces]
            times.extend([now] * waits.count(0.0))
            now += 0.05

    assert most_in_a_minute(times, [1] * len(times)) <= 60


def test_at_least_nine_tenths_of_the_limit_are_used_even_by_late_risers(pace):
    times = sent(pace(requests_per_minute=5_000, tokens_per_minute=10**9), [1] * 5_000, late=0.002)

    assert 5_000 / times[-1] * 60 >= 0.95 * 5_000


def test_the_first_request_goes_at_once_however_heavy(pace):
    assert pace(tokens_per_minute=10_000).take_turn(now=1e9, tokens=8_192) == 0


def test_a_clock_that_jumped_back_by_a_day_does_not_stop_the_run(pace):
    one = pace(requests_per_minute=60)
    one.take_turn(now=1e9, tokens=1)

    assert one.take_turn(now=1e9 - 86_400, tokens=1) == 0


def test_without_a_limit_of_the_plan_the_account_is_followed_upwards(pace):
    one = pace()
    headers = Allowance(Lane(5_000, 4_999, 0.012), Lane(500_000, 499_000, 0.12))

    one.answered(headers, now=0, tokens=10)

    assert one.per_minute == {"requests": 5_000, "tokens": 500_000}


def test_a_limit_of_the_plan_is_never_passed_whatever_the_headers_say(pace):
    one = pace(requests_per_minute=100, tokens_per_minute=1_000)

    one.answered(Allowance(Lane(5_000, 4_999, 0.012), Lane(500_000, 499_000, 0.12)), now=0, tokens=10)

    assert one.per_minute == {"requests": 100, "tokens": 1_000}


def test_a_lower_limit_of_the_account_is_followed_and_left_when_it_rises(pace):
    one = pace(requests_per_minute=100)

    one.answered(Allowance(requests=Lane(3)), now=0, tokens=1)
    low = one.per_minute["requests"]
    one.answered(Allowance(requests=Lane(500)), now=0, tokens=1)

    assert (low, one.per_minute["requests"]) == (3, 100)


def test_a_limit_a_day_is_not_taken_for_one_a_minute(pace):
    one = pace()

    one.answered(Allowance(requests=Lane(10_000, 9_999, 8.64)), now=0, tokens=1)

    assert one.per_minute["requests"] == 500


def test_an_account_that_others_have_used_up_is_waited_for(pace):
    one = pace()

    one.answered(Allowance(tokens=Lane(10_000, 0, 60.0)), now=100, tokens=1_000)

    assert one.take_turn(now=100, tokens=1_000) == pytest.approx(6.0)


def test_requests_under_way_are_not_counted_on_twice(pace):
    one = pace(requests_per_minute=10**6)
    for _ in range(5):
        one.take_turn(now=1_000, tokens=1)

    one.answered(Allowance(requests=Lane(100, 5, 60.0)), now=1_000, tokens=1)

    assert one.take_turn(now=1_000, tokens=1) > 0


def test_refusals_slow_the_pace_and_answers_bring_it_back(pace):
    one = pace(requests_per_minute=600)
    one.denied(1.0, now=0)
    one.take_turn(now=1.0, tokens=1)
    slow = one.take_turn(now=1.0, tokens=1)
    for _ in range(50):
        one.answered(Allowance(), now=2, tokens=1)
    one.take_turn(now=3.0, tokens=1)

    assert one.take_turn(now=3.0, tokens=1) < slow


def test_refusals_of_requests_that_were_under_way_together_count_once(pace):
    together, apart = pace(), pace()
    for _ in range(8):
        together.denied(10.0, now=0)
    for now in range(0, 160, 20):
        apart.denied(10.0, now=now)

    assert together._share == pytest.approx(0.8)
    assert apart._share == pytest.approx(0.8**8)


def test_without_a_word_from_the_provider_each_refusal_is_waited_out_longer(pace):
    one = pace()
    waits = []
    for now in (0, 100, 200, 300):
        one.denied(None, now=now)
        waits.append(one.take_turn(now=now, tokens=1))

    assert all(later > earlier for earlier, later in pairwise(waits))


def test_a_wait_is_at_most_half_a_minute_however_often_it_failed(pace):
    assert 22 <= pace().backoff(10_000) <= 30


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("6m0s", 360), ("120ms", 0.12), ("1h2m3.5s", 3723.5), ("8.64s", 8.64), ("12", 12), ("2d", 172_800)],
)
def test_durations_of_the_headers_are_read(text, seconds):
    told = allowance({"x-ratelimit-reset-tokens": text, "x-ratelimit-limit-tokens": "10"})

    assert told.tokens == (10, None, pytest.approx(seconds))


@pytest.mark.parametrize("text", ["", "soon", "1x", "-1s", "nan", "inf", "1e9", "9" * 40, "1s soon"])
def test_headers_without_sense_are_not_believed(text):
    named = {f"x-ratelimit-{word}-requests": text for word in ("limit", "remaining", "reset")}

    assert allowance(named).requests == (None, None, None)
