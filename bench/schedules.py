"""The schedules of schedules/ under the real programs: `python -m bench.schedules [--at FOLDER] [NAME ...]`.

Makes an environment for each program (Airflow's takes 400 MB and two minutes), a small project, and runs the shipped file as it
is, its paths alone replaced. Prints what was tried, with versions, and what came out. systemd-analyze and cron are used where
the machine has them; cron needs root. Not part of `make test`: it installs from the network.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SCHEDULES = ROOT / "schedules"
TUNESET = Path(sys.executable).parent / "tuneset"
PINS = {"airflow": "apache-airflow==3.3.2", "dvc": "dvc==3.67.1", "lint": "check-jsonschema==0.39.0"}
ROWS = [f"Where is desk {n}?,It is in room {n}." for n in range(60)]
PLAN = 'name = "support"\n[expect]\nenabled = false\n[[source]]\npath = "data/raw/faq.csv"\ncompose = { recipe = "pairs" }\n'


class Tried(NamedTuple):
    """What came of one trial."""

    name: str
    program: str
    outcome: str
    is_good: bool | None
    """None: the machine does not have the program."""


class Place(NamedTuple):
    """Where trials put their things."""

    folder: Path

    def program(self, name: str, command: str) -> Path:
        """Give a command of an environment of its own, installed when it is first asked for."""
        home = self.folder / "env" / name
        if not (home / "bin" / command).exists():
            subprocess.run([sys.executable, "-m", "venv", home], check=True)
            pip = [home / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PINS[name]]
            subprocess.run(pip, check=True)
        return home / "bin" / command

    def project(self, name: str) -> Path:
        """Give a fresh small project with a source and a plan, and `.venv/bin/tuneset` as the shipped files expect it."""
        root = self.folder / name
        shutil.rmtree(root, ignore_errors=True)
        (root / "data/raw").mkdir(parents=True)
        (root / ".venv/bin").mkdir(parents=True)
        (root / ".venv/bin/tuneset").symlink_to(TUNESET)
        (root / "dataset.toml").write_text(PLAN)
        _write_rows(root, 50)
        return root


def cron(place: Place) -> Tried:
    """Let a real cron daemon run the shipped crontab line, every minute instead of every night."""
    program = shutil.which("cron", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None or os.geteuid() != 0:
        return Tried("cron", "cron", "not on this machine, or not root", None)
    root = place.project("cron")
    line = (SCHEDULES / "cron/tuneset").read_text().replace("/srv/support", str(root))
    line = line.replace("17 2 * * *  tuneset", "* * * * *  root").replace("MAILTO=data@example.org", 'MAILTO=""')
    table = Path("/etc/cron.d/tuneset-trial")
    table.write_text(line)
    table.chmod(0o644)
    daemon = subprocess.Popen([program, "-f"])
    try:
        is_good = _until((root / "data/processed/train.jsonl").exists, seconds=150)
    finally:
        daemon.terminate()
        daemon.wait()
        table.unlink()
    return Tried("cron", _package("cron"), f"{_lines(root)} lines published by the daemon", is_good)


def systemd(place: Place) -> Tried:
    """Verify service and timer by systemd itself, with the paths of a project that is there."""
    program = shutil.which("systemd-analyze")
    if program is None:
        return Tried("systemd", "systemd-analyze", "not on this machine", None)
    root, units = place.project("systemd"), place.folder / "units"
    units.mkdir(exist_ok=True)
    for unit in (SCHEDULES / "systemd").iterdir():
        (units / unit.name).write_text(unit.read_text().replace("/srv/support", str(root)))
    done = _run([program, "verify", *sorted(units.iterdir())])
    calendar = _run([program, "calendar", "*-*-* 02:17:00"])
    version = _run([program, "--version"]).stdout.splitlines()[0]
    told = (done.stdout + done.stderr).strip() or "verify says nothing, as it should"
    return Tried("systemd", version, told, done.returncode == calendar.returncode == 0 and "tuneset" not in told)


def github(place: Place) -> Tried:
    """Hold the workflow against GitHub's own schema, and run its shell steps in a project."""
    lint = place.program("lint", "check-jsonschema")
    flow = SCHEDULES / "github/refresh.yml"
    valid = _run([lint, "--builtin-schema", "vendor.github-workflows", flow])
    root = place.project("github")
    summary = root / "summary.md"
    steps = {"PATH": f"{root}/.venv/bin:{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": str(summary)}
    ran = [_run(["bash", "-e", "-c", step], root, steps) for step in _steps(flow) if "pip install" not in step]
    is_good = valid.returncode == 0 and all(step.returncode == 0 for step in ran) and summary.read_text() != ""
    told = f"{valid.stdout.strip()}; {len(ran)} steps run, summary of {len(summary.read_text().splitlines())} lines"
    return Tried("github", PINS["lint"], told, is_good)


