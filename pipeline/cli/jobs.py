"""tuneset jobs: what became of the jobs that were started from a folder."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli._platform import jobs_folder_option
from pipeline.core.errors import TunesetError

if TYPE_CHECKING:
    from pipeline.submit import Failure, Job
    from pipeline.submit.ledger import Book, Ledger, Sent, Upload
    from pipeline.submitting import Seen

FAILED = 1
BLOCKING = "moderation_checks"
"""Kind of the events that tell what OpenAI's check of the tuned model found."""
TRACED = 5
"""Lines of a failure that are traced to their rows."""
LOOK_SECONDS = 10.0


@click.command("jobs")
@click.argument("job", required=False, metavar="[JOB]")
@jobs_folder_option
@click.option("--watch", is_flag=True, help="Stay until the job has ended; exit 1 where it failed.")
@click.option(
    "--every",
    "seconds",
    type=click.FloatRange(0, min_open=True),
    default=LOOK_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Between two looks of --watch.",
)
@click.option("--cancel", is_flag=True, help="Stop the job; what it has trained so far may be billed.")
@click.option(
    "--delete-uploads",
    "is_delete",
    is_flag=True,
    help="Delete the files at the platform that ended jobs were trained on; their models stay.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def command(
    job: str | None, folder: Path, *, watch: bool, seconds: float, cancel: bool, is_delete: bool, form: str
) -> int:
    """List the jobs that were started from a folder, or tell all about one.

    \b
    tuneset jobs                         all of them, as the platforms say now
    tuneset jobs ftjob-abc               one: what happened, what was billed, and why it failed
    tuneset jobs --watch                 follow the newest
    tuneset jobs --delete-uploads        when all have ended: what was uploaded is deleted there
    """
    from pipeline.cli._platform import book_of, opened, sent_of

    book = book_of(folder)
    if watch:
        return follow(folder, sent_of(book, job), form, seconds=seconds)
    if cancel:
        sent = sent_of(book, job)
        with opened(sent.platform) as platform:
            sent = book.note(sent.seen(platform.cancel(str(sent.job))))
        _print([sent], form)
        return 0
    if is_delete:
        _delete(book, [sent_of(book, job)] if job else list(book.read().jobs))
        return 0
    if job is None:
        _print([_now(folder, sent) for sent in book.read().jobs], form)
        return 0
    return follow(folder, sent_of(book, job), form, is_one_look=True)


def _delete(book: "Book", jobs: "list[Sent]") -> None:
    """Delete what was uploaded for jobs that have ended; a file that a running job reads stays."""
    from pipeline.cli._platform import opened

    jobs = [_now(book.folder, sent) for sent in jobs]
    ledger = book.read()
    needed = {up.id for sent in ledger.jobs if not sent.is_over for up in ledger.uploads_of(sent)}
    for upload in dict.fromkeys(up for sent in jobs for up in ledger.uploads_of(sent)):
        if upload.id in needed:
            click.echo(f"{upload.id}  {upload.name} stays: a job still reads it", err=True)
            continue
        with opened(upload.platform) as platform:
            was_there = platform.remove(upload.id)
        book.change(partial(_without, upload=upload))
        click.echo(f"{upload.id}  {upload.name} {'deleted' if was_there else 'was gone already'} at {upload.address}")


def _without(ledger: "Ledger", *, upload: "Upload") -> "Ledger":
    return ledger.without_upload(upload)


def follow(folder: Path, sent: "Sent", form: str, *, seconds: float = LOOK_SECONDS, is_one_look: bool = False) -> int:
    """Tell what happens to a job until it has ended, or once; 1 where it failed or was cancelled."""
    from pipeline.cli._platform import book_of, opened
    from pipeline.submit.platform import ENDED_BADLY
    from pipeline.submitting import watch

    book, seen = book_of(folder), None
    with opened(sent.platform) as platform:
        for seen in watch(platform, str(sent.job), sleep=time.sleep, seconds=seconds):
            sent = book.note(sent.seen(seen.job))
            if form == "text":
                _tell(seen)
            if is_one_look:
                break
    assert seen is not None
    if form == "json":
        _print([sent], form)
    else:
        for line in _end(folder, sent, seen.job):
            click.echo(line)
    return FAILED if seen.job.status in ENDED_BADLY else 0


