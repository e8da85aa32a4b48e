"""What moderation gives for rows: facts by digest, a summary, and nothing where nothing was asked."""

import json
import subprocess
import sys

import pyarrow as pa
import pytest

from pipeline.core import columns
from pipeline.core.errors import TunesetError
from pipeline.core.example import Moderation
from pipeline.core.moderation import as_column, flags, from_column, single
from pipeline.core.settings import ModerationSettings
from pipeline.measure.moderation import Summary, moderate
from tests.moderation.desk import FAST, digest, row
from tests.moderation.standin import KEY, scores


def test_a_row_has_the_highest_score_of_its_texts_and_the_place_of_it(desk):
    [fact] = desk().facts([row("hello", "BAD:hate")])

    assert dict(fact.scores)["hate"] == single(0.97)
    assert dict(fact.places)["hate"] == "/messages/1/content"
    assert dict(fact.scores)["violence"] == single(max(scores("hello")["violence"], scores("BAD:hate")["violence"]))
    assert (fact.state, fact.flagged, fact.categories) == ("verified", True, ("hate",))


def test_the_backend_names_the_model_as_it_was_returned_and_a_host_that_is_not_openai(desk):
    [fact] = desk().facts([row("hello")])

    assert fact.backend == "openai@127.0.0.1/omni-moderation-2024-09-26"


def test_a_clean_row_is_verified_and_not_flagged(desk):
    [fact] = desk().facts([row("hello", "hi")])

    assert (fact.state, fact.flagged, fact.categories) == ("verified", False, ())


def test_facts_come_back_in_the_order_of_the_digests_with_none_for_unknown_rows(desk):
    first, second = row("one"), row("BAD:violence")
    moderated = desk().moderate([first, second])

    flagged = [fact and fact.flagged for fact in moderated.facts([second[0], b"?" * 16, first[0]])]

    assert flagged == [True, None, False]


def test_the_same_text_is_asked_once_wherever_it_stands(desk):
    here = desk()
    rows = [row({"role": "system", "content": "be kind"}, f"question {number}") for number in range(200)]

    summary = here.moderate(rows).summary

    assert set(here.standin.seen.values()) == {1}
    assert (summary.texts, summary.asked, summary.from_cache) == (400, 201, 199)


def test_a_second_run_asks_nothing_and_gives_the_same_facts(desk):
    here = desk()
    rows = [row(f"question {number}", "BAD:sexual" if number % 9 == 0 else "fine") for number in range(100)]
    before = here.facts(rows)
    requests = len(here.standin.requests)

    after = here.moderate(rows)

    assert len(here.standin.requests) == requests == 4
    assert after.facts([name for name, _ in rows]) == before
    assert (after.summary.asked, after.summary.requests, after.summary.from_cache) == (0, 0, 200)
    assert after.summary.flagged == {"sexual": 12}


def test_a_refresh_asks_only_what_is_new(desk):
    here = desk()
    here.moderate([row("old", "answer")])

    summary = here.moderate([row("old", "answer"), row("old", "new answer")]).summary

    assert (summary.asked, summary.rows) == (1, 2)


def test_equal_rows_each_count(desk):
    here = desk()

    summary = here.moderate([row("BAD:hate")] * 3).summary

    assert (summary.rows, summary.verified, summary.flagged) == (3, 3, {"hate": 3})


def test_another_model_or_address_is_asked_anew(desk):
    here, there = desk(), desk()
    here.moderate([row("hello")])
    here.moderate([row("hello")], FAST.model_copy(update={"model": "text-moderation-latest"}))
    there.moderate([row("hello")])

    assert (here.standin.seen["hello"], there.standin.seen["hello"]) == (2, 1)


@pytest.mark.parametrize("payload", ["no json", "[]", '{"messages": []}', json.dumps({"messages": [{"role": "user"}]})])
def test_a_row_with_nothing_to_judge_is_not_asked(desk, payload):
    here = desk()
    moderated = here.moderate([(digest(payload), payload)])

    assert moderated.facts([digest(payload)]) == [None]
    assert (moderated.summary.empty, here.standin.requests) == (1, [])


