"""The table of facts becomes a report: fates, sides, sources, labels."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.core.columns import FATES
from pipeline.core.finding import Finding, Severity
from pipeline.report.faces import faces
from pipeline.report.model import Fates
from pipeline.report.summary import SourceFile, summarise
from tests.report.stories import about, table, tokens

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "fate": st.sampled_from(FATES),
            "tokens": st.none() | st.integers(1, 100_000).map(tokens),
            "mended": st.lists(st.sampled_from(["whitespace", "mojibake"]), unique=True),
            "stratum": st.none() | st.sampled_from(["billing", "returns"]),
            "trouble": st.none() | st.just("compose.empty The column is empty."),
        }
    ),
    max_size=30,
)


@given(ROWS)
def test_the_fates_add_up_to_the_rows_read(rows: list[dict[str, Any]]) -> None:
    report = summarise(table(*rows), about=about())

    assert len(rows) == report.rows_read == report.fates.total


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_byte(rows: list[dict[str, Any]], random: Any) -> None:
    facts = table(*rows)
    order = list(range(len(rows)))
    random.shuffle(order)

    assert faces(summarise(facts, about=about())) == faces(
        summarise(facts.take(pa.array(order, pa.int64())), about=about())
    )


def test_fates_that_lose_a_row_make_no_report(report_of: Any) -> None:
    report = report_of({}, {"fate": "rejected"})

    with pytest.raises(ValidationError, match="2 rows were read, but their fates add up to 1"):
        report.with_(fates=Fates(kept=1))


def test_the_sides_count_kept_examples_and_the_share_that_came_out(report_of: Any) -> None:
    report = report_of({}, {}, {"side": "validation", "tokens": tokens(7)}, {"fate": "duplicate"}, {"fate": "rejected"})

    assert (report.sides.train.examples, report.sides.train.tokens) == (2, 40)
    assert (report.sides.validation.examples, report.sides.validation.tokens) == (1, 7)
    assert (report.sides.asked_share, report.sides.share) == (0.1, 1 / 3)


def test_tokens_that_were_not_counted_are_unknown_and_not_zero(report_of: Any) -> None:
    report = report_of({"tokens": None}, {})

    assert report.sides.train.tokens is None


def test_a_dataset_of_nothing_is_still_a_report(report_of: Any) -> None:
    report = report_of()

    assert (report.rows_read, report.sides.share, report.tokens.composed) == (0, None, None)


def test_repairs_are_counted_by_row(report_of: Any) -> None:
    report = report_of({"mended": ["whitespace", "mojibake"]}, {"mended": ["whitespace"]}, {})

    assert report.mended == {"whitespace": 2, "mojibake": 1}


def test_labels_are_counted_by_side_the_largest_first(report_of: Any) -> None:
    report = report_of(
        {"stratum": "rare"}, {"stratum": "often"}, {"stratum": "often", "side": "validation"}, {"stratum": None}
    )

    assert [(s.name, s.train, s.validation) for s in report.strata] == [("often", 1, 1), ("rare", 1, 0)]


def test_labels_beyond_fifty_are_summed_up(report_of: Any) -> None:
    report = report_of(*({"stratum": f"label {n:03}"} for n in range(53)))

    assert (report.strata[-1].name, report.strata[-1].train) == ("3 more", 3)


def test_each_source_knows_how_its_files_were_read_and_what_became_of_its_rows() -> None:
    files = (
        SourceFile("faq", "raw/b.csv", "bb" * 32, 10, "csv", "cp1252", ";"),
        SourceFile("faq", "raw/a.csv", "aa" * 32, 20, "csv", "utf-8", ","),
        SourceFile("faq", "raw/c.csv", "cc" * 32, 30, "csv", "utf-8", ","),
    )

    (source,) = summarise(table({}, {"fate": "held"}), about=about(sources=files)).sources

    assert (source.files, source.bytes, source.rows, source.fates.kept, source.fates.held) == (3, 60, 2, 1, 1)
    assert [(r.first, r.encoding, r.files) for r in source.read_as] == [
        ("raw/a.csv", "utf-8", 2),
        ("raw/b.csv", "cp1252", 1),
    ]


def test_a_source_that_gave_no_row_is_named_all_the_same() -> None:
    files = (SourceFile("empty", "raw/empty.csv", "aa" * 32, 0, "csv"),)

    sources = summarise(table({}), about=about(sources=files)).sources

    assert [(s.name, s.rows) for s in sources] == [("empty", 0), ("faq", 1)]


def test_findings_about_the_dataset_stand_apart(report_of: Any) -> None:
    few = Finding("dataset", "dataset.few-examples", Severity.ERROR, "", "2 examples; at least 10 are expected.")

    report = report_of({}, {}, dataset_findings=[few], reasons={few.code: "The platform refuses small files."})

    assert report.findings == ()
    assert [(few.code, 1, 0, "The platform refuses small files.")] == [
        (c.code, c.count, c.rows, c.reason) for c in report.dataset_findings
    ]


def test_the_thin_table_may_lack_moderation_and_shape() -> None:
    facts = table({}, {}).drop_columns(["moderation", "shape"])

    report = summarise(facts, about=about())

    assert (report.moderation.state, report.moderation.not_asked) == ("not asked", 2)
    assert report.tokens.shipped is not None
    assert report.tokens.shipped.turns is None