def _now(folder: Path, sent: "Sent") -> "Sent":
    """Give a record as the platform says now; as it was last seen where that cannot be asked, which is told."""
    from pipeline.cli._platform import book_of, opened
    from pipeline.submitting.watch import look

    if sent.job is None or sent.is_over:
        return sent
    try:
        with opened(sent.platform) as platform:
            return book_of(folder).note(sent.seen(look(platform, sent.job)))
    except TunesetError as error:
        click.echo(f"{sent.job}, as it was last seen: {error}", err=True)
        return sent


def _tell(seen: "Seen") -> None:
    from pipeline.submit import Failure
    from pipeline.submit.failures import explained
    from pipeline.submit.said import plain

    for event in seen.news:
        mark = {"warning": "warning: ", "error": "error: "}.get(event.level, "")
        click.echo(f"{_time(event.at)}  {mark}{plain(event.message)}", err=True)
        # a job succeeds although its model is blocked afterwards, and no field of the job says so
        if event.kind == BLOCKING and (known := explained(Failure(event.kind, event.message))):
            click.echo(f"{'':<21}{known.title} {known.cure}", err=True)


def _end(folder: Path, sent: "Sent", job: "Job") -> Iterator[str]:
    """Give how it stands: the model, the bill, or the failure with its cure."""
    from pipeline.submit import kinds
    from pipeline.submitting.watch import bill

    until = f", about until {_time(job.estimated_finish)}" if job.estimated_finish and not job.is_over else ""
    yield f"{job.id}: {job.said}{until}"
    if (billed := bill(sent)) is not None:
        yield f"  billed    {billed}"
    if job.failure is not None:
        yield from _why(folder, sent, job.failure)
    if job.model and job.status == "succeeded":
        yield f"  model     {job.model}"
        hint = kinds()[sent.platform].hint
        yield f"  next      {hint or f'tuneset ask --folder {folder} `a question`'}"


def _why(folder: Path, sent: "Sent", failure: "Failure") -> Iterator[str]:
    """Give why a job failed: in the platform's words, then in ours, then the rows that its lines were made of."""
    from pipeline.submit.failures import explained
    from pipeline.submit.said import plain

    yield f"  failed    {': '.join(part for part in (failure.code, plain(failure.message)) if part)}"
    known = explained(failure)
    if known is None:
        return
    yield f"  means     {known.title}"
    yield f"  do        {known.cure}"
    if known.codes:
        yield f"  see       tuneset explain {' '.join(known.codes)}"
    file = "validation.jsonl" if failure.where == "validation" else "train.jsonl"
    for line in known.lines[:TRACED]:
        yield f"  line      {_origin(folder, sent, file, line)}"
    if len(known.lines) > TRACED:
        yield f"  line      and {len(known.lines) - TRACED:,} more"


def _origin(folder: Path, sent: "Sent", file: str, line: int) -> str:
    """Give a line and the row that it was made of; the line alone where the dataset is not there any more."""
    from pipeline.cli._dataset import place
    from pipeline.report import whereabouts

    if sent.dataset is None:
        return f"{file}:{line}"
    try:
        story = whereabouts.trace(place(folder, sent.dataset), file=file, line=line)
    except TunesetError:
        return f"{file}:{line}"
    return f"{file}:{line}, made of {story.name}"


def _time(seconds: int | None) -> str:
    """Give a time of day in UTC."""
    return datetime.fromtimestamp(seconds or 0, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _print(jobs: list["Sent"], form: str) -> None:
    if form == "json":
        import json

        click.echo(json.dumps([sent.model_dump(mode="json") for sent in jobs], ensure_ascii=False, indent=2))
        return
    if not jobs:
        click.echo("No job was started from here. Start one with `tuneset submit`.")
        return
    for sent in jobs:
        for line in _lines(sent):
            click.echo(line)


def _lines(sent: "Sent") -> Iterator[str]:
    """Give a job for people: what it is, and below it what it made."""
    state = sent.status or "asked for, and no answer yet: submit it again"
    day, clock = sent.submitted[:10], f"{sent.submitted[11:13]}:{sent.submitted[13:15]}"
    yield f"{sent.job or sent.tag}  {state}  {day} {clock} UTC  {sent.target}"
    made = [sent.tuned] if sent.tuned else []
    made += [f"{sent.trained_tokens:,} tokens billed"] if sent.trained_tokens is not None else []
    made += [f"of the dataset's version {sent.dataset}"] if sent.dataset else []
    if made:
        yield f"  {', '.join(made)}"
