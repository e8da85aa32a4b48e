"""The cache keeps every answer that was put, and gives each key to one asker at a time."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import TunesetError
from pipeline.measure.cache import Cache, Toll

A, B, C = b"a", b"b", b"c"
SPAN = {"now": 100.0, "lease_seconds": 10.0}


@pytest.fixture
def cache(tmp_path):
    with Cache(tmp_path / "new" / "cache.sqlite") as opened:
        yield opened


@given(st.dictionaries(st.binary(max_size=40), st.binary(max_size=40), max_size=20), st.sets(st.binary(max_size=40)))
def test_what_was_put_comes_back_and_nothing_else(answers, others):
    with Cache(Path(":memory:")) as cache:
        cache.put(answers)

        assert cache.get({*answers, *others}) == answers


def test_more_keys_than_one_statement_takes_come_back(cache):
    answers = {number.to_bytes(4, "big"): b"v" for number in range(3_000)}
    cache.put(answers)

    assert cache.get(answers.keys()) == answers


def test_the_first_answer_of_a_key_stays(cache):
    cache.put({A: b"1"})
    cache.put({A: b"2"})

    assert cache.get([A]) == {A: b"1"}


def test_a_key_is_claimed_by_one_owner(cache):
    assert cache.claim({A, B}, owner="one", **SPAN) == {A, B}
    assert cache.claim({B, C}, owner="two", **SPAN) == {C}


def test_an_owner_may_claim_again_what_it_holds(cache):
    cache.claim({A}, owner="one", **SPAN)

    assert cache.claim({A}, owner="one", **SPAN) == {A}


def test_an_answered_key_cannot_be_claimed(cache):
    cache.put({A: b"1"})

    assert cache.claim({A}, owner="one", **SPAN) == set()


def test_a_claim_that_ran_out_is_free(cache):
    cache.claim({A}, owner="dead", **SPAN)

    assert cache.claim({A}, owner="two", now=111.0, lease_seconds=10.0) == {A}


def test_a_renewed_claim_is_not_free(cache):
    cache.claim({A}, owner="one", **SPAN)
    cache.renew("one", now=109.0, lease_seconds=10.0)

    assert cache.claim({A}, owner="two", now=111.0, lease_seconds=10.0) == set()


def test_a_claim_from_a_clock_far_ahead_is_free(cache):
    cache.claim({A}, owner="ahead", now=1e6, lease_seconds=10.0)

    assert cache.claim({A}, owner="two", **SPAN) == {A}


def test_claims_are_given_back_by_key_or_all(cache):
    cache.claim({A, B, C}, owner="one", **SPAN)
    cache.release("one", {A})
    some = cache.claim({A, B}, owner="two", **SPAN)
    cache.release("one")

    assert (some, cache.claim({C}, owner="two", **SPAN)) == ({A}, {C})


def test_an_answer_ends_the_claim_on_its_key(cache):
    cache.claim({A}, owner="one", **SPAN)
    cache.put({A: b"1"})

    assert cache._db.execute("SELECT count(*) FROM claim").fetchone() == (0,)


def test_stale_claims_are_forgotten(cache):
    cache.claim({A}, owner="one", **SPAN)
    cache.forget_stale_claims(now=200.0)

    assert cache._db.execute("SELECT count(*) FROM claim").fetchone() == (0,)


def test_missing_keys_are_counted_once_over_several_calls(cache):
    cache.put({A: b"1"})

    assert [cache.count_missing(keys) for keys in ([A, B], [B, C], [])] == [1, 2, 2]


def test_a_turn_is_taken_on_every_lane_or_on_none(cache):
    slow, fast = Toll("slow", 10.0, 0.0), Toll("fast", 1.0, 0.0)
    cache.take_turn([slow], now=0.0)

    assert cache.take_turn([fast, slow], now=0.0) == 10.0
    assert cache.take_turn([fast], now=0.0) == 0.0


def test_a_file_that_is_no_cache_is_told_with_what_to_do(tmp_path):
    (tmp_path / "cache.sqlite").write_text("not a database, and long enough to be looked at as one")

    with pytest.raises(TunesetError, match="cannot be used: file is not a database"):
        Cache(tmp_path / "cache.sqlite")


def test_a_folder_that_cannot_be_made_is_told_with_what_to_do(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(TunesetError, match="set another cache folder"):
        Cache(tmp_path / "file" / "cache.sqlite")


def test_many_processes_may_open_a_new_cache_at_once(tmp_path):
    story = f"""if True:
        from pathlib import Path
        from pipeline.measure.cache import Cache
        import os
        cache = Cache(Path({str(tmp_path / "c.sqlite")!r}))
        for number in range(30):
            cache.put({{b"%d %d" % (os.getpid(), number): b"v"}})
    """
    children = [subprocess.Popen([sys.executable, "-c", story]) for _ in range(4)]

    assert [child.wait(20) for child in children] == [0] * 4
    with Cache(tmp_path / "c.sqlite") as cache:
        assert cache._db.execute("SELECT count(*) FROM answer").fetchone() == (120,)
