"""The faces of the report: JSON, Markdown, the page, and the closing words on the terminal."""

import io
import json
import re
from datetime import date
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
from rich.console import Console

from pipeline.core.finding import Finding, Severity
from pipeline.core.resources import schema
from pipeline.core.settings import CostSettings
from pipeline.core.target import Limits, Prices, Source, Target
from pipeline.report.cost import Cost, cost
from pipeline.report.faces import NAMES, faces
from pipeline.report.lengths import Lengths
from pipeline.report.markdown import markdown
from pipeline.report.model import ExpectationFacts, FileFacts, Report
from pipeline.report.page import page
from pipeline.report.summary import summarise
from pipeline.report.terminal import closing, closing_text
from tests.report.stories import about, crowd, finding

VOID = {"meta", "br", "wbr", "link", "img", "input", "hr"}


def expectation(passed: bool | None, severity: str = "error", **known: Any) -> ExpectationFacts:  # noqa: FBT001
    made = {
        "expectation": "expect_x",
        "table": "dataset",
        "sentence": "Rows: 1; expected at least 10.",
        "why": "Few rows.",
    }
    return ExpectationFacts(**{**made, **known, "passed": passed, "severity": severity})


def price() -> Cost:
    target = Target(
        id="openai/gpt-4.1-mini",
        platform="openai",
        model="gpt-4.1-mini",
        title="GPT-4.1 mini on OpenAI",
        encoding="o200k_base",
        limits={"sft": Limits()},
        prices=Prices(training_usd_per_million_tokens="8"),
        sources={"prices": Source(source="the pricing page", as_of=date(2026, 11, 1))},
    )
    return cost(Lengths.of([100] * 1_000), CostSettings(epochs=3), target, on=date(2026, 11, 22), compare=[target])


@pytest.fixture(scope="module")
def full() -> Report:
    report = summarise(
        crowd(400), about=about(notes=("Read as cp1252.",), reasons={"content.empty": "Nothing to learn. Fill it."})
    )
    return report.with_(
        cost=price(),
        expectations=(expectation(False), expectation(None, "warning"), expectation(True)),
        files=(FileFacts(name="train.jsonl", bytes=3_400_000, sha256="ab" * 32, lines=300),),
    )


