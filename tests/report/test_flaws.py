"""Findings by code: counts, order, first places."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.flaws import by_code
from tests.report.stories import finding, table

FOUND = st.lists(
    st.tuples(st.sampled_from(["a.one", "b.two", "c.three"]), st.sampled_from(["info", "warning", "error"])), max_size=4
)


def test_errors_come_first_then_the_most_frequent_code() -> None:
    facts = table(
        {"findings": [finding("z.info", "info")] * 3},
        {"findings": [finding("b.error"), finding("w.warning", "warning")]},
        {"findings": [finding("a.error"), finding("b.error")]},
    )

    codes = by_code(facts, reasons={})

    assert [c.code for c in codes] == ["b.error", "a.error", "w.warning", "z.info"]
    assert [(c.count, c.rows) for c in codes] == [(2, 2), (1, 1), (1, 1), (3, 1)]


def test_the_first_three_places_are_first_by_line_and_not_by_text() -> None:
    lines = (100, 9, 20, 3)
    facts = table(*({"name": f"faq.csv:{n}", "findings": [finding("a.error")]} for n in lines))

    (code,) = by_code(facts, reasons={})

    assert [place.name for place in code.first] == ["faq.csv:3", "faq.csv:9", "faq.csv:20"]


def test_parts_of_one_line_come_in_order() -> None:
    names = ("faq.csv:3#10", "faq.csv:3#2", "faq.csv:3")
    facts = table(*({"name": name, "findings": [finding("a.error")]} for name in names))

    (code,) = by_code(facts, reasons={})

    assert [place.name for place in code.first] == ["faq.csv:3", "faq.csv:3#2", "faq.csv:3#10"]


def test_a_trouble_is_a_finding_of_its_code() -> None:
    facts = table({"trouble": "read.ragged 5 fields; the header has 4.", "fate": "rejected"})

    (code,) = by_code(facts, reasons={"read.ragged": "Quote the field."})

    assert (code.code, code.severity, code.count, code.reason) == ("read.ragged", "error", 1, "Quote the field.")
    assert code.first[0].message == "5 fields; the header has 4."


def test_a_trouble_that_check_reported_as_well_counts_once() -> None:
    facts = table({"trouble": "read.ragged 5 fields.", "findings": [finding("read.ragged", message="5 fields.")]})

    (code,) = by_code(facts, reasons={})

    assert code.count == 1


def test_a_code_takes_the_gravest_severity_it_was_found_with() -> None:
    facts = table({"findings": [finding("a.b", "info"), finding("a.b", "error")]})

    (code,) = by_code(facts, reasons={})

    assert code.severity == "error"


def test_names_of_an_unusual_form_are_kept_as_they_are() -> None:
    facts = table(
        {"name": "a folder/without line", "findings": [finding("a.b")]},
        {"name": "x:99999999999999999999", "findings": [finding("a.b")]},
    )

    (code,) = by_code(facts, reasons={})

    assert [place.name for place in code.first] == ["a folder/without line", "x:99999999999999999999"]


def test_no_findings_give_no_codes() -> None:
    assert by_code(table({}, {}), reasons={}) == ()
    assert by_code(table(), reasons={}) == ()


@given(st.lists(FOUND, max_size=12))
def test_every_finding_is_counted_once(rows: list[list[tuple[str, str]]]) -> None:
    facts = table(*({"findings": [finding(code, severity) for code, severity in row]} for row in rows))

    codes = by_code(facts, reasons={})

    assert sum(map(len, rows)) == sum(c.count for c in codes)
    for c in codes:
        assert sum(any(code == c.code for code, _ in row) for row in rows) == c.rows
        assert min(3, c.count) == len(c.first)


def test_the_report_does_not_read_the_text_of_the_data(report_of: Any) -> None:
    report = report_of({"findings": [finding("a.b")]})

    assert "payload" not in report.model_dump_json()
