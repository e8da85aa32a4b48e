"""Whatever happens to a run, the published dataset is whole and the next run completes."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from pipeline.core.errors import PlanError, SourceError
from tests.house.house import House

CLI = [sys.executable, "-m", "pipeline"]


def spreadsheet(rows: int, word: str) -> str:
    return "question,answer\n" + "".join(f"Where is {word} {n}?,It is in room {n}.\n" for n in range(rows))


def is_whole(house: House) -> bool:
    """Say whether every published file has the size and digest that the manifest gives it."""
    import hashlib

    manifest = json.loads(house.read("manifest.json"))
    return all(hashlib.sha256(house.read(file["name"])).hexdigest() == file["sha256"] for file in manifest["files"])


def test_a_run_killed_at_any_moment_leaves_the_last_dataset_and_the_next_run_completes(house: House) -> None:
    (house.root / "dataset.toml").write_text(
        '[[source]]\npath = "faq.csv"\ncompose = { recipe = "pairs" }\n[expect]\nenabled = false\n'
    )
    house.write(faq_csv=spreadsheet(400, "desk"))
    began = time.monotonic()
    subprocess.run([*CLI, "build", "--quiet", "--workers", "1"], cwd=house.root, check=True)
    whole_run = time.monotonic() - began
    moments = random.Random(7)
    for number in range(6):
        house.write(faq_csv=spreadsheet(400 + number, "chair"))
        before = house.read("train.jsonl")
        with subprocess.Popen([*CLI, "build", "--quiet", "--workers", "1"], cwd=house.root) as run:
            time.sleep(moments.uniform(0.3, 1.0) * whole_run)
            os.kill(run.pid, signal.SIGKILL)
        assert is_whole(house)
        assert house.read("train.jsonl") in (before, house.read("latest/train.jsonl"))

    house.write(faq_csv=spreadsheet(30, "lamp"))
    subprocess.run([*CLI, "build", "--quiet", "--workers", "1", "--accept"], cwd=house.root, check=True)
    assert is_whole(house)
    assert len(house.examples()) == 30


def test_a_full_disk_leaves_the_last_dataset(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write(faq_csv=spreadsheet(40, "desk")).build()
    before = house.published()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    house.write(faq_csv=spreadsheet(41, "desk"))
    monkeypatch.setattr("pipeline.publish.disk.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        house.build()
    assert before == house.published()


def test_a_vanished_source_is_said_and_leaves_the_last_dataset(house: House) -> None:
    house.write(faq_csv=spreadsheet(40, "desk")).build()
    before = house.published()
    (house.root / "faq.csv").unlink()

    with pytest.raises(SourceError, match=r"no file or folder `faq\.csv`"):
        house.build()
    assert before == house.published()


def test_an_unchanged_build_publishes_nothing_new(house: House) -> None:
    house.write(faq_csv=spreadsheet(40, "desk"))

    assert house.build().published.is_new
    assert not house.build().published.is_new


def test_a_column_that_no_row_has_is_a_mistake_in_the_plan_and_publishes_nothing(house: House) -> None:
    house.write(faq_csv="Ticket body,Agent reply\nHi,Hello\nYou there?,Yes\n")

    with pytest.raises(PlanError, match="Ticket body"):
        house.build()
    assert not (house.root / "data/processed/train.jsonl").exists()
