"""A set handed to the Batch API comes back into the cache once, however often the work on it is broken off."""

import pytest

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.measure.moderation import batch, moderate
from pipeline.measure.providers import openai_batch
from tests.moderation.batch_standin import BatchStandin
from tests.moderation.desk import FAST, row
from tests.moderation.standin import KEY, Reply, running

IMAGE = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://host/cat.png"}}]}
ROWS = [row(f"question {number}", "BAD:hate" if number % 10 == 0 else f"answer {number}") for number in range(50)]
TEXTS = 50 + 45 + 1


class House:
    """A provider with batches, and the calls of a user."""

    def __init__(self, provider, folder):
        self.provider, self.folder = provider, folder
        self._given = {"method": "sft", "api_key": KEY, "base_url": provider.base_url, "cache_folder": folder}

    def submit(self, rows=ROWS, **other):
        return batch.submit(rows, settings=FAST, **{**self._given, **other})

    def collect(self, **other):
        return batch.collect(settings=FAST, **{**self._given, **other})

    def moderate(self, rows=ROWS):
        with moderate(rows, settings=FAST, **self._given) as moderated:
            return moderated.summary, moderated.facts([name for name, _ in rows])

    def until_done(self, work):
        """Call until it is not broken off."""
        for _ in range(20):
            try:
                return work()
            except ProviderGaveUp:
                continue
        raise AssertionError


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr(openai_batch, "RETRIES", 0)
    with running(BatchStandin()) as provider:
        yield House(provider, tmp_path / "cache")
    assert provider.complaints == []


def test_after_a_batch_moderation_asks_nothing_and_knows_everything(house):
    [job] = house.submit()
    house.provider.finish()
    [taken] = house.collect()

    summary, facts = house.moderate()

    assert (job.status, job.total) == ("validating", 3)
    assert (taken.status, taken.judged) == ("completed", TEXTS)
    assert (summary.requests, summary.flagged, summary.held) == (0, {"hate": 5}, 0)
    assert {fact.state for fact in facts} == {"verified"}


def test_a_batch_gives_the_same_facts_as_asking_at_once(house, desk):
    house.submit()
    house.provider.finish()
    house.collect()

    facts = [fact._replace(backend="") for fact in house.moderate()[1]]

    assert facts == [fact._replace(backend="") for fact in desk().facts(ROWS)]


def test_while_a_batch_is_open_nothing_is_taken_and_nothing_submitted_twice(house):
    [first] = house.submit()
    [looked] = house.collect()
    [again] = house.submit()

    assert first == looked == again
    assert len(house.provider.batches) == 1


def test_only_new_texts_go_into_another_batch(house):
    house.submit()
    jobs = house.submit([*ROWS, row("a new question")])

    assert sorted(job.total for job in jobs) == [1, 3]


def test_what_the_cache_knows_is_not_submitted(house):
    house.moderate()

    assert house.submit() == ()


def test_images_are_requests_of_their_own(house):
    [job] = house.submit([row("text", IMAGE)])
    house.provider.finish()
    [taken] = house.collect()

    assert (job.total, taken.judged) == (2, 2)


def test_a_big_set_is_several_batches(house, monkeypatch):
    monkeypatch.setattr(batch, "MOST_REQUESTS", 1)
    jobs = house.submit()
    house.provider.finish()

    assert sum(job.judged for job in house.collect()) == TEXTS
    assert [job.total for job in jobs] == [1, 1, 1]


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_what_a_batch_answered_before_it_ended_is_kept_and_the_rest_is_asked(house, status):
    house.submit()
    house.provider.finish(status, share=0.4)
    [taken] = house.collect()

    summary, facts = house.moderate()

    assert (taken.status, taken.judged, summary.asked) == (status, 32, TEXTS - 32)
    assert {fact.state for fact in facts} == {"verified"}


def test_a_batch_that_the_provider_refuses_says_why_and_its_texts_are_free_again(house):
    house.submit()
    house.provider.finish("failed", share=0)
    [taken] = house.collect()

    assert (taken.status, taken.problems) == ("failed", ("token_limit_exceeded",))
    assert [job.total for job in house.submit()] == [3]


def test_lines_of_answers_without_sense_are_asked_again(house):
    house.submit()
    house.provider.finish(garbled=True)
    [taken] = house.collect()

    assert taken.judged == 64
    assert house.moderate()[0].asked == TEXTS - 64


def test_a_refused_request_in_a_batch_is_not_taken_for_clean(house):
    house.submit([row("REFUSE me")])
    house.provider.finish()
    [taken] = house.collect()

    assert taken.judged == 0
    assert house.moderate([row("REFUSE me")])[0].asked == 1


@pytest.mark.parametrize("call", range(3))
def test_submitting_may_break_off_at_any_call_and_makes_one_batch(house, call):
    house.provider.breaks[call] = Reply(is_reset=True)

    [job] = house.until_done(house.submit)

    assert (job.total, len(house.provider.batches)) == (3, 1)


@pytest.mark.parametrize("call", range(2, 6))
def test_collecting_may_break_off_at_any_call_and_loses_nothing(house, call):
    house.submit()
    house.provider.finish()
    house.provider.breaks[call] = Reply(500)

    house.until_done(house.collect)

    assert house.moderate()[0].asked == 0


def test_a_download_cut_short_is_downloaded_again(house):
    house.submit()
    house.provider.finish()
    house.provider.breaks[3] = Reply(200, b'{"custom_id"', promised=10_000)

    with pytest.raises(ProviderGaveUp, match="connection lost while downloading"):
        house.collect()
    [taken] = house.collect()
    assert taken.judged == TEXTS


def test_answers_that_the_provider_has_no_more_are_asked_again(house):
    house.submit()
    house.provider.finish()
    house.provider.files.clear()
    [taken] = house.collect()

    assert (taken.judged, house.moderate()[0].asked) == (0, TEXTS)


def test_no_text_is_left_here_or_at_the_provider(house):
    house.submit()
    house.provider.finish()
    house.collect()

    left = [file.name for file in (house.folder / "batches").iterdir()]
    assert left in ([], ["lock"])
    assert house.provider.files == {}


def test_a_batch_that_the_provider_does_not_know_is_started_again(house):
    house.submit()
    house.provider.batches.clear()
    [lost] = house.collect()
    [again] = house.submit()

    assert (lost.status, again.status) == ("lost", "validating")


def test_two_runs_do_not_work_on_the_batches_at_once(house):
    def rows():
        with pytest.raises(TunesetError, match="another run works on the batches"):
            house.collect()
        yield ROWS[0]

    assert len(house.submit(rows())) == 1


def test_a_wrong_key_is_told_and_not_written(house):
    with pytest.raises(TunesetError, match="OPENAI_API_KEY") as told:
        house.submit(api_key="sk-wrong-0123456789")

    assert told.value.exit_code == 2
    assert "sk-wrong" not in repr(told.value)
    assert told.value.__context__ is None
    assert not [file for file in house.folder.rglob("*") if file.is_file() and b"sk-wrong" in file.read_bytes()]


def test_the_key_is_in_no_file_of_a_batch(house):
    house.submit()

    assert not [file for file in house.folder.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
