"""The sending: files that are not there yet, then one job, each step written down before the next."""

from collections.abc import Callable
from typing import Final, NamedTuple

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.submit import Job, Order, Platform
from pipeline.submit.ledger import Book, Sent, Upload
from pipeline.submit.platform import ENDED_BADLY
from pipeline.submit.said import plain
from pipeline.submitting.proposal import File, Proposal

LOOK_SECONDS: Final = 2.0
"""Between two looks at a file that the platform still reads."""
LOOKS: Final = 900
"""Half an hour, as the openai package waits (`wait_for_processing`)."""


class Going(NamedTuple):
    """A job that is there."""

    sent: Sent
    job: Job
    is_new: bool
    """False: it was there before, for the same files, model and settings; nothing was paid again."""


def send(
    proposal: Proposal,
    platform: Platform,
    *,
    submitted: str,
    sleep: Callable[[float], None],
    told: Callable[[str], None],
    is_again: bool = False,
) -> Going:
    """Upload what the platform has not, and start the job once; the job of an equal order is given instead.

    One that failed or was cancelled is started anew. `is_again`: so is one that runs or succeeded. `told` gets a line for
    each step.
    """
    book = Book(proposal.folder)
    with book.held():
        order, there = _free(proposal.order, platform, book, is_again=is_again)
        if there is not None:
            return there
        files = [file for file in (proposal.training, proposal.validation) if file is not None]
        ids = [_uploaded(file, proposal, platform, book, told).id for file in files]
        for file, file_id in zip(files, ids, strict=True):
            _wait(file, file_id, platform, sleep)
        training, validation = ids[0], ids[1] if ids[1:] else None
        order, job = _lost(order, platform, book, training=training, validation=validation, is_again=is_again)
        sent = _record(proposal, order, platform, submitted)
        if job is not None:
            return Going(book.note(sent.seen(job)), job, is_new=False)
        told("starting the job")
        return _started(book.note(sent), order, platform, book, training=training, validation=validation)


def _free(order: Order, platform: Platform, book: Book, *, is_again: bool) -> tuple[Order, Going | None]:
    """Give the first attempt of which no job is known, or the job that stands for the order."""
    ledger = book.read()
    while (sent := ledger.of(order)) is not None and sent.job is not None:
        job = platform.look(sent.job)
        if job is not None and job.status not in ENDED_BADLY and not is_again:
            return order, Going(book.note(sent.seen(job)), job, is_new=False)
        order = order._replace(attempt=order.attempt + 1)
    return order, None


def _lost(
    order: Order, platform: Platform, book: Book, *, training: str, validation: str | None, is_again: bool
) -> tuple[Order, Job | None]:
    """Give the job of which the platform knows and the ledger does not; or None, and the first attempt that is free.

    Where the ledger says that the job was asked for, whatever is found is that one. Where it says nothing, the order was
    sent from elsewhere or the ledger was lost: then a job that failed is started anew, as ever.
    """
    ledger = book.read()
    was_asked_for = ledger.of(order) is not None
    known = {sent.job for sent in ledger.jobs}
    while found := [
        job for job in platform.find(order, training=training, validation=validation) if job.id not in known
    ]:
        good = [job for job in found if was_asked_for or (job.status not in ENDED_BADLY and not is_again)]
        if good:
            return order, good[0]
        known |= {job.id for job in found}
        order = order._replace(attempt=order.attempt + 1)
    return order, None


def _started(
    sent: Sent, order: Order, platform: Platform, book: Book, *, training: str, validation: str | None
) -> Going:
    try:
        job = platform.start(order, training=training, validation=validation)
    except ProviderGaveUp:
        raise  # it may be there: the record stays, and the next run looks for it
    except TunesetError:
        book.change(lambda ledger: ledger.without(sent))
        raise
    return Going(book.note(sent.seen(job)), job, is_new=True)


def _record(proposal: Proposal, order: Order, platform: Platform, submitted: str) -> Sent:
    return Sent(
        platform=proposal.kind.name,
        address=platform.address,
        target=proposal.target.id,
        model=order.model,
        method=order.method,
        training=order.training,
        validation=order.validation,
        dataset=proposal.dataset,
        suffix=order.suffix,
        epochs=order.epochs,
        seed=order.seed,
        settings=dict(order.settings),
        attempt=order.attempt,
        tag=order.tag,
        submitted=submitted,
        estimate=proposal.estimate,
    )


def _uploaded(file: File, proposal: Proposal, platform: Platform, book: Book, told: Callable[[str], None]) -> Upload:
    """Give a file at the platform, uploaded now where it is not there."""
    name, address = proposal.kind.name, platform.address
    known = book.read().upload(file.sha256, platform=name, address=address)
    if known is not None and (state := platform.file(known.id)) is not None and state.state != "refused":
        told(f"{file.path.name} is there already ({known.id})")
        return known
    if not file.is_unchanged():
        raise TunesetError(f"{file.path}: has changed since it was checked. Run it again.")
    told(f"uploading {file.path.name} ({file.bytes:,} bytes)")
    upload = Upload(
        platform=name,
        address=address,
        name=file.path.name,
        sha256=file.sha256,
        bytes=file.bytes,
        examples=file.examples,
        id=platform.upload(file.place),
    )
    book.change(lambda ledger: ledger.with_upload(upload))
    return upload


def _wait(file: File, file_id: str, platform: Platform, sleep: Callable[[float], None]) -> None:
    """Wait until the platform has read a file."""
    name = file.path.name
    for _ in range(LOOKS):
        state = platform.file(file_id)
        if state is None:
            raise TunesetError(
                f"{name}: the platform does not know the file it has just taken ({file_id}). Run it again."
            )
        if state.state == "refused":
            raise TunesetError(f"{name}: refused by the platform: {plain(state.reason) or 'it does not say why'}")
        if state.state == "ready":
            return
        sleep(LOOK_SECONDS)
    raise ProviderGaveUp(f"{name}: the platform has not read the file in half an hour. Run it again to go on.")
