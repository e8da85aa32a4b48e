"""Prometheus metrics: what a real parser reads, and a last success that outlives the failures after it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from pipeline.cli._metrics import write_metrics
from pipeline.report.metrics import Run, exposition, last_success
from tests.house.house import House

ROWS = "question,answer\n" + "".join(f"Where is desk {n}?,It is in room {n}.\n" for n in range(30)) + "Hi,\n"


def read(text: str) -> dict[tuple[str, ...], float]:
    """Give each sample by its name and the values of its labels but the dataset's."""
    return {
        (sample.name, *(value for key, value in sorted(sample.labels.items()) if key != "dataset")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def wrote(house: House, **known: object) -> dict[tuple[str, ...], float]:
    file = house.root / "tuneset.prom"
    facts = {"now": 1000.5, "seconds": 2.25, "exit_code": 0, "is_new": True, **known}
    write_metrics(file, dataset="desks", folder=house.root / "data/processed", **facts)  # type: ignore[arg-type]
    return read(file.read_text())


def test_a_run_tells_when_how_long_and_how_it_ended(house: House) -> None:
    house.write(faq_csv=ROWS).build()

    found = wrote(house)

    assert (1000.5, 1000.5, 2.25, 0, 1, 0) == tuple(
        found[f"tuneset_{name}",]
        for name in (
            *("last_run_timestamp_seconds", "last_success_timestamp_seconds", "last_run_duration_seconds"),
            *("last_run_exit_code", "last_run_published", "held_back"),
        )
    )


def test_the_published_dataset_tells_its_rows_tokens_and_price(house: House) -> None:
    report = house.write(faq_csv=ROWS).build().report

    found = wrote(house)

    assert {"kept": 30, "rejected": 1, "duplicate": 0, "held": 0} == {
        key[1]: value for key, value in found.items() if key[0] == "tuneset_rows"
    }
    assert report.sides.train.tokens == found["tuneset_tokens", "train"]
    assert 0 < found["tuneset_training_cost_usd", "low"] <= found["tuneset_training_cost_usd", "high"]
    assert 1 == found["tuneset_findings", "compose.empty", "error"]


def test_a_failed_run_keeps_the_time_of_the_last_success_and_the_dataset_in_use(house: House) -> None:
    house.write(faq_csv=ROWS).build()
    wrote(house)

    found = wrote(house, now=2000.0, exit_code=2, is_new=False)

    assert (2000.0, 1000.5, 2) == tuple(
        found[f"tuneset_{name}",]
        for name in ("last_run_timestamp_seconds", "last_success_timestamp_seconds", "last_run_exit_code")
    )
    assert 30 == found["tuneset_rows", "kept"]


def test_nothing_else_is_left_in_the_collectors_folder(house: House) -> None:
    wrote(house)

    assert ["tuneset.prom"] == [path.name for path in house.root.iterdir() if path.is_file()]
    assert (house.root / "tuneset.prom").stat().st_mode & 0o777 == 0o644


@given(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_name_of_a_dataset_is_a_label_that_is_read_back(name: str) -> None:
    text = exposition(Run(name, 1.0, 1.0, 0, True, False, False, None), None)

    families = list(text_string_to_metric_families(text))

    assert {name} == {sample.labels["dataset"] for family in families for sample in family.samples}


@pytest.mark.parametrize("text", ["", "nonsense", "tuneset_last_success_timestamp_seconds nonsense\n"])
def test_an_older_file_that_tells_nothing_is_no_success(text: str) -> None:
    assert last_success(text) is None


def test_the_last_success_is_read_from_what_was_written(tmp_path: Path) -> None:
    assert 7.5 == last_success(exposition(Run('a "b"} 9', 7.5, 1.0, 0, True, False, False, None), None))
