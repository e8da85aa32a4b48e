"""A review may be killed at any moment, and another may run beside it: nothing is lost, nothing asked twice needlessly."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.review.bench import line

ROOT = Path(__file__).parents[2]
ROWS = 300
IN_FLIGHT = 8
CHILD = """if True:
    import sys
    from pathlib import Path
    from pipeline.reviewing import review
    from tests.review.bench import Bench, HASTY
    from tests.review.reviewer import Reviewer
    reviewer = Reviewer()
    reviewer.base_url = sys.argv[1]
    here = Bench(reviewer, Path(sys.argv[2]))
    patience = HASTY._replace(give_up_seconds=20, timeout_seconds=5)
    told = review(here.task(output=None, patience=patience), here.progress).review
    sys.exit(int(told.unfinished is not None))
"""


def child(here):
    return subprocess.Popen([sys.executable, "-c", CHILD, here.reviewer.base_url, str(here.folder)], cwd=ROOT)


def wait_for(claim, seconds=30.0):
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.fixture
def here(bench):
    made = bench(seconds=0.01)
    made.file(*(line(f"question {number}", "BAD" if number % 50 == 0 else "Fine.") for number in range(ROWS)))
    return made


def test_after_kill_9_only_what_was_in_flight_is_asked_again(here):
    chance = random.Random(3)
    for _ in range(3):
        goal = len(here.reviewer.answered) + chance.randint(1, 80)
        running = child(here)
        wait_for(lambda goal=goal, one=running: len(here.reviewer.answered) >= goal or one.poll() is not None)
        running.send_signal(signal.SIGKILL)
        running.wait(20)

    here.review()

    assert here.states() == ["failed" if number % 50 == 0 else "passed" for number in range(ROWS)]
    assert sum(here.reviewer.asked.values()) <= ROWS + 3 * IN_FLIGHT


def test_two_processes_at_once_share_the_work_and_ask_no_question_twice(here):
    both = [child(here), child(here)]

    assert [one.wait(60) for one in both] == [0, 0]
    assert Counter(here.reviewer.asked.values()) == {1: ROWS}


def test_an_interrupted_review_keeps_what_was_answered(here):
    running = child(here)
    wait_for(lambda: len(here.reviewer.answered) >= 50)
    running.send_signal(signal.SIGINT)
    running.wait(20)
    before = len(here.reviewer.answered)

    assert here.review().review.asked <= ROWS - before + IN_FLIGHT
