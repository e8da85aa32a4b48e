"""Logs for machines: one JSON object a line on standard error, written as things happen."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

import click

from pipeline.core.errors import TunesetError
from pipeline.core.progress import Advance

if TYPE_CHECKING:
    from pipeline.cli._progress import Plain, Silent, Terminal

Command = TypeVar("Command", bound=Callable[..., Any])


def log_format(command: Command) -> Command:
    """Add `--log-format` to a command; a wrong set-up is then told as a line of the log too."""

    @wraps(command)
    def told(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except TunesetError as error:
            if options["log_format"] != "json":
                raise
            JsonLog().write("end", str(error), level="error", exit_code=error.exit_code)
            return error.exit_code

    option = click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        help="How to tell on standard error what is going on; json: one object a line, for log collectors.",
    )
    return cast("Command", option(told))


class JsonLog:
    """A log of JSON lines, and the progress of a run as such."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr

    def write(self, event: str, message: str, *, level: str = "info", **facts: Any) -> None:
        """Write one line: time, level and event, the facts, and a sentence for people."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"time": now, "level": level, "event": event, **facts, "message": message}
        self._out.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._out.flush()

    @contextmanager
    def stage(self, name: str, *, unit: str, total: int | None) -> Iterator[Advance]:  # noqa: ARG002 - same signature
        """Write one line when the stage is done: how many units, how many seconds."""
        began, done = time.monotonic(), [0]

        def advance(count: int) -> None:
            done[0] += count

        yield advance
        seconds = round(time.monotonic() - began, 3)
        counted = f"{done[0]:,} {unit} in " if done[0] else ""
        facts: dict[str, Any] = {"stage": name, unit: done[0], "seconds": seconds}
        self.write("stage", f"{name}: {counted}{seconds} s", **facts)

    def note(self, sentence: str) -> None:
        """Write the sentence."""
        self.write("note", sentence)


def progress_for(form: str, *, quiet: bool) -> "JsonLog | Terminal | Plain | Silent":
    """Give the progress that a command shows on standard error."""
    if form == "json":
        return JsonLog()
    from rich.console import Console

    from pipeline.cli._progress import for_console

    return for_console(Console(stderr=True), quiet=quiet)