def airflow(place: Place) -> Tried:
    """Run the DAG in a real Airflow three times: it publishes, it fails at once, it asks for another try."""
    program = place.program("airflow", "airflow")
    root = place.project("airflow")
    base = {
        "AIRFLOW_HOME": str(place.folder / "airflow-home"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(SCHEDULES / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "TUNESET_PROJECT": str(root),
    }
    _run([program, "db", "migrate"], root, base)
    errors = _run([program, "dags", "list-import-errors"], root, base).stdout.splitlines()[-1:]
    good = _run([program, "dags", "test", "tuneset_refresh"], root, base)
    ends = {code: _ended(program, root, base, code) for code in (2, 75)}
    is_good = (
        good.returncode == 0 and "'examples': 50" in good.stdout + good.stderr and ends == {2: "failed", 75: "retry"}
    )
    told = f"import errors: {' '.join(errors)}; {_lines(root)} lines published; exit code 2: {ends[2]}, 75: {ends[75]}"
    return Tried("airflow", PINS["airflow"], told, is_good)


def _ended(program: Path, root: Path, base: Mapping[str, str], code: int) -> str:
    """Give what Airflow makes of an exit code of tuneset."""
    stub = root / f"ends-with-{code}"
    stub.write_text(f"#!/bin/sh\nexit {code}\n")
    stub.chmod(0o755)
    done = _run([program, "dags", "test", "tuneset_refresh"], root, {**base, "TUNESET_COMMAND": str(stub)}, seconds=120)
    told = done.stdout + done.stderr
    return "retry" if "UP_FOR_RETRY" in told or "up_for_retry" in told else "failed" if "failed" in told else "success"


def dvc(place: Place) -> Tried:
    """Reproduce the stage by a real DVC: built, skipped when nothing changed, built again when a source grew."""
    program = place.program("dvc", "dvc")
    root = place.project("dvc")
    shutil.copy(SCHEDULES / "dvc/dvc.yaml", root)
    here = {"PATH": f"{root}/.venv/bin:{program.parent}:{os.environ['PATH']}", "DVC_NO_ANALYTICS": "true"}
    _run(["git", "init", "-q"], root)
    _run([program, "init", "-q"], root, here)
    first = _run([program, "repro"], root, here)
    again = _run([program, "repro"], root, here)
    _write_rows(root, 60)
    grown = _run([program, "repro"], root, here)
    is_skipped = "didn't change, skipping" in again.stdout
    is_good = (
        first.returncode == again.returncode == grown.returncode == 0 and is_skipped and _lines(root / "dataset") == 60
    )
    told = f"repro built, then skipped ({is_skipped}), then built {_lines(root / 'dataset')} lines of the grown source"
    return Tried("dvc", PINS["dvc"], told, is_good)


TRIALS: dict[str, Callable[[Place], Tried]] = {
    "cron": cron,
    "systemd": systemd,
    "github": github,
    "airflow": airflow,
    "dvc": dvc,
}


def main() -> int:
    """Run the named trials, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at", type=Path, default=Path(tempfile.gettempdir()) / "tuneset-schedules")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TRIALS)}")
    given = parser.parse_args()
    place = Place(given.at.absolute())
    place.folder.mkdir(parents=True, exist_ok=True)
    tried = [TRIALS[name](place) for name in given.names or TRIALS]
    for one in tried:
        state = "not tried" if one.is_good is None else "good" if one.is_good else "FAILED"
        print(f"{one.name:<9}{state:<10}{one.program}: {one.outcome}")
    return int(any(one.is_good is False for one in tried))


def _write_rows(root: Path, count: int) -> None:
    (root / "data/raw/faq.csv").write_text("\n".join(["question,answer", *ROWS[:count]]) + "\n")


def _lines(root: Path) -> int:
    folder = root / "data/processed" if (root / "data/processed").exists() else root
    return sum(len((folder / f"{side}.jsonl").read_text().splitlines()) for side in ("train", "validation"))


def _steps(flow: Path) -> list[str]:
    import yaml

    jobs = yaml.safe_load(flow.read_text())["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


def _package(name: str) -> str:
    done = _run(["dpkg-query", "-W", "-f", "${Package} ${Version}", name])
    return done.stdout or name


def _until(claim: Callable[[], bool], *, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(1)
    return False


def _run(
    command: list[str | Path], folder: Path | None = None, env: Mapping[str, str] | None = None, *, seconds: float = 600
) -> "subprocess.CompletedProcess[str]":
    """Run a command; one that takes longer than it may is given as it stood then."""
    words, world = [str(word) for word in command], {**os.environ, **(env or {})}
    try:
        return subprocess.run(
            words, cwd=folder, env=world, capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired as late:
        told = [text.decode() if isinstance(text, bytes) else text or "" for text in (late.stdout, late.stderr)]
        return subprocess.CompletedProcess(words, 124, *told)


if __name__ == "__main__":
    sys.exit(main())
