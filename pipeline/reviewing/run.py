"""One review on one screen: choose, estimate, ask what the cache does not know, and say what is known afterwards."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.core.address import OPENAI
from pipeline.core.errors import PlanError, ProviderGaveUp, TunesetError
from pipeline.core.finding import Finding
from pipeline.core.money import show_usd
from pipeline.core.progress import Advance, Progress
from pipeline.core.settings import ReviewSettings
from pipeline.core.wording import counted
from pipeline.measure.cache import Cache
from pipeline.measure.moderation.talk import Patience
from pipeline.review.agreement import Label, agreement
from pipeline.review.purse import Price, Purse
from pipeline.review.result import Cost, Result, Review, counts, findings, judged
from pipeline.review.rubric import Rubric
from pipeline.review.sample import sample
from pipeline.review.verdict import from_bytes
from pipeline.reviewing import asking, batch
from pipeline.reviewing.judge import Judge, Want
from pipeline.reviewing.output import written
from pipeline.reviewing.rows import Row, Rows

FILE: Final = "review.sqlite"
PATIENCE: Final = Patience()


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is to be reviewed, by what, and where it is asked."""

    files: Sequence[str]
    rubrics: Sequence[Rubric]
    settings: ReviewSettings
    cache_folder: Path
    api_key: str | None = field(repr=False)
    base_url: str | None = None
    output: Path | None = None
    """Where the results are written, one JSON line each; None: nowhere."""
    labels: Sequence[Label] = ()
    """Where given, just these examples are reviewed, and the agreement is told."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Name of a row → the text that it was made from."""
    is_batch: bool = False
    """Ask by the Batch API: half the price, within a day; run again to collect."""
    is_estimate: bool = False
    """Ask nothing; tell what it would cost."""
    clock: Callable[[], float]
    """Seconds of the day's clock, as time.time gives them: a limit a minute needs one."""
    patience: Patience = PATIENCE


class Reviewed(NamedTuple):
    """What came out of a run."""

    review: Review
    findings: tuple[Finding, ...]
    """Gravest first."""


class Estimate(NamedTuple):
    """What is to be asked, before it is."""

    questions: int
    missing: int
    expected_usd: Decimal
    most_usd: Decimal


def review(task: Task, progress: Progress) -> Reviewed:
    """Review the task's files; what was answered is in the cache as soon as it is there, whatever happens then.

    Where the provider gave up or the budget ended, `unfinished` says so and the next call goes on. Raises TunesetError
    where nothing can be asked: no key, no price, no budget, no such model.
    """
    rows = Rows(task.files, sources=task.sources)
    judge = Judge(task.base_url or OPENAI, task.settings, task.rubrics)
    digests = {row.name: row.digest for row in rows}
    unreadable, labels = rows.unreadable, _resolved(task.labels, digests)
    chosen = _chosen(task, digests, labels)
    price = _price(task)
    with _cache(task.cache_folder / FILE) as cache:
        estimate = _estimate(judge, cache, _of(rows, chosen), price)
        progress.note(_before(estimate, task.settings.budget_usd))
        work = asking.Work(judge=judge, purse=Purse(task.settings.budget_usd, price))
        if task.is_estimate:
            work.unreached = "only the estimate was asked for"
        elif estimate.missing:
            _ask(task, work, cache, _of(rows, chosen), progress=progress, total=estimate.missing)
        results = _results(judge, cache, rows, chosen, work)
        found = written(results, task.output)
    told = _account(task, work, estimate=estimate, found=found, labels=labels)
    sizes = {"examples": len(digests), "unreadable": unreadable, "chosen": len(chosen)}
    return Reviewed(told.model_copy(update=sizes), tuple(findings(found)))


def _account(
    task: Task, work: asking.Work, *, estimate: Estimate, found: list[Result], labels: Sequence[Label]
) -> Review:
    verdicts = {(one.name, one.rubric): one.label for one in found if one.label and one.state != "held"}
    return Review(
        tuneset=version("tuneset"),
        model=task.settings.model,
        backend=work.judge.backend,
        files=tuple(task.files),
        rubrics=counts(found, task.rubrics),
        asked=work.answered,
        from_cache=estimate.questions - estimate.missing,
        requests=work.requests,
        cost=_cost(estimate, work.purse, task.settings.budget_usd),
        agreement=tuple(agreement(labels, verdicts, rubric) for rubric in task.rubrics) if labels else (),
        unfinished=None if task.is_estimate else _unfinished(work, found),
        output=str(task.output) if task.output else None,
    )


def _ask(task: Task, work: asking.Work, cache: Cache, rows: Iterator[Row], *, progress: Progress, total: int) -> None:
    """Ask what has no verdict; what ends the asking early is noted in the work."""
    if task.settings.budget_usd is None:
        raise PlanError(
            "review: no budget. Name the most that this run may cost: --budget USD, or `review.budget_usd`."
        )
    key, base_url = task.api_key or ("local" if task.base_url else None), task.base_url
    if key is None:
        raise TunesetError("OPENAI_API_KEY: not set. Set it, or OPENAI_BASE_URL to a server of your own.")
    if task.is_batch:
        work.notes.extend(
            batch.exchange(work, rows, file=FILE, cache_folder=task.cache_folder, api_key=key, base_url=base_url)
        )
        return
    with progress.stage("review", unit="questions", total=total) as advance:
        try:
            asking.ask(
                work,
                rows,
                cache,
                api_key=key,
                base_url=base_url,
                patience=task.patience,
                clock=task.clock,
                advance=_counted(advance),
            )
        except ProviderGaveUp as error:
            work.notes.append(f"{error}.")