class Outline(HTMLParser):
    """The tags that are open at each moment, the ids, and whatever could reach for the network."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.reaches: list[str] = []
        self.headings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.ids += [named["id"]] if named.get("id") else []
        self.reaches += [f"{tag} {key}" for key in ("src", "srcset", "data", "action") if key in named]
        self.reaches += [named["href"] or ""] if not (named.get("href") or "#").startswith("#") else []
        self.headings += [tag] if re.fullmatch(r"h\d", tag) else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()


def outline(html: str) -> Outline:
    parser = Outline()
    parser.feed(html)
    return parser


def test_the_json_keeps_to_its_schema(full: Report) -> None:
    jsonschema_rs.validator_for(json.loads(schema("report.schema.json"))).validate(
        json.loads(faces(full)["report.json"])
    )


def test_the_json_gives_the_report_back(full: Report) -> None:
    assert full == Report.model_validate_json(faces(full)["report.json"])


def test_the_json_has_what_machines_ask_for_first(full: Report) -> None:
    values = json.loads(faces(full)["report.json"])

    assert values["rows_read"] == sum(values["fates"].values())
    assert {"tokens", "cost", "findings"} <= values.keys()


def test_the_same_report_gives_the_same_bytes(full: Report) -> None:
    assert list(NAMES) == list(faces(full))
    assert faces(full) == faces(Report.model_validate_json(faces(full)["report.json"]))


def test_every_tag_of_the_page_is_closed_and_every_id_is_one(full: Report) -> None:
    found = outline(page(full))

    assert found.open == []
    assert len(set(found.ids)) == len(found.ids)


def test_the_page_reaches_for_nothing_outside(full: Report) -> None:
    html = page(full)

    assert outline(html).reaches == []
    assert not re.search(r"https?://(?!www\.w3\.org)|@import|url\(|<script", html)
    assert "default-src 'none'" in html


def test_the_page_has_one_title_and_no_heading_is_skipped(full: Report) -> None:
    headings = outline(page(full)).headings

    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    assert {"h1", "h2", "h3"} >= set(headings)


def test_every_plot_is_well_formed_and_described(full: Report) -> None:
    plots = re.findall(r"<svg.*?</svg>", page(full), flags=re.DOTALL)

    assert len(plots) == 3
    for plot in plots:
        tree = ET.fromstring(plot)
        assert tree.get("role") == "img"
        assert tree.findtext("desc")


def test_names_of_files_cannot_write_html(report_of: Any) -> None:
    evil = "<script>alert(1)</script>.csv:2"
    html = page(report_of({"name": evil, "stratum": "<b>", "findings": [finding("a.b", message="<i> & `x`")]}))

    assert "<script" not in html
    assert "&lt;b&gt;" in html
    assert "&lt;i&gt; &amp; <code>x</code>" in html


def test_names_of_files_cannot_break_a_markdown_table(report_of: Any) -> None:
    text = markdown(report_of({"name": "a|b.csv:2", "findings": [finding("a.b", message="x | y")]}))

    assert "a\\|b.csv:2" in text
    assert "x \\| y" in text


def test_names_of_files_cannot_colour_the_terminal(report_of: Any) -> None:
    text = closing_text(report_of({"name": "[red]a[/red].csv:2", "findings": [finding("a.b")]}), folder="out")

    assert "[red]a[/red].csv:2" in text


def test_every_row_of_a_markdown_table_has_as_many_cells_as_its_head(full: Report) -> None:
    width = 0
    for line in markdown(full).splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line))
        width = (width or cells) if line.startswith("|") else 0
        assert cells == width or not line.startswith("|")


@pytest.mark.parametrize(
    "section",
    [
        "Rows",
        "Training files",
        "Cost",
        "Lengths",
        "Findings",
        "Expectations",
        "Balance",
        "Moderation",
        "Sources",
        "Files written",
        "Notes",
    ],
)
def test_the_markdown_has_every_section(section: str, full: Report) -> None:
    assert f"\n## {section}\n" in markdown(full)


@pytest.mark.parametrize("face", [markdown, page])
def test_each_number_stands_beside_its_encoding_and_formula(face: Any, full: Report) -> None:
    assert "o200k_base" in face(full)
    assert "3 per message, 1 per name, 3 per example" in face(full)


@pytest.mark.parametrize("face", [markdown, page, lambda report: closing_text(report, folder="out")])
def test_every_face_prices_the_articles_case_with_its_date(face: Any, full: Report) -> None:
    text = re.sub(r"<[^>]*>", "", face(full))

    assert "$2.40" in text
    assert "2026-11-01" in text


@pytest.mark.parametrize("face", [markdown, page, lambda report: closing_text(report, folder="out")])
def test_a_dataset_of_nothing_has_every_face(face: Any, report_of: Any) -> None:
    assert "None of 0 rows became an example." in face(report_of()) or "0 read" in face(report_of())


def test_the_closing_words_fit_on_a_screen(full: Report) -> None:
    lines = closing_text(full, folder="data/processed").splitlines()

    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


def test_the_closing_words_show_that_no_row_was_lost(full: Report) -> None:
    (line,) = [line for line in closing_text(full, folder="out").splitlines() if "read =" in line]
    read, *fates = (int(n.replace(",", "")) for n in re.findall(r"[\d,]+", line))

    assert read == sum(fates) == 400


def test_the_closing_words_name_codes_places_files_and_cost(full: Report) -> None:
    text = closing_text(full, folder="data/processed")

    for words in (
        "compose.empty",
        ".csv:",
        "data/processed/report.html to read, beside train.jsonl (3.4 MB)",
        "$2.40 to train on openai/gpt-4.1-mini",
        "1 expectation met, 1 not met, 1 not judged",
    ):
        assert words in text


def test_there_is_no_colour_where_there_is_no_terminal(full: Report) -> None:
    assert "\x1b" not in closing_text(full, folder="out")


def test_there_is_colour_where_there_is_one(full: Report) -> None:
    sheet = io.StringIO()
    Console(file=sheet, force_terminal=True, color_system="standard").print(closing(full, folder="out"))

    assert "\x1b[" in sheet.getvalue()


def test_the_page_and_the_terminal_agree_on_the_verdict(full: Report) -> None:
    assert "Not ready to train on" in page(full)
    assert "Not ready to train on" in closing_text(full, folder="out")


def test_the_gravest_codes_come_first_and_those_of_the_dataset_before_those_of_rows(report_of: Any) -> None:
    few = Finding("dataset", "dataset.few", Severity.WARNING, "", "2 examples; expected 10.")
    report = report_of({"findings": [finding("z.error"), finding("a.warning", "warning")]}, dataset_findings=[few])

    assert ["z.error", "dataset.few", "a.warning"] == [code.code for code in report.codes]


def test_the_training_files_are_named_first(full: Report) -> None:
    named = [
        FileFacts(name=name, bytes=1, sha256="ab" * 32)
        for name in ("findings.jsonl", "validation.jsonl", "train.jsonl")
    ]

    assert ["train.jsonl", "validation.jsonl", "findings.jsonl"] == [
        f.name for f in full.with_(files=tuple(named)).written
    ]


def test_a_long_path_may_break_after_its_slashes(report_of: Any) -> None:
    html = page(report_of({"name": "data/raw/faq.csv:2", "findings": [finding("a.b")]}))

    assert "data/<wbr>raw/<wbr>faq.csv:2" in html
