"""The plots of the page: what became of the rows, how long the examples are, how the labels are balanced."""

from collections.abc import Iterator, Sequence
from math import log
from typing import Final, NamedTuple, Self

from markupsafe import Markup

from pipeline.report.counts import Bin, TokenFacts, Tokens
from pipeline.report.drawing import WIDTH, line, rect, svg, text
from pipeline.report.figures import count, plural, share
from pipeline.report.model import Fates, Stratum
from pipeline.report.weight import EDGES as BIN_EDGES

EDGES: Final = (0, *BIN_EDGES)
GROUND: Final = 236
TOP: Final = 62
"""Where the tallest bar ends; the words of the marks stand above."""
NUMBERS: Final = 9
"""Numbers along the axis at most; more would touch each other."""
NAMES: Final = 176
BARS: Final = 420
"""Units that the names and the longest bar of the labels take."""
NAME_LENGTH: Final = 24


class Mark(NamedTuple):
    """A number of tokens worth a line in the plot."""

    tokens: float
    words: str
    kind: str


class Scale(NamedTuple):
    """Bins side by side, from one edge to another: equal steps for equal ratios."""

    first: int
    last: int
    tallest: int

    @classmethod
    def of(cls, facts: TokenFacts, limit: int | None) -> Self:
        """Give the scale that shows every bin, and the limit with some air after it."""
        first = max(EDGES.index(facts.histogram[0].least) - 1, 0)
        last = EDGES.index(facts.histogram[-1].below)
        beyond = 0 if limit is None else int(_position(limit)) + 2
        return cls(first, max(last, beyond, first + 8), max(one.examples for one in facts.histogram))

    @property
    def step(self) -> float:
        """Width of one bin."""
        return WIDTH / (self.last - self.first)

    def x(self, tokens: float) -> float:
        """Give where a number of tokens lies."""
        return max(_position(tokens) - self.first, 0) * self.step


def fates(counted: Fates) -> Markup:
    """Draw the rows by what became of them, as one bar."""
    total, x, drawn = counted.total or 1, 0.0, []
    for fate, rows in dict(counted).items():
        width = rows / total * WIDTH
        words = f"{fate}: {plural(rows, 'row')}, {share(rows / total)}"
        drawn += [rect(f"fate-{fate}", words, x=x, y=0, width=max(width - 2, 1.5), height=28)] if rows else []
        x += width
    words = ", ".join(f"{count(rows)} {fate}" for fate, rows in dict(counted).items())
    return svg("fates", drawn, height=28, title="Rows by what became of them", words=f"{words}.")


def lengths(tokens: Tokens) -> Markup:
    """Draw how long the examples are: kept ones over all that were composed, with median, 95th percentile and limit."""
    if tokens.composed is None:
        return Markup("")
    scale = Scale.of(tokens.composed, tokens.limit)
    shipped = tokens.shipped.histogram if tokens.shipped else ()
    drawn = [
        *_bars(tokens.composed.histogram, tokens.limit, "behind", scale),
        *_bars(shipped, tokens.limit, "bar", scale),
        *(piece for row, mark in enumerate(_marks(tokens)) for piece in _mark(mark, row, scale)),
        *_axis(scale),
    ]
    return svg("lengths", drawn, height=GROUND + 44, title="Tokens of the examples", words=_words(tokens))


def strata(shown: Sequence[Stratum]) -> Markup:
    """Draw the examples of each label, those of validation at the end of the bar."""
    largest = max((s.train + s.validation for s in shown), default=0) or 1
    drawn = [piece for row, stratum in enumerate(shown) for piece in _stratum(stratum, row * 26, BARS / largest)]
    words = "; ".join(f"{s.name}: {count(s.train)} train, {count(s.validation)} validation" for s in shown)
    return svg("strata", drawn, height=len(shown) * 26, title="Examples by label", words=f"{words}.")


