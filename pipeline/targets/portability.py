"""Where a dataset can go: for each target, as it is, after which conversions, with what loss, or why not."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple, TypeAlias

from pipeline.core.errors import PlanError
from pipeline.core.example import Json, Method
from pipeline.core.lifetime import status
from pipeline.core.target import Limits, Settings, Target
from pipeline.targets.conversation import is_sound
from pipeline.targets.format import Format, export, format_of
from pipeline.targets.losses import LOSSES, Loss
from pipeline.targets.needs import Needs, needs_of

Verdict: TypeAlias = Literal["as it is", "after conversion", "with loss", "in part", "not possible"]

_REMEMBERED = 10_000
"""Kinds of examples whose outcome is kept: datasets have a handful, and memory must not grow with a strange one."""

_BROKEN = Loss("shape.broken")


class Line(NamedTuple):
    """One example of the dataset as the matrix sees it."""

    payload: str
    """The JSON text of its line."""
    tokens: int | None = None
    """None: not counted, so nothing is said about the window."""


class Way(Settings):
    """One row of the matrix: what it takes to go to one target."""

    target: str
    title: str
    verdict: Verdict
    reasons: tuple[str, ...]
    """Why it is not possible at all; empty otherwise."""
    format: str | None
    """The exporter that writes for it; None where none has a form for the method."""
    examples: int
    unchanged: int
    """Examples whose line is the payload itself."""
    changes: dict[str, int]
    """Code → examples that say the same otherwise."""
    losses: dict[str, int]
    """Code → examples that give something up."""
    left_out: dict[str, int]
    """Code → examples that cannot go there."""
    too_long: int | None
    """Examples that are cut at the target's window; None: tokens not counted, or the window not documented."""
    lifetime: str
    price: str | None = None
    """What training there costs, as the caller's price function says it."""

    @property
    def usable(self) -> int:
        """Examples that can go there."""
        return self.examples - sum(self.left_out.values())

    def sentences(self) -> list[str]:
        """Give the reasons, then a sentence with its count for each thing that happens on the way, the gravest first."""
        cut = [f"{self.too_long:,} x longer than its window: cut at the end."] if self.too_long else []
        counted = [*self.left_out.items(), *self.losses.items(), *self.changes.items()]
        return [*self.reasons, *cut, *(f"{count:,} x {code}: {LOSSES[code][1]}" for code, count in counted)]


_Outcome: TypeAlias = tuple[bool, tuple[Loss, ...]]
"""Whether the line is the payload itself, and what else happened."""


@dataclass
class _Road:
    """Targets that convert alike, and what has happened on the way so far."""

    target: Target
    form: Format
    ids: list[str] = field(default_factory=list)
    unchanged: int = 0
    lost: Counter[Loss] = field(default_factory=Counter)

    def outcome(self, payload: Json, method: Method) -> _Outcome:
        exported = export(payload, target=self.target, method=method, form=self.form)
        losses = exported.losses
        is_left_out = exported.line is None
        return exported.line == payload and not is_left_out, losses[-1:] if is_left_out else losses

    def count(self, outcome: _Outcome, times: int) -> None:
        is_unchanged, losses = outcome
        self.unchanged += is_unchanged * times
        for loss in losses:
            self.lost[loss] += times


@dataclass
class _Kind:
    """Examples that convert alike: one of them was tried on every road, the others are counted."""

    outcomes: list[_Outcome]
    times: int = 0


@dataclass
class _Sizes:
    examples: int = 0
    bytes: int = 0
    is_counted: bool = True
    too_long: Counter[str] = field(default_factory=Counter)


def portability(
    lines: Iterable[Line],
    targets: Sequence[Target],
    *,
    on: date,
    method: Method = "sft",
    price: Callable[[Target], str] | None = None,
) -> tuple[Way, ...]:
    """Give a row for each target, in the order given; reads the lines once and keeps none.

    A method is one of the whole dataset: a target without it is not possible. Limits of one file are judged on all lines
    together, so hand in what would be the training file.
    """
    roads = _roads(targets, method)
    windows = {target.id: window for target in targets if (window := _window(target, method)) is not None}
    reserved = sorted({word for road in roads for word in road.target.limits[method].reserved})
    sizes, kinds = _Sizes(), dict[Needs, _Kind]()
    for line in lines:
        _walk(line, roads, kinds, reserved=reserved, method=method)
        _measure(line, windows, sizes)
    for kind in kinds.values():
        _count(roads, kind.outcomes, kind.times)
    by_id = {name: road for road in roads for name in road.ids}
    ways = (_way(target, by_id.get(target.id), sizes, on=on, method=method) for target in targets)
    if price is None:
        return tuple(ways)
    return tuple(way.model_copy(update={"price": price(target)}) for way, target in zip(ways, targets, strict=True))


