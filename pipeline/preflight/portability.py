"""--target all: where the files could go, after which conversions, with what loss and at what price."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import BinaryIO

import msgspec

from pipeline.core.example import Method
from pipeline.core.money import UNKNOWN
from pipeline.core.settings import CostSettings
from pipeline.core.target import Target
from pipeline.engines.local import Local
from pipeline.preflight.aim import aim
from pipeline.preflight.judge import Ask, goal_of
from pipeline.preflight.lines import Ends, lines
from pipeline.preflight.measured import measure
from pipeline.preflight.recognise import recognise
from pipeline.preflight.rows import AsIs
from pipeline.preflight.source import Source, opened
from pipeline.preflight.taken import format_name
from pipeline.report.cost import target_cost
from pipeline.report.lengths import Lengths
from pipeline.targets.catalogue import all_targets
from pipeline.targets.portability import Line, Way
from pipeline.targets.portability import portability as ways

ORDER = ("as it is", "after conversion", "with loss", "in part", "not possible")


def portability(names: Sequence[str], *, ask: Ask, on: date, stdin: BinaryIO | None = None) -> tuple[Way, ...]:
    """Give a row for each target: the easiest way first, then by name. The files are the training file together."""
    targets = list(all_targets().values())
    lengths: list[int] = []
    with opened(names[0], stdin=stdin) as first:
        method = goal_of(first, ask).method
        found = ways(
            _lines(first, names[1:], ask, lengths), targets, on=on, method=method, price=_price(lengths, on, method)
        )
    return tuple(sorted(found, key=lambda way: (ORDER.index(way.verdict), way.target)))


def _lines(first: Source, more: Sequence[str], ask: Ask, lengths: list[int]) -> Iterator[Line]:
    yield from _of(first, ask, lengths)
    for name in more:
        with opened(name) as source:
            yield from _of(source, ask, lengths)


def _of(source: Source, ask: Ask, lengths: list[int]) -> Iterator[Line]:
    """Give the lines of one file with their tokens, read by any format that is known."""
    kind = recognise(source, method=ask.method)
    goal = goal_of(source, ask)
    readers = (format_name(kind, aim(target, goal.method, ask.rules)) for target in _that_train(goal.method))
    form = format_name(kind, goal) or next((name for name in readers if name), "messages")
    stages = [AsIs({source.address: form}), measure(goal, ask.folders, near=False)]
    for table in Local(ask.workers, ask.ready).run(lines(source, side="train", ends=Ends()), stages):
        for payload, tokens in zip(table["payload"].to_pylist(), table["tokens"].to_pylist(), strict=True):
            count = tokens["total"] if tokens else None
            lengths.append(count or 0)
            yield Line(payload or "", count)


def _that_train(method: Method) -> Iterator[Target]:
    return (target for target in all_targets().values() if method in target.limits)


class _price:  # noqa: N801 - a function that remembers
    """Target → what one training run costs, once all lines have been counted."""

    def __init__(self, lengths: list[int], on: date, method: Method) -> None:
        self._lengths, self._on, self._method = lengths, on, method

    def __call__(self, target: Target) -> str:
        priced = target_cost(Lengths.of(self._lengths), CostSettings(), target, on=self._on, method=self._method)
        if priced.rate is None:
            return "your own hardware" if priced.is_own_hardware else UNKNOWN
        return str(priced.training)


def as_json(found: Sequence[Way]) -> str:
    """Give the table as one JSON array."""
    return msgspec.json.format(msgspec.json.encode([way.model_dump(mode="json") for way in found])).decode() + "\n"


def as_text(found: Sequence[Way]) -> Iterator[str]:
    """Give the table for people: a line a target, then what happens on the way, once for all targets alike."""
    width = max(len(way.target) for way in found)
    examples = found[0].examples
    yield f"{'target':<{width}}  {'can it go there?':<16}  {'examples':>{len(f'{examples:,}') + 8}}  {'price':<20}  lifetime\n"
    for way in found:
        count = "-" if way.reasons else f"{way.usable:,} of {examples:,}"
        yield f"{way.target:<{width}}  {way.verdict:<16}  {count:>{len(f'{examples:,}') + 8}}  {way.price or '':<20}  {way.lifetime}\n"
    for sentence, targets in _shared(found).items():
        yield f"\n{', '.join(targets)}\n{sentence}"


def _shared(found: Sequence[Way]) -> dict[str, list[str]]:
    """Give what is said on the way, with the targets of which it is said."""
    shared: dict[str, list[str]] = {}
    for way in found:
        if told := way.sentences():
            shared.setdefault("".join(f"  {sentence}\n" for sentence in told), []).append(way.target)
    return shared
