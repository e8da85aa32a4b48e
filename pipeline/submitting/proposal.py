"""What would be sent, where, and at what price: everything that can be said before anything leaves this machine."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.core.errors import PlanError, SourceError
from pipeline.core.example import Json, Method
from pipeline.core.lifetime import Status, status
from pipeline.core.money import show_usd
from pipeline.core.settings import CostSettings, PrivacySettings, RuleSettings
from pipeline.core.target import Target
from pipeline.preflight.judge import Ask, check_named
from pipeline.publish.shelf import LATEST, linked
from pipeline.read.compression import compression
from pipeline.report.checked import Checked
from pipeline.report.cost import TargetCost
from pipeline.submit import Kind, Order, kinds
from pipeline.submit.ledger import Estimate
from pipeline.targets import load

LEVELS: Final = ("error", "warning")


@dataclass(frozen=True)
class Task:
    """What is asked for."""

    training: str
    validation: str | None
    target: str
    on: date
    model: str | None = None
    """The platform's name of the model; None: the one that the target means."""
    method: Method | None = None
    """None: recognised."""
    suffix: str | None = None
    seed: int | None = None
    settings: Mapping[str, Json] = field(default_factory=dict)
    rules: RuleSettings = field(default_factory=RuleSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    costs: CostSettings = field(default_factory=CostSettings)
    max_tokens: int | None = None
    """Instead of the target's window."""
    folders: tuple[str, ...] = ()
    """Where more tokenizer vocabularies may lie."""


class File(NamedTuple):
    """One file that would be sent."""

    path: Path
    """As it was named; the ledger is kept beside it."""
    place: Path
    """Where its bytes lay when it was checked: a link may lead to a newer dataset by the time it is sent."""
    sha256: str
    bytes: int
    examples: int

    def is_unchanged(self) -> bool:
        """Say whether its bytes are those that were checked."""
        return self.place.is_file() and _sha256(self.place) == self.sha256


class Proposal(NamedTuple):
    """What would be sent."""

    kind: Kind
    target: Target
    order: Order
    training: File
    validation: File | None
    checked: Checked
    life: Status
    dataset: str | None
    """The version of the dataset that the files are; None: of none."""

    @property
    def folder(self) -> Path:
        """The folder of the training file; the ledger is kept there."""
        return self.training.path.parent

    @property
    def priced(self) -> TargetCost | None:
        """The price; None: nothing could be counted."""
        return self.checked.priced

    @property
    def estimate(self) -> Estimate | None:
        """The price as it is written down; None: nothing could be counted."""
        if (priced := self.priced) is None:
            return None
        return Estimate(
            tokens=priced.tokens,
            padded_tokens=priced.padded_tokens,
            epochs_low=priced.epochs_low,
            epochs_high=priced.epochs_high,
            low_usd=_sum(priced.training.low_usd, priced.validation.low_usd or Decimal(0)),
            high_usd=_sum(priced.training.high_usd, priced.validation.high_usd),
            validation_tokens=self._validation_tokens(priced),
        )

    def _validation_tokens(self, priced: TargetCost) -> int:
        """Give the tokens of one pass over the validation file where it is billed, or may be."""
        if self.target.prices.bills_validation is False or self.checked.tokens is None:
            return 0
        return self.checked.tokens.total - priced.tokens - priced.cut_tokens

    def over(self, most_usd: Decimal | None) -> str | None:
        """Say why it may not be sent under a limit of dollars; None: it may, or there is no limit."""
        if most_usd is None:
            return None
        high = self.estimate.high_usd if self.estimate else None
        if high is None:
            return (
                f"the price at {self.target.id} is not documented, so {show_usd(most_usd)} cannot be promised. "
                "Give the price as `cost.training_usd_per_million_tokens` in the plan, or leave --max-usd out."
            )
        if high > most_usd:
            return f"it may cost {show_usd(high)}, more than {show_usd(most_usd)} (--max-usd)."
        return None

    def told(self, why_not: str | None) -> dict[str, Json]:
        """Give it for machines; `why_not`: why it may not be sent."""
        files = {"training": self.training, "validation": self.validation}
        return {
            "target": self.target.id,
            "model": self.order.model,
            "method": self.order.method,
            **{side: _told(file) if file else None for side, file in files.items()},
            "dataset": self.dataset,
            "verdict": self.checked.verdict,
            "estimate": self.estimate.model_dump(mode="json") if self.estimate else None,
            "lifetime": self.life.sentence,
            "why_not": why_not,
        }

    def face(self) -> Iterator[tuple[str, str]]:
        """Give it for people: a word and a fact a line."""
        for side, file in (("train", self.training), ("validate", self.validation)):
            if file is not None:
                yield side, f"{file.path}: {file.examples:,} examples, {file.bytes:,} bytes"
        yield "check", _counts(self.checked)
        for what in self.checked.summary.not_asked:
            how = f": `tuneset moderate {self.training.path}` asks" if what == "moderation" else ""
            yield "not asked", f"{what}{how}"
        yield "model", f"{self.order.model} at {self.kind.title}, by {self.order.method}{_more(self.order)}"
        if (priced := self.priced) is not None:
            yield "price", priced.sentence.removeprefix(f"{priced.target}: ").removesuffix(f"; {priced.lifetime}")
            if priced.validation.high_usd:
                yield "", f"and for validation {priced.validation}"
            for note in priced.notes:
                yield "note", note
        yield "life", self.life.sentence


def propose(task: Task) -> Proposal:
    """Check the files and work out the price; PlanError or SourceError where that cannot be."""
    target = load(task.target)
    kind = _kind(target)
    paths = [_plain(Path(name)) for name in (task.training, task.validation) if name]
    found = [(path, path.resolve(), _sha256(path)) for path in paths]
    checked = _checked(task, target, paths)
    files = [
        File(*one, one[1].stat().st_size, counted.examples)
        for one, counted in zip(found, checked.summary.files, strict=True)
    ]
    order = Order(
        model=_model(task, target, kind),
        method=checked.summary.method,
        training=files[0].sha256,
        validation=files[1].sha256 if files[1:] else None,
        suffix=task.suffix,
        epochs=None if task.costs.epochs == "auto" else task.costs.epochs,
        seed=task.seed,
        settings=task.settings,
    )
    if (why := _refusal(order, kind)) is not None:
        raise PlanError(why)
    return Proposal(
        kind=kind,
        target=target,
        order=order,
        training=files[0],
        validation=files[1] if files[1:] else None,
        checked=checked,
        life=status(target, task.on),
        dataset=_version(paths[0]),
    )


def _checked(task: Task, target: Target, paths: Sequence[Path]) -> Checked:
    ask = Ask(
        target,
        task.method,
        task.rules,
        privacy=task.privacy,
        costs=task.costs,
        max_tokens=task.max_tokens,
        on=task.on,
        folders=task.folders,
    )
    return check_named([str(paths[0])], validation=[str(path) for path in paths[1:]], ask=ask)


def _model(task: Task, target: Target, kind: Kind) -> str:
    model = task.model or _tuned(task.target) or kind.model_of(target)
    if model is None:
        raise PlanError(f"`{target.id}` stands for many models. Name one as {kind.title} calls it: --model NAME.")
    return model


def _refusal(order: Order, kind: Kind) -> str | None:
    if order.method not in kind.methods:
        known = " and ".join(sorted(kind.methods))
        return f"tuneset starts jobs of {known} at {kind.title}, not of {order.method}."
    return kind.refuses(order)


def _kind(target: Target) -> Kind:
    known = kinds()
    if target.platform in known:
        return known[target.platform]
    raise PlanError(
        f"`{target.id}`: tuneset starts jobs at {', '.join(known)}. For others write the files with "
        f"`tuneset export --target {target.id}`, and start the job with the platform's own tools."
    )


def _tuned(name: str) -> str | None:
    """Give the tuned model that a target's name is (`ft:...`): it is trained further; None: it names a base model."""
    model = name.rpartition("/")[2] if name.startswith("openai/") else name
    return model if model.startswith("ft:") else None


def _plain(path: Path) -> Path:
    """Give a file as it can be uploaded, or refuse it; what is checked is what is sent, byte for byte."""
    if not path.is_file():
        raise SourceError(f"{path}: no such file. Name a JSONL file, or build one with `tuneset build`.")
    with path.open("rb") as file:
        head = file.read(6)
    if compression(head):
        raise SourceError(f"{path}: is compressed, and platforms take plain files. Unpack it first.")
    if path.suffix != ".jsonl":
        raise SourceError(f"{path}: platforms take files named *.jsonl alone. Write it as one: tuneset check --fix -o.")
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version(path: Path) -> str | None:
    """Give the published version that a training file belongs to; None: it was put there by other means."""
    name = linked(path.parent, LATEST)
    return name if name and path.resolve().parent.name == name else None


def _told(file: File) -> dict[str, Json]:
    return {"path": str(file.path), "sha256": file.sha256, "bytes": file.bytes, "examples": file.examples}


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _counts(checked: Checked) -> str:
    counts = {level: sum(one.count for one in checked.summary.counts if one.severity == level) for level in LEVELS}
    found = ", ".join(f"{count:,} {level}{'s' * (count != 1)}" for level, count in counts.items() if count)
    return f"for {checked.summary.target}: {found or 'clean'}"


def _more(order: Order) -> str:
    told = {"suffix": order.suffix, "seed": order.seed, "epochs": order.epochs, **order.settings}
    return "".join(f", {name} {value}" for name, value in told.items() if value is not None)
