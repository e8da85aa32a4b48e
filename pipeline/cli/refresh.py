"""tuneset refresh: a build for schedulers."""

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from pipeline.cli._light import alone
from pipeline.cli._log import log_format
from pipeline.cli._options import plan_option, workers_option
from pipeline.core.errors import TunesetError

if TYPE_CHECKING:
    from pipeline.cli._log import JsonLog
    from pipeline.frame import Outcome
    from pipeline.plan import Plan

HOOK_FAILED: Final = 5
_WORDS: Final = {75: "busy", 2: "setup", 4: "provider", 130: "interrupted", 3: "bug"}
"""Exit code → status, where there is no outcome."""


class Result(NamedTuple):
    """How a refresh ended, as hooks, logs and metrics tell it."""

    status: str
    """published, unchanged, held, flawed, or busy, setup, provider, interrupted, bug."""
    exit_code: int
    message: str
    version: str = ""
    folder: Path | None = None
    """Of the version that was built or is unchanged."""

    @property
    def is_success(self) -> bool:
        """Whether the dataset in use is what the sources give today."""
        return self.exit_code == 0


@click.command("refresh")
@plan_option
@workers_option
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="Exit 1 when the dataset as a whole has findings, or fails expectations, of this severity.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=None,
    metavar="SECONDS",
    help="Wait so long for another run. [default: refresh.wait_seconds of the plan]",
)
@click.option(
    "--metrics",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    metavar="FILE",
    help="Write Prometheus metrics here. [default: refresh.metrics of the plan]",
)
@log_format
def command(
    path: Path, *, workers: int | None, fail_on: str, wait: float | None, metrics: Path | None, log_format: str
) -> int:
    """Build the dataset as `build` does, for a scheduler: quiet unless something happened.

    Waits for another run, runs the plan's `on_success` or `on_failure`, writes metrics. With `--log-format json` every
    step is a line on standard error.

    \b
    Exit codes: 0 published or unchanged; 1 drifted and held back, or flawed; 2 wrong set-up; 3 a bug; 4 a provider
    gave up, run again to go on; 5 published or unchanged, but `on_success` failed; 75 another run is at work, try
    again later; 130 interrupted.
    """
    alone()
    from pipeline.cli._log import JsonLog
    from pipeline.plan import load

    _heed_sigterm()
    began = time.monotonic()
    log = JsonLog() if log_format == "json" else None
    plans: list[Plan] = []

    def work() -> Result:
        plans.append(load(path))
        return _refreshed(path, plans[0], log, workers=workers, fail_on=fail_on, wait=wait)

    result = _guarded(work)
    _tell(result, log, seconds=round(time.monotonic() - began, 3))
    plan = plans[0] if plans else None
    code = _after(result, plan, path.absolute().parent, log)
    _measure(result, plan, path.absolute().parent, metrics, code=code, seconds=time.monotonic() - began, log=log)
    return code


def _refreshed(
    path: Path, plan: "Plan", log: "JsonLog | None", *, workers: int | None, fail_on: str, wait: float | None
) -> Result:
    from pipeline.cli._progress import Silent
    from pipeline.cli.build import built

    if log:
        log.write("begin", f"Refreshing {plan.name}.", dataset=plan.name, plan=path.name)
    waits = plan.refresh.wait_seconds if wait is None else wait
    return _of(built(path, plan, progress=log or Silent(), workers=workers, wait=waits), fail_on)


def _of(outcome: "Outcome", fail_on: str) -> Result:
    """Give the result of a build that came to its end."""
    published, kept = outcome.published, outcome.report.fates.kept
    if published.held:
        told = f"Held back: {' '.join(published.held)} Publish it all the same: tuneset accept {published.version}."
        return Result("held", 1, told, published.version, published.folder)
    state = "published" if published.is_new else "unchanged"
    told = f"Version {published.version} {'is published' if published.is_new else 'stays'}: {kept:,} examples."
    if outcome.fails(fail_on):
        told += " The dataset as a whole has findings or fails expectations; see report.md."
        return Result("flawed", 1, told, published.version, published.folder)
    return Result(state, 0, told, published.version, published.folder)


def _guarded(work: Callable[[], Result]) -> Result:
    """Give the result, also of what went wrong."""
    try:
        return work()
    except TunesetError as error:
        return Result(_WORDS.get(error.exit_code, "setup"), error.exit_code, str(error))
    except (KeyboardInterrupt, click.Abort):
        return Result("interrupted", 130, "Interrupted. What was published before is untouched.")
    except Exception:  # noqa: BLE001 - as in __main__: the last resort, shown whole
        return Result("bug", 3, f"{traceback.format_exc()}This is a bug in tuneset: nothing was published.")


def _tell(result: Result, log: "JsonLog | None", *, seconds: float) -> None:
    """Say how it ended, on standard error; text says nothing where nothing happened."""
    level = "info" if result.is_success else "error"
    if log:
        facts = {"status": result.status, "exit_code": result.exit_code, "version": result.version}
        log.write("end", result.message, level=level, **facts, seconds=seconds)
    elif result.status != "unchanged":
        click.echo(result.message, err=True)


def _after(result: Result, plan: "Plan | None", root: Path, log: "JsonLog | None") -> int:
    """Run the plan's command for this end, and give the exit code of the whole."""
    from pipeline.cli._hook import run_hook

    if plan is None:
        return result.exit_code
    name = "on_success" if result.is_success else "on_failure"
    hook = plan.refresh.on_success if result.is_success else plan.refresh.on_failure
    if not hook:
        return result.exit_code
    ran = run_hook(hook, facts=_facts(result, plan), folder=root, limit_seconds=plan.refresh.hook_seconds)
    told = f"refresh.{name}: {hook[0]} {ran.trouble or 'ended with 0'}." + (f"\n{ran.output}" if ran.output else "")
    if log:
        log.write("hook", told, level="error" if ran.trouble else "info", hook=name)
    elif ran.trouble:
        click.echo(told, err=True)
    return HOOK_FAILED if ran.trouble and result.is_success else result.exit_code


def _facts(result: Result, plan: "Plan") -> dict[str, str]:
    """Give what a hook finds in its environment."""
    report = result.folder / "report.json" if result.folder else ""
    return {
        "TUNESET_STATUS": result.status,
        "TUNESET_EXIT_CODE": str(result.exit_code),
        "TUNESET_DATASET": plan.name,
        "TUNESET_VERSION": result.version,
        "TUNESET_FOLDER": str(result.folder or ""),
        "TUNESET_REPORT": str(report),
        "TUNESET_MESSAGE": result.message.replace("\0", ""),
    }


def _measure(
    result: Result,
    plan: "Plan | None",
    root: Path,
    given: Path | None,
    *,
    code: int,
    seconds: float,
    log: "JsonLog | None",
) -> None:
    """Write the metrics file anew, if one is asked for; that it cannot be written is told and changes no exit code."""
    from pipeline.cli._metrics import write_metrics

    named = plan.refresh.metrics if plan else None
    file = given or (root / named if named else None)
    if file is None:
        return
    try:
        write_metrics(
            file,
            dataset=plan.name if plan else "",
            folder=root / plan.write.folder if plan else None,
            now=time.time(),
            seconds=seconds,
            exit_code=code,
            is_new=result.status in ("published", "flawed"),
        )
    except OSError as error:
        told = f"{file}: no metrics were written ({error.strerror or error}). Make its folder writable."
        log.write("note", told, level="warning") if log else click.echo(told, err=True)


def _heed_sigterm() -> None:
    """Let a scheduler's stop end the run as Ctrl-C does: workers go, hooks and metrics tell of it."""
    import signal
    import threading

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
