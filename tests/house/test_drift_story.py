"""A refresh that drifts is kept and not published; one that only grew is published."""

import random
from pathlib import Path

import pytest

from pipeline.__main__ import run
from pipeline.publish import Acceptance, accept, find, locked, versions
from pipeline.run import Outcome
from tests.house.house import House

TOPICS = ("billing", "delivery", "returns")


def tickets(rows: int, *, longer: int = 1, missing: int = 0, topics: tuple[str, ...] = TOPICS) -> str:
    """Give a spreadsheet; of `missing` answers in a hundred nothing is left."""
    dice = random.Random(5)
    words = [
        "parcel",
        "invoice",
        "refund",
        "customer",
        "number",
        "please",
        "order",
        "account",
        "letter",
        "week",
        "address",
        "problem",
    ]
    lines = ["question,answer,topic"]
    for row in range(rows):
        question, answer = (" ".join(dice.choices(words, k=dice.randint(6, 14) * longer)) for _ in range(2))
        lines.append(f"{question} {row}?,{'' if dice.random() < missing / 100 else answer},{dice.choice(topics)}")
    return "\n".join(lines) + "\n"


SOURCE = {"path": "faq.csv", "label": "topic", "compose": {"recipe": "pairs"}}
TABLES = {"drift": {}, "split": {"stratify": "label"}, "dedupe": {"near": False}}


def refresh(house: House, text: str, stamp: str, **how: object) -> Outcome:
    return house.write(faq_csv=text).build(SOURCE, stamp=stamp, **TABLES, **how)


@pytest.fixture
def yesterday(house: House) -> House:
    assert refresh(house, tickets(400), "monday").published.held == ()
    return house


def test_ordinary_growth_is_published_with_the_comparison_in_its_report(yesterday: House) -> None:
    outcome = refresh(yesterday, tickets(460), "tuesday")

    assert outcome.published.held == ()
    assert outcome.report.drift is not None
    assert outcome.report.drift.against == "monday"
    assert {figure.passed for figure in outcome.report.drift.figures} == {True, None}
    assert not outcome.fails("never")
    assert not refresh(yesterday, tickets(460), "wednesday").published.is_new


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(tickets(400, longer=2), "Median tokens: ", id="doubled length"),
        pytest.param(
            tickets(400, topics=(*TOPICS, "fraud")), "Labels out of bounds: 1 (`fraud` is new, ", id="a new label"
        ),
        pytest.param(tickets(400, missing=33), "Share of rows rejected: ", id="a third of the answers missing"),
    ],
)
def test_a_drifted_source_is_held_back(text: str, sentence: str, yesterday: House) -> None:
    before = yesterday.published()
    outcome = refresh(yesterday, text, "tuesday")

    assert [told for told in outcome.published.held if told.startswith(sentence)]
    assert outcome.fails("never")
    assert before == yesterday.published()
    assert ["latest, accepted", "held back"] == [v.state for v in versions(yesterday.root / "data/processed")]


def test_what_was_held_back_is_published_when_it_is_accepted_and_then_is_the_yardstick(yesterday: House) -> None:
    folder = yesterday.root / "data/processed"
    refresh(yesterday, tickets(400, longer=2), "tuesday")
    with locked(folder):
        accept(find(folder, "held"), folder=folder, acceptance=Acceptance(by="eve", at="tuesday noon"))
    wednesday = refresh(yesterday, tickets(440, longer=2), "wednesday")

    assert wednesday.published.held == ()
    assert wednesday.report.drift is not None
    assert wednesday.report.drift.against == "tuesday"


def test_without_the_check_everything_is_published(yesterday: House) -> None:
    yesterday.write(faq_csv=tickets(400, longer=2))
    outcome = yesterday.build(SOURCE, stamp="tuesday", **TABLES | {"drift": {"enabled": False}})

    assert outcome.published.held == ()
    assert outcome.report.drift is None


def test_the_command_says_what_drifted_and_how_to_publish_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dataset.toml").write_text(
        '[[source]]\npath = "faq.csv"\ncompose = { recipe = "pairs" }\n[expect]\nenabled = false\n[dedupe]\nnear = false\n'
    )
    Path("faq.csv").write_text(tickets(300))
    assert run(["build", "--quiet", "--workers", "1"]) == 0
    Path("faq.csv").write_text(tickets(300, longer=3))
    assert run(["build", "--quiet", "--workers", "1", "--fail-on", "never"]) == 1

    told = capsys.readouterr().err
    assert "Held back: version " in told
    assert "Median tokens: " in told
    assert "tuneset accept " in told
    page = max(Path("data/processed/versions").glob("*/report.md"))
    assert "Drifted from the accepted version" in page.read_text()