@pytest.mark.parametrize("key", [None, "", "  "])
def test_without_a_key_every_fact_is_none_and_no_file_is_made(tmp_path, key):
    given = {"method": "sft", "api_key": key, "base_url": "http://127.0.0.1:1", "cache_folder": tmp_path / "cache"}

    moderated = moderate([row("hello")], settings=FAST, **given)

    assert moderated.facts([row("hello")[0]]) == [None]
    assert moderated.summary == Summary()
    assert not (tmp_path / "cache").exists()


def test_a_plan_that_switches_moderation_off_asks_nothing(desk):
    here = desk()

    assert here.facts([row("hello")], ModerationSettings(enabled=False)) == [None]
    assert here.standin.requests == []


def test_without_a_key_the_openai_package_is_not_loaded(tmp_path):
    story = """if True:
        import sys
        from pathlib import Path
        from pipeline.core.settings import ModerationSettings
        from pipeline.measure.moderation import moderate
        moderate([], settings=ModerationSettings(), method="sft", api_key=None, base_url=None, cache_folder=Path("."))
        raise SystemExit(any(name in sys.modules for name in ("openai", "httpx", "httpx2")))
    """

    assert subprocess.run([sys.executable, "-c", story], check=False, cwd=None).returncode == 0


@pytest.mark.parametrize("key", ["sk-a b", "sk-é", "sk-\x00", "sk-a\nb"])
def test_a_key_that_no_header_can_carry_is_refused_unquoted(tmp_path, key):
    with pytest.raises(TunesetError, match="OPENAI_API_KEY") as told:
        moderate([row("a")], settings=FAST, method="sft", api_key=key, base_url=None, cache_folder=tmp_path)

    assert key not in str(told.value)


@pytest.mark.parametrize(
    "address", ["api.openai.com/v1", "ftp://host/v1", "http://", "http://host:none/", "https://[1/"]
)
def test_an_address_that_is_none_is_refused_unquoted(tmp_path, address):
    with pytest.raises(TunesetError, match="OPENAI_BASE_URL"):
        moderate([row("a")], settings=FAST, method="sft", api_key=KEY, base_url=address, cache_folder=tmp_path)


def test_a_key_with_a_line_end_after_it_is_taken(desk):
    assert desk().facts([row("hello")], api_key=KEY + "\n")[0].state == "verified"


def test_progress_ends_with_every_row_done(desk):
    told = []
    desk().moderate([row(f"text {number}") for number in range(300)], progress=lambda *now: told.append(now))

    assert told[-1][:2] == (300, 300)
    assert all(done <= total == 300 for done, total, _ in told)


def test_rows_may_be_a_stream_that_is_read_as_fast_as_it_is_judged(desk):
    here = desk()
    ahead = []

    def rows():
        for number in range(3_000):
            ahead.append(number - sum(here.standin.texts.values()))
            yield row(f"text {number}")

    settings = FAST.model_copy(update={"concurrency": 2})
    assert here.moderate(rows(), settings).summary.asked == 3_000
    assert max(ahead) <= 64 + (2 + 2) * 32


def test_facts_fit_their_column_and_come_back_from_it(desk):
    [fact] = desk().facts([row("hello", "BAD:hate")])

    [stored] = pa.array([as_column(fact)], type=columns.MODERATION).to_pylist()

    assert from_column(stored) == fact


FACT = Moderation("b", "verified", True, (("hate", single(0.7)), ("violence", 0.25)), ("hate",), ())


@pytest.mark.parametrize(
    ("thresholds", "over"),
    [
        pytest.param({}, ("hate",), id="no limit is the model's own decision"),
        pytest.param({"hate": 0.7}, ("hate",), id="a score at the limit is over it, in spite of single precision"),
        pytest.param({"hate": 0.71}, (), id="a higher limit overrules the model"),
        pytest.param({"violence": 0.2}, ("hate", "violence"), id="a category that is not named stays with the model"),
        pytest.param({"unknown": 0.0}, ("hate",), id="a category without a score is never over"),
    ],
)
def test_limits_judge_stored_scores(thresholds, over):
    assert flags(FACT, ModerationSettings(thresholds=thresholds)) == over


def test_another_limit_asks_nothing(desk):
    here = desk()
    here.moderate([row("hello")])

    summary = here.moderate([row("hello")], FAST.model_copy(update={"thresholds": {"hate": 0.0}})).summary

    assert (summary.requests, summary.flagged) == (0, {"hate": 1})
