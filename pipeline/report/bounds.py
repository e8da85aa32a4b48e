"""How far each figure of a build may be from the accepted version: a bound from the plan, and what chance explains."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf, sqrt
from typing import Final, NamedTuple

import numpy as np

from pipeline.core.settings import DriftSettings
from pipeline.report.drift import Category, Figure
from pipeline.report.model import Report
from pipeline.report.portrait import MOST_LABELS, SHARES, Portrait

ROWS_A_LABEL: Final = 20
"""Rows for each answer of the accepted version from which answers are held against each other as labels."""
FEWEST: Final = 3
"""Examples from which a label that was never seen is no chance, whatever the labels seen once say."""


class Pair(NamedTuple):
    """Two builds, and how much chance is allowed."""

    old: Report
    new: Report
    settings: DriftSettings

    @property
    def portraits(self) -> tuple[Portrait, Portrait]:
        """Give both portraits; asked only where both have one."""
        assert self.old.portrait is not None, "a report without a portrait is no yardstick"
        assert self.new.portrait is not None, "every build has a portrait"
        return self.old.portrait, self.new.portrait


def is_comparable(old: Report) -> bool:
    """Say whether a report tells enough to compare with it; those of older versions of tuneset do not."""
    return old.portrait is not None and old.fates.kept > 0


def figures(pair: Pair) -> tuple[Figure, ...]:
    """Give every figure with its bounds, by the columns of the table `drift`; not yet judged."""
    found = (*_rows(pair), *_rates(pair), *_tokens(pair), *_beyond(categories(pair)))
    return tuple(figure.model_copy(update=_rounded(figure, ("old", "new", "least", "most"))) for figure in found)


def categories(pair: Pair) -> tuple[Category, ...]:
    """Give the shares of labels, sources and languages: those out of bounds first, then by how far they moved."""
    old, new = pair.portraits
    settings = pair.settings
    sources = [{source.name: source.fates.kept for source in report.sources} for report in (pair.old, pair.new)]
    found = [
        *(_labels(pair) if settings.labels < 1 else ()),
        *_shares("source", sources[0], sources[1], settings.sources, settings),
        *_shares("language", old.languages, new.languages, settings.languages, settings),
    ]
    found.sort(key=lambda c: (c.is_within, -abs((c.new or 0.0) - (c.old or 0.0)), c.kind, c.name))
    return tuple(category.model_copy(update=_rounded(category, ("old", "new", "least", "most"))) for category in found)


def _rounded(values: Figure | Category, names: Sequence[str]) -> dict[str, float | None]:
    """Leave six decimals: enough for every bound, and the same on every machine."""
    found = {name: getattr(values, name) for name in names}
    return {name: None if value is None else round(value, 6) for name, value in found.items()}


def _rows(pair: Pair) -> Iterator[Figure]:
    """Bound the numbers of rows; they vary by their square roots."""
    settings = pair.settings
    for column, old, new in (
        ("rows_read", pair.old.rows_read, pair.new.rows_read),
        ("kept", pair.old.fates.kept, pair.new.fates.kept),
    ):
        noise = settings.standard_errors * sqrt(old)
        least = max(0.0, old * (1 - settings.fewer_rows) - noise)
        yield Figure(column=column, old=old, new=new, least=least, most=old * (1 + settings.more_rows) + noise)


def _rates(pair: Pair) -> Iterator[Figure]:
    """Bound what may rise and is welcome to fall."""
    settings = pair.settings
    old, new = pair.portraits
    for column, bound, (one, other) in (
        ("share_rejected", settings.rejected, _parts(pair, lambda r: (r.fates.rejected, r.rows_read))),
        ("share_duplicate", settings.duplicates, _parts(pair, lambda r: (r.duplicates.rows, r.rows_read))),
        ("share_held", settings.held, _parts(pair, lambda r: (r.fates.held, r.rows_read))),
        ("share_flagged", settings.flagged, _parts(pair, lambda r: (r.moderation.flagged, r.moderation.verified))),
        ("share_short", settings.short_answers, ((old.short_answers, old.examples), (new.short_answers, new.examples))),
    ):
        if one[1] and other[1]:
            rate = one[0] / one[1]
            most = min(1.0, rate + bound + _noise(one, other, settings))
            yield Figure(column=column, old=rate, new=other[0] / other[1], least=None, most=most)


def _tokens(pair: Pair) -> Iterator[Figure]:
    """Bound medians and 95 % quantiles; chance is read off the accepted quantiles themselves, whatever their shape."""
    old, new = pair.portraits
    if old.quantiles is None or new.quantiles is None or pair.old.target.encoding != pair.new.target.encoding:
        return
    both = 1 / old.examples + 1 / new.examples
    for part in ("tokens", "prompt_tokens", "answer_tokens"):
        before, after = getattr(old.quantiles, part), getattr(new.quantiles, part)
        for name, at in (("median", 0.5), ("p95", 0.95)):
            reach = pair.settings.standard_errors * sqrt(at * (1 - at) * both)
            value = _at(before, at)
            least = value * (1 - pair.settings.tokens) - (value - _at(before, at - reach))
            most = value * (1 + pair.settings.tokens) + (_at(before, at + reach) - value)
            new_value = _at(after, at)
            yield Figure(column=f"{part}_{name}", old=value, new=new_value, least=max(0.0, least), most=most)


def _at(quantiles: Sequence[float], share: float) -> float:
    """Give a quantile between those that the portrait has."""
    return float(np.interp(share, SHARES, quantiles))


def _beyond(found: Sequence[Category]) -> Iterator[Figure]:
    """Count the categories of each kind that are out of bounds: none is expected."""
    for kind in ("label", "source", "language"):
        some = [category for category in found if category.kind == kind]
        if some:
            beyond = sum(not category.is_within for category in some)
            yield Figure(column=f"{kind}s_beyond", old=0, new=beyond, least=None, most=0)


def _labels(pair: Pair) -> tuple[Category, ...]:
    old, new = pair.portraits
    if not old.labels or (old.labels_are == "the answers" and old.examples < ROWS_A_LABEL * len(old.labels)):
        return ()
    if new.labels is None and new.examples:
        what = f"more different answers than labels, or longer ones (most: {MOST_LABELS:,})"
        return (Category(kind="label", name=what, old=0.0, new=None, least=None, most=0.0, is_within=False),)
    return _shares("label", old.labels, new.labels or {}, pair.settings.labels, pair.settings)


def _shares(
    kind: str, old: Mapping[str, int], new: Mapping[str, int], bound: float, settings: DriftSettings
) -> tuple[Category, ...]:
    """Bound the share of every category that either side has."""
    before, after = sum(old.values()), sum(new.values())
    if not before or not after:
        return ()
    found = []
    unseen = _unseen(old, after, settings) if kind == "label" else inf
    for name in {**old, **new}:
        one, other = (old.get(name, 0), before), (new.get(name, 0), after)
        reach = bound + _noise(one, other, settings)
        share, now = one[0] / before, other[0] / after
        is_within = abs(now - share) <= reach
        if kind == "label" and name not in old:
            is_within = is_within and other[0] <= unseen
        if kind == "label" and name not in new:
            is_within = is_within and share * after <= settings.standard_errors**2
        least, most = max(0.0, share - reach), min(1.0, share + reach)
        found.append(Category(kind=kind, name=name, old=share, new=now, least=least, most=most, is_within=is_within))
    return tuple(found)


def _unseen(old: Mapping[str, int], after: int, settings: DriftSettings) -> float:
    """Give how many examples a label that nobody saw before may have.

    Good and Turing: of new examples, the share that is of labels never seen is the share of labels seen once.
    """
    once = sum(count == 1 for count in old.values())
    expected = after * once / sum(old.values())
    return max(FEWEST - 1, expected + settings.standard_errors * sqrt(expected))


def _noise(one: tuple[int, int], other: tuple[int, int], settings: DriftSettings) -> float:
    """Give how far two shares of equal mixtures may be apart by chance."""
    pooled = (one[0] + other[0]) / (one[1] + other[1])
    return settings.standard_errors * sqrt(pooled * (1 - pooled) * (1 / one[1] + 1 / other[1]))


def _parts(pair: Pair, part: Callable[[Report], tuple[int, int]]) -> tuple[tuple[int, int], tuple[int, int]]:
    return part(pair.old), part(pair.new)
