"""The key is in no byte that is written, and in nothing that is raised, logged or shown."""

import logging

import pytest

from pipeline.core.errors import TunesetError
from tests.moderation.standin import KEY, Reply, error
from tests.moderation.test_key import told_by, written
from tests.review.bench import line
from tests.review.reviewer import verdict

ROWS = [line(f"question {number}") for number in range(5)]
FAULTS = {
    "a wrong key": lambda told: error(401, f"key {KEY}", f"Incorrect API key provided: {KEY}"),
    "echoed in a refusal": lambda told: error(400, KEY, KEY, param=KEY),
    "echoed in a broken body": lambda told: Reply(body=f'{{"{KEY}'.encode()),
    "echoed in headers": lambda told: error(429, None, retry_after=KEY, x_ratelimit_limit_tokens=KEY),
    "the provider is down": lambda told: Reply(is_reset=True),
    "no answer in time": lambda told: Reply(seconds=0.6),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_no_failure_leaves_the_key_anywhere(bench, kind, caplog, capfd):
    here = bench()
    here.reviewer.trouble = FAULTS[kind]
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "httpcore2")  # shows the headers of answers, so what this server echoes

    try:
        shown = here.review(*ROWS).review.model_dump_json()
    except TunesetError as error:
        shown = told_by(error)

    assert KEY[3:20] not in shown + caplog.text + "".join(capfd.readouterr()) + " ".join(here.progress.notes)
    assert written(here.folder, KEY) == []


def test_a_good_review_writes_the_key_nowhere(bench):
    here = bench()
    reviewed = here.review(*ROWS)

    assert written(here.folder, KEY) == []
    assert KEY not in repr(reviewed) + repr(here.task(*ROWS))


def test_the_key_is_in_no_file_of_a_batch(bench):
    here = bench()
    here.review(*ROWS, is_batch=True)

    assert written(here.folder, KEY) == []


def test_no_example_is_in_the_cache_beyond_what_the_reviewer_says(bench):
    here = bench()
    here.review(line("a telling text"))

    assert written(here.folder / "cache", "a telling text") == []


def test_what_quotes_the_data_is_readable_by_its_owner_alone(bench):
    here = bench(lambda told: verdict(told, reason="It says: a telling text."))
    here.review(line("a telling text"))

    quoting = [file for file in here.folder.rglob("*") if file.is_file() and b"telling" in file.read_bytes()]
    ours = [file for file in quoting if file.name != "train.jsonl"]
    assert "review.jsonl" in {file.name for file in ours}
    assert [file.name for file in ours if file.stat().st_mode & 0o077] == []
