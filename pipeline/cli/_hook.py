"""Commands of the plan that run after a refresh: started without a shell, told what came out, stopped when they hang."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

_SHOWN_CHARACTERS: Final = 2_000


class Ran(NamedTuple):
    """What became of a command."""

    trouble: str | None
    """Why it counts as failed; None: it ended with 0."""
    output: str
    """The end of what it printed."""


def run_hook(command: Sequence[str], *, facts: Mapping[str, str], folder: Path, limit_seconds: float) -> Ran:
    """Run a command in the plan's folder, with the facts in its environment; what it started ends with it."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the plan's own command, given as a list: no shell reads it
            list(command),
            cwd=folder,
            env={**os.environ, **facts},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return Ran(f"cannot be started: {error.strerror or error}", "")
    try:
        told, _ = process.communicate(timeout=limit_seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        told, _ = process.communicate()
        return Ran(f"took longer than {limit_seconds:g} s and was stopped", _shown(told))
    trouble = None if process.returncode == 0 else f"ended with {process.returncode}"
    return Ran(trouble, _shown(told))


def _shown(told: bytes) -> str:
    return told.decode("utf-8", "replace").strip()[-_SHOWN_CHARACTERS:]
