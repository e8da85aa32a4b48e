"""The schedules that ship: each parses as what it is, and every command, flag and exit code on them is real.

The real cron, systemd, Airflow and DVC are tried by `python -m bench.schedules`; docs/refresh.md has the outcome.
"""

import ast
import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from pipeline.cli import tuneset
from pipeline.core.errors import Busy, ProviderGaveUp

ROOT = Path(__file__).parents[2]
SCHEDULES = ROOT / "schedules"
FILES = sorted(path for path in SCHEDULES.rglob("*") if path.is_file() and path.suffix != ".pyc")
PAGE = (ROOT / "docs/refresh.md").read_text(encoding="utf-8")
TRY_AGAIN = {Busy.exit_code, ProviderGaveUp.exit_code}


def names(files: list[Path]) -> list[str]:
    return [str(path.relative_to(SCHEDULES)) for path in files]


def commands(path: Path) -> list[str]:
    """Give what comes after `tuneset` wherever the file runs it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        lists = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.List)]
        started = [one.elts for one in lists if one.elts and ast.unparse(one.elts[0]) == "TUNESET"]
        return [" ".join(ast.literal_eval(word) for word in words[1:]) for words in started]
    return re.findall(r"^[^#]*?(?:bin/|run: |- |&& |^ +)tuneset +([a-z].*?)(?: *&&.*)?$", text, re.MULTILINE)


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#", ";"))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys of systemd have a case
    parser.read(SCHEDULES / "systemd" / name, encoding="utf-8")
    return parser


def flow() -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((SCHEDULES / "github/refresh.yml").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_every_command_of_tuneset_is_one_that_the_program_takes(path: Path) -> None:
    for words in commands(path):
        command, *rest = words.split()
        found = tuneset.get_command(click.Context(tuneset), command)
        assert found is not None, command
        known = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known


def test_every_schedule_runs_a_refresh() -> None:
    started = [command for path in FILES for command in commands(path) if command.startswith("refresh")]

    assert 5 == len(started)


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_every_file_is_linked_from_the_page(path: Path) -> None:
    assert f"(../{path.relative_to(ROOT).as_posix()})" in PAGE


def test_the_crontab_runs_once_a_night() -> None:
    lines = (SCHEDULES / "cron/tuneset").read_text().splitlines()
    (line,) = [line for line in lines if line and not line.startswith("#") and "=" not in line.split()[0]]

    assert re.fullmatch(r"\d+ \d+ \* \* \*  tuneset  cd \S+ && \.venv/bin/tuneset refresh", line)


def test_the_service_tries_again_where_that_helps_and_nowhere_else() -> None:
    service = unit("tuneset-refresh.service")["Service"]
    never = {int(code) for code in service["RestartPreventExitStatus"].split()}

    assert ("oneshot", "on-failure") == (service["Type"], service["Restart"])
    assert {1, 2, 3, 5, 130} == never
    assert not never & TRY_AGAIN


def test_the_timer_makes_up_for_a_missed_night() -> None:
    timer = unit("tuneset-refresh.timer")

    assert "yes" == timer["Timer"]["Persistent"]
    assert "timers.target" == timer["Install"]["WantedBy"]


def test_the_workflow_keeps_versions_and_caches_and_shows_the_report() -> None:
    steps = flow()["jobs"]["refresh"]["steps"]
    used = {step["uses"].split("@")[0]: step for step in steps if "uses" in step}

    assert {"schedule", "workflow_dispatch"} == set(flow()[True])  # YAML 1.1 reads `on` as true
    assert {".cache/tuneset", "data/processed"} == set(used["actions/cache"]["with"]["path"].split())
    assert used["actions/cache"]["with"]["key"].startswith(used["actions/cache"]["with"]["restore-keys"])
    assert "data/processed/report.*" in used["actions/upload-artifact"]["with"]["path"]


def test_no_secret_is_written_down() -> None:
    env = next(step["env"] for step in flow()["jobs"]["refresh"]["steps"] if step.get("name") == "Refresh")

    assert all(value == f"${{{{ secrets.{name} }}}}" for name, value in env.items())


def test_airflow_tries_again_where_that_helps_and_nowhere_else() -> None:
    tree = ast.parse((SCHEDULES / "airflow/tuneset_refresh.py").read_text())
    (value,) = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TRY_AGAIN"
    ]

    assert TRY_AGAIN == ast.literal_eval(value)


def test_dvc_depends_on_what_the_build_reads_and_keeps_what_it_publishes() -> None:
    stage = yaml.safe_load((SCHEDULES / "dvc/dvc.yaml").read_text())["stages"]["dataset"]

    assert {"dataset.toml", "data/raw"} <= set(stage["deps"])
    assert ["dataset"] == stage["outs"]
    assert "data/processed/latest" in stage["cmd"][1]


def test_the_page_names_every_exit_code() -> None:
    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}

    assert {0, 1, 2, 3, 4, 5, 75, 130} == rows
