"""tuneset build: the main job."""

from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli._cluster import Cluster, cluster_options, distributed
from pipeline.cli._light import alone, collect_seldom, without_pandas
from pipeline.cli._log import log_format
from pipeline.cli._options import plan_option, workers_option

if TYPE_CHECKING:
    from pipeline.core.progress import Progress
    from pipeline.frame import Outcome
    from pipeline.plan import Plan


@click.command("build")
@plan_option
@workers_option
@cluster_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print the result.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="Exit 1 when the dataset as a whole has findings, or fails expectations, of this severity.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    help="Day for prices and closing dates. [default: today]",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="Wait so long for another run that builds the same dataset. [default: refuse at once]",
)
@click.option("--accept", is_flag=True, help="Publish it even if it drifted, and compare later builds with it.")
@log_format
@click.option(
    "--profile", "profiled", is_flag=True, help="Say what each stage cost: a table, timings.json, profile.html."
)
@click.option("--no-cache", is_flag=True, help="Work everything out anew and keep nothing for the next run.")
@click.option("--quiet", is_flag=True, help="No progress and no summary; findings still decide the exit code.")
def command(
    path: Path,
    workers: int | None,
    form: str,
    fail_on: str,
    as_of: object,
    *,
    cluster: str | None,
    shared: str | None,
    wait: float,
    accept: bool,
    log_format: str,
    profiled: bool,
    no_cache: bool,
    quiet: bool,
) -> int:
    """Build the dataset that the plan describes.

    Reads the sources, composes examples, removes duplicates, checks, splits and writes train and validation JSONL with
    a report and the price. The dataset of an earlier run stays untouched until the new one is complete.
    """
    alone()
    collect_seldom()
    from pipeline.cli._log import progress_for
    from pipeline.plan import load

    day = as_of.date() if isinstance(as_of, datetime) else None
    place = Cluster(cluster, shared) if cluster else None
    progress = progress_for(log_format, quiet=quiet or form == "json")
    plan = load(path)
    outcome = built(
        path,
        plan,
        progress=progress,
        workers=workers,
        wait=wait,
        accepts=accept,
        as_of=day,
        cluster=place,
        profiled=profiled,
        remembers=not no_cache,
    )
    if form == "json":
        from pipeline.report.faces import as_json

        click.echo(as_json(outcome.report), nl=False)
    elif not quiet:
        _print(outcome, plan.write.folder)
        if not outcome.published.is_new and not outcome.published.held:
            click.echo(f"Nothing changed: version {outcome.published.version} is published.")
    if outcome.published.held:
        click.echo(_held(outcome), err=True)
    return int(outcome.fails(fail_on))


def built(
    path: Path,
    plan: "Plan",
    *,
    progress: "Progress",
    workers: int | None = None,
    wait: float = 0.0,
    accepts: bool = False,
    as_of: date | None = None,
    cluster: Cluster | None = None,
    profiled: bool = False,
    remembers: bool = True,
) -> "Outcome":
    """Build a plan in the world as it is, and keep beside the dataset how long each stage took."""
    from pipeline.cli._outside import outside
    from pipeline.cli._shelf import shelf
    from pipeline.remember.noted import is_noted
    from pipeline.report.gate_process import early_gate

    without_pandas()
    world, root = outside(), path.absolute().parent
    workers = 1 if cluster else workers or world.cores
    remembered = world.cache / "rows" if remembers else None
    with ExitStack() as stack:
        folder = stack.enter_context(shelf(plan.write.folder, world.cache, root=root, tell=progress.note))
        # of what was built before most is known: few workers or none are needed, and perhaps nothing is built
        is_first = remembered is None or not is_noted(remembered, folder)
        gate = stack.enter_context(early_gate()) if is_first and plan.expect.enabled else None

        from pipeline.cli._builders import builders
        from pipeline.cli._profile import clocks
        from pipeline.engines.local import Local
        from pipeline.engines.ready import Ready
        from pipeline.run import Setting, build

        forked = builders(plan, root, workers=workers, vocabularies=world.vocabularies) if is_first else Ready()
        ready = stack.enter_context(forked)
        with clocks(progress, profiled=profiled) as timed:
            setting = Setting(
                root=root,
                folder=folder,
                today=as_of or world.today,
                stamp=world.stamp,
                cache=world.cache,
                remembered=remembered,
                vocabularies=world.vocabularies,
                engine=Local(workers, ready),
                api_key=world.api_key,
                base_url=world.base_url,
                salt=world.salt,
                wait_seconds=wait,
                accepted_by=world.user if accepts else None,
                progress=timed.progress,
                watch=timed.watch,
                gate=gate,
            )
            outcome = distributed(plan, setting, cluster) if cluster else build(plan, setting)
        timed.keep(outcome.folder, outcome.report, tell=progress.note)
    return outcome


def _held(outcome: "Outcome") -> str:
    """Say what drifted, and what to do about it."""
    published, drift = outcome.published, outcome.report.drift
    against = drift.against if drift else "the accepted version"
    lines = (f"  {sentence}" for sentence in published.held)
    return "\n".join(
        [
            f"Held back: version {published.version} drifted from {against}, and the dataset in use stays as it was.",
            *lines,
            f"Look: tuneset diff {against} {published.version}. Publish it all the same: tuneset accept {published.version}.",
        ]
    )


def _print(outcome: "Outcome", named: str) -> None:
    """Print the summary: with colours on a terminal, as plain lines elsewhere; `named` is the plan's folder or URL."""
    from rich.console import Console

    from pipeline.core.place import is_url, shown
    from pipeline.report.terminal import closing, closing_text

    held = outcome.published.folder if outcome.published.held else None
    folder = shown(named) if is_url(named) else _shown(held or outcome.folder)
    console = Console()
    if console.is_terminal:
        console.print(closing(outcome.report, folder=folder))
    else:
        click.echo(closing_text(outcome.report, folder=folder))


def _shown(folder: Path) -> str:
    """Give the folder as a user would type it."""
    here = Path.cwd()
    return f"{folder.relative_to(here) if folder.is_relative_to(here) else folder}"
