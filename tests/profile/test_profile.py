"""A profile tells what each stage cost, in all processes, and touches no byte of the dataset."""

import json

import pytest

from pipeline.__main__ import run
from pipeline.core.watch import Cost, Watch
from pipeline.report.profile import Line, page, profile, text

CSV = "question,answer\n" + "".join(f"What is number {n}?,It is the number {n}.\n" for n in range(300))
PLAN = """name = "small & plain"
[expect]
enabled = false
[[source]]
path = "faq.csv"
compose = { recipe = "pairs", user = "question", assistant = "answer" }
"""


@pytest.fixture
def built(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faq.csv").write_text(CSV)
    (tmp_path / "dataset.toml").write_text(PLAN)

    def build(*options):
        assert 0 == run(["build", "--workers", "1", *options])
        return capsys.readouterr().err

    build.folder = tmp_path / "data/processed"
    return build


def test_every_stage_is_told_with_rows_time_and_memory(built):
    told = built("--profile", "--no-cache")
    stages = {one["stage"]: one for one in json.loads((built.folder / "timings.json").read_text())["profile"]}

    assert {"rows", "read", "compose", "measure", "check", "group", "write", "report", "publish", "all"} <= set(stages)
    assert [300] * 4 == [stages[name]["rows"] for name in ("rows", "read", "compose", "all")]
    assert "rows" == stages["compose"]["part_of"]
    assert all(one["seconds"] >= 0 and one["cpu_seconds"] >= 0 for one in stages.values())
    assert stages["all"]["peak_bytes"] >= stages["group"]["peak_bytes"] > 0
    assert "compose" in told
    assert "small &amp; plain" in (built.folder / "profile.html").read_text()


def test_a_profile_changes_no_byte_of_the_dataset(built):
    built()
    plain = {path.name: path.read_bytes() for path in (built.folder / "latest").iterdir()}
    built("--profile", "--fail-on", "never")

    assert plain == {path.name: path.read_bytes() for path in (built.folder / "latest").iterdir()}


def test_without_it_nothing_is_measured_but_the_seconds(built):
    built()

    assert ["seconds"] == list(json.loads((built.folder / "timings.json").read_text()))
    assert not (built.folder / "profile.html").exists()


def test_costs_of_all_processes_are_added_and_their_memory_is_not(tmp_path):
    (tmp_path / "1.tsv").write_text("read\t10\t100\t1.0\t0.5\t1000\nread\t5\t50\t1.0\t0.5\t3000\n")
    (tmp_path / "2.tsv").write_text("read\t1\t1\t2.0\t1.0\t2000\ncheck\t7\t0\t1.0\t1.0\t10\n")

    expected = {"read": Cost(16, 151, 4.0, 2.0, 3000, 2), "check": Cost(7, 0, 1.0, 1.0, 10, 1)}
    assert expected == Watch(tmp_path).costs()


def test_a_watch_without_a_folder_measures_nothing():
    with Watch().over("read") as seen:
        seen(1, 1)

    assert {} == Watch().costs()


def test_parts_stand_after_the_stage_they_belong_to():
    lines = profile({"rows": Cost(1), "group": Cost(2)}, {"read": Cost(3)})

    assert [("rows", None), ("read", "rows"), ("group", None)] == [(line.name, line.part_of) for line in lines]


def test_the_table_and_the_page_are_the_same_for_the_same_costs():
    lines = [
        Line("rows", None, Cost(1_000, 2_000_000, 2.0, 3.5, 3_000_000, 2)),
        Line("read", "rows", Cost(0, 0, 1.0, 1.0)),
    ]

    assert text(lines) == (
        "stage    rows  output  seconds  CPU seconds  peak memory  rows a second\n"
        "rows    1,000  2.0 MB     2.00         3.50       3.0 MB            500\n"
        "  read                    1.00         1.00\n"
    )
    assert page(lines, name="a") == page(lines, name="a")
    assert 'style="width:57.1%"' in page(lines, name="a")
