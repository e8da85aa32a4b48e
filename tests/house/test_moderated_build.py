"""A build with a key: every text is asked about, what is flagged does not ship, and nothing unjudged is called clean."""

import pytest

from pipeline.core.errors import TunesetError
from tests.house.house import House
from tests.moderation.standin import KEY, Standin, error, running

QUICK = {"moderation": {"requests_per_minute": 600_000, "tokens_per_minute": 1_000_000_000}}


def questions(count: int) -> str:
    rows = [f"What is in box {n}?,Marbles number {n}." for n in range(count)]
    return "\n".join(["question,answer", *rows]) + "\n"


def write(house: House, *, flagged: int = 3) -> House:
    text = questions(40).splitlines()
    marked = [f"{line} BAD:hate" if 0 < n <= flagged else line for n, line in enumerate(text)]
    return house.write(faq_csv="\n".join(marked) + "\n")


def test_flagged_rows_are_rejected_and_every_row_is_verified(house: House) -> None:
    with running(Standin()) as standin:
        report = write(house).build(api_key=KEY, base_url=standin.base_url, **QUICK).report

    assert {f"faq.csv:{n}": "rejected" for n in (2, 3, 4)} == house.fates()
    assert ("verified", 40, 3) == (report.moderation.state, report.moderation.verified, report.moderation.flagged)
    assert {"hate": 3} == report.moderation.categories
    assert standin.complaints == []


def test_a_row_of_which_nothing_could_be_made_is_asked_nothing(house: House) -> None:
    with running(Standin()) as standin:
        house.write(faq_csv="question,answer\nWhat?,\nHi,Hello\n")
        report = house.build(api_key=KEY, base_url=standin.base_url, **QUICK).report

    assert {"faq.csv:2": "rejected"} == house.fates()
    assert ("verified", 1) == (report.moderation.state, report.moderation.verified)


@pytest.mark.parametrize(("policy", "fates"), [("hold", {"held"}), ("report", set())])
def test_the_plan_says_what_becomes_of_flagged_rows(house: House, policy: str, fates: set[str]) -> None:
    with running(Standin()) as standin:
        tables = {"moderation": {**QUICK["moderation"], "policy": policy}}
        write(house).build(api_key=KEY, base_url=standin.base_url, **tables)

    assert fates == set(house.fates().values())
    assert "moderation.flagged" in {finding["code"] for finding in house.lines("findings.jsonl")}


def test_a_second_build_asks_nothing(house: House) -> None:
    with running(Standin()) as standin:
        write(house).build(api_key=KEY, base_url=standin.base_url, **QUICK)
        asked = len(standin.requests)
        house.build(api_key=KEY, base_url=standin.base_url, **QUICK)

    assert asked == len(standin.requests)


def test_a_changed_threshold_changes_fates_and_asks_nothing(house: House) -> None:
    with running(Standin()) as standin:
        write(house).build(api_key=KEY, base_url=standin.base_url, **QUICK)
        asked = len(standin.requests)
        tables = {"moderation": {**QUICK["moderation"], "thresholds": {"hate": 0.99}}}
        house.build(api_key=KEY, base_url=standin.base_url, **tables)

    assert house.fates() == {}
    assert asked == len(standin.requests)


def test_a_wrong_key_stops_the_build_at_once_and_publishes_nothing(house: House) -> None:
    with (
        running(Standin(lambda *_: error(401, "invalid_api_key"))) as standin,
        pytest.raises(TunesetError, match="OPENAI_API_KEY"),
    ):
        write(house).build(api_key=KEY, base_url=standin.base_url, **QUICK)

    assert not (house.root / "data/processed/train.jsonl").exists()


def test_the_key_is_in_no_byte_that_was_written(house: House) -> None:
    with running(Standin()) as standin:
        write(house).build(api_key=KEY, base_url=standin.base_url, **QUICK)

    written = [path.read_bytes() for path in house.root.rglob("*") if path.is_file()]
    assert len(written) > 10
    assert not any(KEY.encode() in content for content in written)


def test_without_a_key_nothing_is_called_verified(house: House) -> None:
    report = write(house).build().report

    assert report.moderation.verified == 0
    assert report.moderation.state != "verified"
