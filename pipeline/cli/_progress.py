"""Progress for people: bars on a terminal, one plain line a stage elsewhere, nothing when asked to be quiet."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from pipeline.core.progress import Advance, Progress


class Rate(ProgressColumn):
    """Units a second."""

    def render(self, task: Task) -> Text:
        """Give the rate as text, empty until there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {task.fields['unit']}/s" if speed else "", style="dim")


class Terminal:
    """Bars that go when their stage is done; the summary says what came out."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def stage(self, name: str, *, unit: str, total: int | None) -> Iterator[Advance]:
        """Show a bar with count, rate and time left while the stage lasts."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<9}"),
            BarColumn(),
            MofNCompleteColumn(),
            Rate(),
            TimeRemainingColumn(),
        )
        with Bars(*columns, console=self._console, transient=True) as bars:
            task = bars.add_task(name, total=total, unit=unit)
            yield lambda count: bars.advance(task, count)

    def note(self, sentence: str) -> None:
        """Print the sentence above the bars."""
        self._console.print(sentence, highlight=False, soft_wrap=True)


class Plain:
    """One line when a stage is done, for logs."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def stage(self, name: str, *, unit: str, total: int | None) -> Iterator[Advance]:  # noqa: ARG002 - same signature
        """Print what was done and how long it took, once the stage is over."""
        began, done = time.monotonic(), [0]

        def advance(count: int) -> None:
            done[0] += count

        yield advance
        count = f"{done[0]:,} {unit} in " if done[0] else ""
        self.note(f"{name}: {count}{time.monotonic() - began:.1f} s")

    def note(self, sentence: str) -> None:
        """Print the sentence."""
        self._console.print(sentence, highlight=False, soft_wrap=True, markup=False)


class Silent:
    """Says nothing."""

    @contextmanager
    def stage(self, name: str, *, unit: str, total: int | None) -> Iterator[Advance]:  # noqa: ARG002 - same signature
        """Count nothing."""
        yield lambda _: None

    def note(self, sentence: str) -> None:
        """Keep still."""


def for_console(console: Console, *, quiet: bool) -> Terminal | Plain | Silent:
    """Give the progress that fits this console."""
    if quiet:
        return Silent()
    return Terminal(console) if console.is_terminal else Plain(console)


class Timed:
    """Passes everything on and keeps the seconds of each stage."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, *, unit: str, total: int | None) -> Iterator[Advance]:
        """Time the stage while it is shown."""
        began = time.monotonic()
        with self._shown.stage(name, unit=unit, total=total) as advance:
            yield advance
        self.seconds[name] = round(time.monotonic() - began, 3)

    def note(self, sentence: str) -> None:
        """Pass it on."""
        self._shown.note(sentence)
