"""What changed since the accepted version, as values and as sentences."""

from typing import Any, Final

from pydantic import Field

from pipeline.core.target import Settings
from pipeline.report.figures import count, share

DRIFT: Final = {
    "rows_read": "rows read",
    "kept": "kept examples",
    "share_rejected": "share of rows rejected",
    "share_duplicate": "share of rows that repeat another",
    "share_held": "share of rows held because a check could not answer",
    "share_flagged": "share of verified examples that moderation flagged",
    "share_short": "share of examples whose answers have fewer than three tokens",
    "tokens_median": "median tokens",
    "tokens_p95": "95th percentile of tokens",
    "prompt_tokens_median": "median tokens of user turns",
    "prompt_tokens_p95": "95th percentile of tokens of user turns",
    "answer_tokens_median": "median tokens of assistant turns",
    "answer_tokens_p95": "95th percentile of tokens of assistant turns",
    "labels_beyond": "labels out of bounds",
    "sources_beyond": "sources out of bounds",
    "languages_beyond": "languages out of bounds",
}
"""Column of the table `drift` (one row about the new build) → what it says, in words. A null cannot be compared."""
ENDS: Final = ("accepted", "least", "most")
PARAMETERS: Final = tuple(f"{column}_{end}" for column in DRIFT for end in ENDS)
"""Names that `{"$PARAMETER": ...}` may use in a suite of drift: the accepted value of a column, and its bounds."""
SHOWN: Final = 40
"""Categories that a report lists beside those out of bounds."""
NAMED: Final = 3
"""Categories out of bounds that a sentence names."""


class Category(Settings):
    """The share of one label, source or language."""

    kind: str
    """label, source or language."""
    name: str
    old: float
    """Its share of the examples in the accepted version; 0: it was not there."""
    new: float | None
    """Now; None: there are no labels any more."""
    least: float | None
    most: float | None
    is_within: bool

    @property
    def sentence(self) -> str:
        """Say what became of it."""
        if self.new is None:
            return self.name
        if not self.old:
            return f"`{self.name}` is new, {share(self.new)}"
        if not self.new:
            return f"`{self.name}` is gone, it was {share(self.old)}"
        return f"`{self.name}` {share(self.new)} instead of {share(self.old)}"


class Figure(Settings):
    """One number of a build beside that of the accepted version."""

    column: str
    """As in the table `drift`."""
    old: float
    new: float
    least: float | None = None
    most: float | None = None
    passed: bool | None = None
    """None: the suite does not ask about it."""
    severity: str = "error"
    sentence: str = ""
    why: str = ""


class DriftFacts(Settings):
    """A build held against the accepted version."""

    against: str
    """Name of the version."""
    figures: tuple[Figure, ...] = ()
    categories: tuple[Category, ...] = Field(default=())
    """Labels, sources and languages: those out of bounds first, then those that moved most."""

    @property
    def missed(self) -> tuple[Figure, ...]:
        """Give the figures that are out of bounds and grave enough to hold the build back."""
        return tuple(f for f in self.figures if f.passed is False and f.severity == "error")

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say what drifted, by how much: one sentence a figure."""
        return tuple(figure.sentence for figure in self.missed)


def told(figure: Figure, categories: tuple[Category, ...], **judged: Any) -> Figure:
    """Give the figure with its sentence and what the gate said of it."""
    return figure.model_copy(update={"sentence": _sentence(figure, categories), **judged})


def _sentence(figure: Figure, categories: tuple[Category, ...]) -> str:
    words = DRIFT[figure.column]
    subject = words[0].upper() + words[1:]
    if figure.column.endswith("s_beyond"):
        beyond = [c.sentence for c in categories if f"{c.kind}s_beyond" == figure.column and not c.is_within]
        named = "; ".join(beyond[:NAMED]) + (f"; {len(beyond) - NAMED} more" if len(beyond) > NAMED else "")
        return f"{subject}: {len(beyond)} ({named})." if beyond else f"{subject}: none."
    number = share if figure.column.startswith("share_") else count
    return f"{subject}: {number(_round(figure.new))}, {_compared(figure, number)}; expected {_bounds(figure, number)}."


def _compared(figure: Figure, number: Any) -> str:
    """Say how it stood before; as a multiple where it is one."""
    before = f"{number(_round(figure.old))} in the accepted version"
    if figure.column.startswith("share_") or not figure.old:
        return before
    return f"{figure.new / figure.old:.2f} times the {before}"


def _bounds(figure: Figure, number: Any) -> str:
    if figure.least is None:
        return f"at most {number(_round(figure.most or 0.0))}"
    return f"{number(_round(figure.least))} to {number(_round(figure.most or 0.0))}"


def _round(value: float) -> float:
    """Leave the decimals that people read: four of a share, one of a count."""
    return round(value, 4) if abs(value) < 1 else round(value, 1)
