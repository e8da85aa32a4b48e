"""The pre-commit hooks and the GitHub Action of this repository do what they say, here without their installation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
GOOD = '{"messages": [{"role": "user", "content": "Hi %d"}, {"role": "assistant", "content": "Hello %d"}]}\n'


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env = {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "PRE_COMMIT_HOME": str(folder / ".cache"), **environment}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository that uses the hooks, taken from the environment of the tests and not installed by pre-commit."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    local = [{**hook, "language": "system", "entry": f"{BIN}/{hook['entry']}"} for hook in hooks]
    config = {"repos": [{"repo": "local", "hooks": local}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (tmp_path / "train.jsonl").write_text("".join(GOOD % (n, n * n) for n in range(60)), encoding="utf-8")
    run(["git", "init", "-q"], tmp_path)
    run(["git", "add", "train.jsonl"], tmp_path)
    return tmp_path


def hooks(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    run(["git", "add", "-A", "--", "*.jsonl"], repository)
    return run([str(BIN / "pre-commit"), "run", *arguments, "--all-files"], repository)


@pytest.mark.skipif(not (BIN / "pre-commit").exists(), reason="pre-commit is part of the development environment")
def test_the_check_hook_lets_sound_files_pass_and_stops_flawed_ones(repository: Path) -> None:
    assert (done := hooks(repository, "tuneset-check")).returncode == 0, done.stdout + done.stderr
    with (repository / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"messages": [\n')

    done = hooks(repository, "tuneset-check")

    assert done.returncode == 1
    assert "train.jsonl:61  json.invalid" in done.stdout


@pytest.mark.skipif(not (BIN / "pre-commit").exists(), reason="pre-commit is part of the development environment")
def test_the_fix_hook_repairs_in_place_and_passes_the_second_time(repository: Path) -> None:
    path = repository / "train.jsonl"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert hooks(repository, "tuneset-fix").returncode == 1
    assert b"\r" not in path.read_bytes()
    assert hooks(repository, "tuneset-fix").returncode == 0


def action() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return read


def check_step(folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the action's last step as a runner does: bash with its inputs in the environment."""
    step = action()["runs"]["steps"][-1]
    defaults = {name.upper().replace("-", "_"): one.get("default", "") for name, one in action()["inputs"].items()}
    (folder / "tuneset").mkdir(exist_ok=True)
    if not (folder / "tuneset/bin").exists():
        (folder / "tuneset/bin").symlink_to(BIN)
    given = {name: (inputs | defaults | inputs).get(name, "") for name in step["env"]}
    return run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        folder,
        RUNNER_TEMP=str(folder),
        **given,
    )


@pytest.mark.skipif(shutil.which("bash") is None, reason="a composite action runs in bash")
def test_the_action_annotates_and_fails_on_flaws(repository: Path) -> None:
    assert (done := check_step(repository, FILES="*.jsonl")).returncode == 0, done.stderr
    (repository / "bad.jsonl").write_text("".join(GOOD % (n, -n) for n in range(60, 80)) + "[]\n", encoding="utf-8")

    done = check_step(repository, FILES="**/*.jsonl", SARIF="out.sarif")

    assert done.returncode == 1
    assert "::error file=bad.jsonl,line=21,title=json.not-object::" in done.stdout
    assert (repository / "out.sarif").exists()


@pytest.mark.skipif(shutil.which("bash") is None, reason="a composite action runs in bash")
def test_the_actions_inputs_are_no_code(repository: Path) -> None:
    done = check_step(repository, FILES="train.jsonl $(touch hacked)", TARGET="x; touch hacked")

    assert done.returncode == 2
    assert not (repository / "hacked").exists()


def test_the_action_hands_every_input_over_by_environment() -> None:
    for step in action()["runs"]["steps"]:
        assert "${{" not in step["run"]
