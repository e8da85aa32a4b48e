"""tuneset moderate: ask the Moderation API ahead of a build, at once or by the Batch API."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.measure.batches import Job

UNFINISHED: Final = 4
"""Exit code while a batch is open: run again to go on."""
OVER: Final = frozenset({"completed", "failed", "expired", "cancelled", "lost"})
WAIT_SECONDS: Final = 60
"""Between two looks at open batches; a batch takes minutes to hours."""


@click.command("moderate")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--plan",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Takes [moderation] and the method.",
)
@click.option("--batch", is_flag=True, help="Hand the texts to the Batch API: other limits, an answer within a day.")
@click.option("--wait", is_flag=True, help="With --batch: stay until every batch is over.")
def command(files: tuple[Path, ...], path: Path | None, *, batch: bool, wait: bool) -> int:
    """Ask the Moderation API about files of examples and keep its answers.

    Every text is asked once, ever: a later `tuneset build` or check finds the answers in the cache. With --batch, run it
    again to collect; it exits 4 while a batch is open.
    """
    from pipeline.cli._outside import outside
    from pipeline.core.errors import PlanError
    from pipeline.core.settings import ModerationSettings
    from pipeline.measure.moderation import moderate
    from pipeline.plan import load

    world = outside()
    if world.api_key is None:
        raise PlanError("OPENAI_API_KEY is not set. Set it to ask the Moderation API.")
    plan = load(path) if path else None
    given: dict[str, Any] = {
        "settings": plan.moderation if plan else ModerationSettings(),
        "method": plan.target.method if plan else "sft",
        "api_key": world.api_key,
        "base_url": world.base_url,
        "cache_folder": world.cache,
    }
    if batch:
        return _batched(files, given, wait=wait)
    with moderate(_rows(files), **given) as moderated:
        summary = moderated.summary
    click.echo(f"{summary.verified:,} of {summary.rows:,} examples judged, {summary.held:,} held.")
    click.echo(f"{summary.asked:,} texts asked in {summary.requests:,} requests; {summary.from_cache:,} were known.")
    for category, rows in summary.flagged.items():
        click.echo(f"  flagged for {category}: {rows:,}")
    return int(bool(summary.flagged) or summary.held > 0)


def _batched(files: "Sequence[Path]", given: dict[str, Any], *, wait: bool) -> int:
    """Collect what is over, submit what is new, and, if asked, wait for the rest."""
    import time

    from pipeline.measure.moderation import batch

    _show(batch.collect(**given))
    open_jobs = batch.submit(_rows(files), **given)
    while wait and open_jobs:
        time.sleep(WAIT_SECONDS)
        taken = batch.collect(**given)
        _show(taken)
        open_jobs = tuple(job for job in taken if job.status not in OVER)
    if not open_jobs:
        click.echo("Every text has its verdict in the cache. `tuneset build` asks nothing more.")
        return 0
    _show(open_jobs)
    click.echo("Batches are open. Run this again to collect their answers.")
    return UNFINISHED


def _show(jobs: "Sequence[Job]") -> None:
    for job in jobs:
        problems = f"; refused: {', '.join(job.problems)}" if job.problems else ""
        click.echo(f"batch {job.batch}: {job.status}, {job.completed:,} of {job.total:,} requests answered{problems}")


def _rows(files: "Sequence[Path]") -> "Iterator[tuple[bytes, str]]":
    """Give digest and text of every line."""
    import hashlib

    for file in files:
        with file.open(encoding="utf-8-sig") as lines:
            for line in lines:
                if payload := line.strip():
                    yield hashlib.sha256(payload.encode()).digest()[:16], payload