def _stratum(stratum: Stratum, y: float, unit: float) -> Iterator[Markup]:
    x, train, validation = NAMES + 12, stratum.train * unit, stratum.validation * unit
    name = stratum.name if len(stratum.name) <= NAME_LENGTH else f"{stratum.name[: NAME_LENGTH - 1]}…"
    yield text("name", name, x=NAMES, y=y + 15, anchor="end")
    yield rect("bar", f"{stratum.name}: {count(stratum.train)} train", x=x, y=y + 3, width=train, height=16)
    if stratum.validation:
        words = f"{stratum.name}: {count(stratum.validation)} validation"
        yield rect("side", words, x=x + train + 1, y=y + 3, width=validation, height=16)
    yield text("number", count(stratum.train + stratum.validation), x=x + train + validation + 10, y=y + 15)


def _position(tokens: float) -> float:
    """Give where a number of tokens lies among the edges, between two of them in proportion to its logarithm."""
    index = max(i for i, edge in enumerate(EDGES) if edge <= tokens)
    if index + 1 == len(EDGES):
        return index
    low, high = EDGES[index], EDGES[index + 1]
    return index + (log(tokens / low) / log(high / low) if low else tokens / high)


def _bars(histogram: Sequence[Bin], limit: int | None, kind: str, scale: Scale) -> Iterator[Markup]:
    for one in histogram:
        if one.examples:
            height = max(one.examples / scale.tallest * (GROUND - TOP), 1.5)
            classes = f"{kind} over" if limit is not None and one.least >= limit else kind
            words = f"{count(one.least)} to {count(one.below - 1)} tokens: {plural(one.examples, 'example')}"
            yield rect(classes, words, x=scale.x(one.least) + 1, y=GROUND - height, width=scale.step - 2, height=height)


def _marks(tokens: Tokens) -> Iterator[Mark]:
    if tokens.limit is not None:
        yield Mark(tokens.limit, f"limit {count(tokens.limit)}", "limit")
    facts = tokens.shipped or tokens.composed
    if facts is not None:
        yield Mark(facts.total.p95, f"95% are below {count(round(facts.total.p95))}", "quantile")
        yield Mark(facts.total.median, f"half are below {count(round(facts.total.median))}", "quantile")


def _mark(mark: Mark, row: int, scale: Scale) -> Iterator[Markup]:
    """Draw a line with its words on the side where there is room, each mark on a row of its own."""
    x, y = scale.x(mark.tokens), 12 + row * 17
    is_right = x > WIDTH * 0.62
    yield line(f"mark {mark.kind}", x=x, y=y - 9, to_x=x, to_y=GROUND)
    yield text(
        f"mark {mark.kind}", mark.words, x=x - 6 if is_right else x + 6, y=y, anchor="end" if is_right else "start"
    )


def _axis(scale: Scale) -> Iterator[Markup]:
    """Draw the ground line and numbers at powers of two, as many as have room."""
    yield line("ground", x=0, y=GROUND, to_x=WIDTH, to_y=GROUND)
    powers = [edge for edge in EDGES[scale.first : scale.last + 1] if edge and edge & (edge - 1) == 0]
    for edge in powers[:: -(-len(powers) // NUMBERS) or 1]:
        x = scale.x(edge)
        anchor = "start" if x < scale.step / 2 else "end" if x > WIDTH - 20 else "middle"
        yield line("ground", x=x, y=GROUND, to_x=x, to_y=GROUND + 5)
        yield text("number", count(edge), x=x, y=GROUND + 20, anchor=anchor)
    yield text("unit", "tokens of one example, logarithmic", x=WIDTH, y=GROUND + 40, anchor="end")


def _words(tokens: Tokens) -> str:
    """Say in words what the plot shows."""
    facts = tokens.shipped or tokens.composed
    assert facts is not None, "the plot is drawn only of examples that were counted"
    least, median, p95, most = (
        count(n) for n in (facts.total.min, facts.total.median, facts.total.p95, facts.total.max)
    )
    longer = (
        f" The limit is {count(tokens.limit)}; {plural(facts.over_limit, 'example')} longer." if tokens.limit else ""
    )
    return f"From {least} to {most} tokens, half below {median}, 95% below {p95}.{longer}"