def _counted(advance: Advance) -> Callable[[], None]:
    return lambda: advance(1)


def _cache(path: Path) -> Cache:
    """Open the cache; for its owner alone, because reasons may quote the data."""
    with suppress(OSError):  # Cache tells what is wrong with the folder
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    return Cache(path)


def _of(rows: Rows, chosen: Collection[str]) -> Iterator[Row]:
    return (row for row in rows if row.name in chosen)


def _chosen(task: Task, digests: Mapping[str, bytes], labels: Sequence[Label]) -> set[str]:
    """Give the names of the rows that are reviewed."""
    if task.labels:
        return {label.name for label in labels}
    if task.settings.sample is None:
        return set(digests)
    picked = sample(digests.values(), size=task.settings.sample, seed=task.settings.seed)
    return {name for name, digest in digests.items() if digest in picked}


def _resolved(labels: Sequence[Label], digests: Mapping[str, bytes]) -> list[Label]:
    """Give the labels with the names of rows in full; people write `train.jsonl:5`, or `5` where there is one file."""
    names: dict[str, list[str]] = {}
    for name in digests:
        file, _, line = name.rpartition(":")
        for short in {name, f"{Path(file).name}:{line}", line}:
            names.setdefault(short, []).append(name)
    for label in labels:
        if len(found := names.get(label.name, [])) != 1:
            what = "in several files; name the file with its folder" if found else "not among the examples"
            raise PlanError(f"labels: row {label.name} is {what}. Expected names such as train.jsonl:5.")
    return [label._replace(name=names[label.name][0]) for label in labels]


def _price(task: Task) -> Price:
    paid = task.settings.input_usd_per_million_tokens, task.settings.output_usd_per_million_tokens
    if paid[0] is None or paid[1] is None:
        cure = "Name it in dollars for a million tokens in and out: --price 0.40/1.60, or 0/0 for a server of your own"
        raise PlanError(f"review: the price of {task.settings.model} is not known, so no budget can be kept. {cure}.")
    price = Price(paid[0], paid[1])
    return price.for_batches() if task.is_batch else price


def _estimate(judge: Judge, cache: Cache, rows: Iterator[Row], price: Price) -> Estimate:
    """Count the questions that have no verdict, each once, and what they cost."""
    questions, expected, most = 0, Decimal(0), Decimal(0)
    missing: set[bytes] = set()
    for wants in asking.slices(judge.wants(rows)):
        known = cache.get({want.key for want in wants})
        questions += len(wants)
        for want in wants:
            if want.key not in known and want.key not in missing:
                missing.add(want.key)
                expected += price.of(judge.expected(want))
                most += price.of(judge.highest(judge.request(want)[1]))
    return Estimate(questions, len(missing), expected, most)


def _before(estimate: Estimate, budget_usd: Decimal | None) -> str:
    if not estimate.missing:
        return f"All {estimate.questions:,} questions have been answered before; nothing is asked."
    about = f"about {show_usd(estimate.expected_usd)}, at most {show_usd(estimate.most_usd)}"
    budget = "" if budget_usd is None else f"; the budget is {show_usd(budget_usd)}"
    return f"{estimate.missing:,} of {estimate.questions:,} questions to ask: {about}{budget}."


def _results(judge: Judge, cache: Cache, rows: Rows, chosen: Collection[str], work: asking.Work) -> Iterator[Result]:
    """Give the result of every question, in the order of the files."""
    for wants in asking.slices(judge.wants(_of(rows, chosen))):
        known = cache.get({want.key for want in wants})
        for want in wants:
            yield _result(want, known.get(want.key), work)


def _result(want: Want, packed: bytes | None, work: asking.Work) -> Result:
    name, digest = want.row.name, want.row.digest
    if packed is not None:
        return judged(name, digest, want.rubric, from_bytes(packed))
    why = work.left.get(want.key)
    if why in (None, asking.BUDGET, batch.WAITING):
        return Result(name, digest.hex(), want.rubric.name, "not-asked", why=why or work.unreached)
    return Result(name, digest.hex(), want.rubric.name, "held", why=why)


def _unfinished(work: asking.Work, results: Sequence[Result]) -> str | None:
    """Say why questions are left that another run would ask, and how many."""
    left = sum(one.state == "not-asked" for one in results)
    notes = list(work.notes)
    if asking.BUDGET in work.left.values():
        notes.append("The budget does not reach for more.")
    if not notes:
        return None
    return " ".join(
        [*notes, f"{counted(left, 'question')} without a verdict; what was answered is kept. The next run goes on."]
    )


def _cost(estimate: Estimate, purse: Purse, budget_usd: Decimal | None) -> Cost:
    spent = purse.spent
    return Cost(
        expected_usd=f"{estimate.expected_usd:f}",
        most_usd=f"{estimate.most_usd:f}",
        budget_usd=None if budget_usd is None else f"{budget_usd:f}",
        spent_usd=f"{spent.usd:f}",
        unsure_usd=f"{spent.unsure_usd:f}",
        set_aside_usd=f"{purse.set_aside_usd:f}",
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
    )