def _roads(targets: Sequence[Target], method: Method) -> list[_Road]:
    roads: dict[tuple[str, str], _Road] = {}
    for target in targets:
        form = _form(target, method)
        if form is None:
            continue
        road = roads.setdefault((form.name, _bounds(target.limits[method])), _Road(target, form))
        road.ids.append(target.id)
    return list(roads.values())


def _form(target: Target, method: Method) -> Format | None:
    try:
        return format_of(target, method) if method in target.limits else None
    except PlanError:
        return None


def _bounds(limits: Limits) -> str:
    """Give what decides a conversion, as text: two targets that agree on it share a road."""
    return repr(sorted(limits.model_dump(exclude={"target", "severities"}, exclude_none=True).items(), key=str))


def _walk(line: Line, roads: list[_Road], kinds: dict[Needs, _Kind], *, reserved: list[str], method: Method) -> None:
    payload = _parsed(line.payload)
    needs = needs_of(payload, reserved=reserved)
    known = kinds.get(needs) if needs is not None else None
    if known is not None:
        known.times += 1
        return
    if needs is None and not is_sound(payload, method):
        _count(roads, [(False, (_BROKEN,))] * len(roads), 1)
        return
    outcomes = [road.outcome(payload, method) for road in roads]
    if needs is not None and len(kinds) < _REMEMBERED:
        kinds[needs] = _Kind(outcomes, 1)
    else:
        _count(roads, outcomes, 1)


def _count(roads: list[_Road], outcomes: list[_Outcome], times: int) -> None:
    for road, outcome in zip(roads, outcomes, strict=True):
        road.count(outcome, times)


def _parsed(payload: str) -> Json:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _measure(line: Line, windows: dict[str, int], sizes: _Sizes) -> None:
    sizes.examples += 1
    sizes.bytes += len(line.payload.encode("utf-8", "surrogatepass")) + 1
    if line.tokens is None:
        sizes.is_counted = False
        return
    sizes.too_long.update(name for name, window in windows.items() if line.tokens > window)


def _window(target: Target, method: Method) -> int | None:
    limits = target.limits.get(method)
    if limits is None:
        return None
    return limits.max_tokens if limits.max_tokens is not None else limits.default_max_tokens


def _way(target: Target, road: _Road | None, sizes: _Sizes, *, on: date, method: Method) -> Way:
    life = status(target, on)
    lost = road.lost if road is not None else Counter[Loss]()
    counts = {kind: _counts(lost, kind) for kind in ("change", "loss", "left out")}
    is_known = sizes.is_counted and _window(target, method) is not None
    too_long = sizes.too_long[target.id] if is_known else None
    unchanged = road.unchanged if road is not None else 0
    reasons = [] if life.can_train else [f"It is {life.sentence}."]
    reasons += _reasons(target, sizes, sizes.examples - sum(counts["left out"].values()), method)
    return Way(
        target=target.id,
        title=target.title,
        verdict=_verdict(reasons, counts, too_long, is_unchanged=unchanged == sizes.examples),
        reasons=tuple(reasons),
        format=road.form.name if road is not None else None,
        examples=sizes.examples,
        unchanged=unchanged,
        changes=counts["change"],
        losses=counts["loss"],
        left_out=counts["left out"],
        too_long=too_long,
        lifetime=life.sentence,
    )


def _counts(lost: Counter[Loss], kind: str) -> dict[str, int]:
    of_kind = ((loss.code, count) for loss, count in lost.items() if loss.kind == kind)
    return dict(sorted(of_kind, key=lambda entry: (-entry[1], entry[0])))


def _reasons(target: Target, sizes: _Sizes, usable: int, method: Method) -> list[str]:
    limits = target.limits.get(method)
    if limits is None:
        return [f"It does not train by {method}."]
    if _form(target, method) is None:
        return [f"No format has a form for {method}."]
    reasons = []
    if usable < (limits.min_examples or 1):
        reasons.append(
            f"{usable:,} of {sizes.examples:,} examples can go there; it takes {limits.min_examples or 1:,} or more."
        )
    if limits.max_examples is not None and usable > limits.max_examples:
        reasons.append(f"{usable:,} examples; it takes {limits.max_examples:,} at most.")
    if limits.max_file_bytes is not None and sizes.bytes > limits.max_file_bytes:
        reasons.append(f"{sizes.bytes:,} bytes; it takes a file of {limits.max_file_bytes:,} at most.")
    return reasons


def _verdict(
    reasons: list[str], counts: dict[str, dict[str, int]], too_long: int | None, *, is_unchanged: bool
) -> Verdict:
    if reasons:
        return "not possible"
    if counts["left out"]:
        return "in part"
    if counts["loss"] or too_long:
        return "with loss"
    return "as it is" if is_unchanged else "after conversion"
