"""A run may be killed at any moment, and others may run beside it: nothing is lost, and nothing asked twice needlessly."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from pipeline.measure.cache import Cache
from pipeline.measure.moderation.pieces import Piece, key
from tests.moderation.desk import FAST, HASTY, row

TEXTS = 600
ROOT = Path(__file__).parents[2]
CHILD = """if True:
    import sys
    from pathlib import Path
    from pipeline.measure.moderation import moderate
    from tests.moderation.desk import FAST, HASTY, row
    from tests.moderation.standin import KEY
    base_url, folder, per_minute, texts = sys.argv[1:]
    small = {"max_texts_per_request": 5, "concurrency": 8, "requests_per_minute": int(per_minute)}
    patience = HASTY._replace(give_up_seconds=20, timeout_seconds=5)
    rows = (row(f"text {number}") for number in range(int(texts)))
    given = {"method": "sft", "api_key": KEY, "base_url": base_url, "cache_folder": Path(folder)}
    moderate(rows, settings=FAST.model_copy(update=small), patience=patience, **given).close()
"""
"""A run of its own: 5 texts a request, 8 requests at once."""
IN_FLIGHT = 5 * 8


def child(here, per_minute=600_000):
    told = [here.standin.base_url, str(here.folder), str(per_minute), str(TEXTS)]
    return subprocess.Popen([sys.executable, "-c", CHILD, *told], cwd=ROOT)


def wait_for(claim, seconds=20.0):
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.parametrize("seed", range(2))
def test_after_kill_9_only_what_was_in_flight_is_asked_again(desk, seed):
    here = desk(seconds=0.01)
    chance = random.Random(seed)
    for _ in range(3):
        goal = len(here.standin.texts) + chance.randint(1, 150)
        running = child(here)
        wait_for(lambda goal=goal, running=running: len(here.standin.texts) >= goal or running.poll() is not None)
        running.send_signal(signal.SIGKILL)
        running.wait(20)

    rows = [row(f"text {number}") for number in range(TEXTS)]
    facts = here.facts(rows, FAST)

    assert {fact.state for fact in facts} == {"verified"}
    assert len(here.standin.texts) == TEXTS
    assert sum(here.standin.seen.values()) <= TEXTS + 3 * IN_FLIGHT


def test_two_processes_at_once_share_the_work_and_ask_no_text_twice(desk):
    here = desk(seconds=0.005)
    both = [child(here), child(here)]

    assert [one.wait(20) for one in both] == [0, 0]
    assert Counter(here.standin.seen.values()) == {1: TEXTS}


def test_two_processes_at_once_keep_one_limit(desk):
    here = desk()
    per_minute = 6_000
    both = [child(here, per_minute), child(here, per_minute)]

    assert [one.wait(20) for one in both] == [0, 0]
    times = [when for when, _, _ in here.standin.requests]
    slack = 40  # a busy machine bunches arrivals; two limits instead of one would still come 60 too early
    assert len(times) <= (times[-1] - times[0]) * per_minute / 60 + slack


def test_what_another_process_asks_and_never_answers_is_asked_here_when_its_lease_is_over(desk):
    here = desk()
    judge = f"{here.standin.base_url} {FAST.model}"
    with Cache(here.folder / "moderation.sqlite") as cache:
        name = key(Piece("", "text 0"), judge=judge)
        assert cache.claim([name], owner="dead", now=time.time(), lease_seconds=0.3)
        began = time.monotonic()

        facts = here.facts([row("text 0")], patience=HASTY)

    assert facts[0].state == "verified"
    assert time.monotonic() - began >= 0.25


def test_what_another_process_learns_meanwhile_is_taken_from_it(desk):
    here = desk(seconds=0.3)
    first = child(here)
    wait_for(lambda: here.standin.seen["text 0"])

    [fact] = here.facts([row("text 0")], patience=HASTY._replace(lease_seconds=15, timeout_seconds=5))
    first.kill()
    first.wait(20)

    assert fact.state == "verified"
    assert here.standin.seen["text 0"] == 1


def test_an_interrupted_run_keeps_what_was_answered_and_gives_back_its_claims(desk):
    here = desk(seconds=0.01)
    running = child(here)
    wait_for(lambda: len(here.standin.texts) >= 100)
    running.send_signal(signal.SIGINT)
    running.wait(20)
    before = len(here.standin.texts)

    summary = here.moderate(
        [row(f"text {number}") for number in range(TEXTS)], patience=HASTY._replace(lease_seconds=60)
    ).summary

    assert summary.asked <= TEXTS - before + IN_FLIGHT
    assert summary.verified == TEXTS
