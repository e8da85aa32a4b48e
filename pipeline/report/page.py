"""report.html: one page that needs no network, script or font, in light and dark."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.core.money import show_range, show_usd
from pipeline.report import figures, plots
from pipeline.report.advice import next_steps, verdict
from pipeline.report.drift import DRIFT, Figure
from pipeline.report.model import WHOLE, ExpectationFacts, Report
from pipeline.report.words import PARTS, dialect, epochs, first_sentence

STRATA: Final = 24
"""Labels drawn; the table in report.json has more."""


def page(report: Report) -> str:
    """Give the page."""
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            report=report,
            verdict=verdict(report),
            steps=next_steps(report),
            expectations=sorted(report.expectations or (), key=_worst_first),
            drifted=sorted(report.drift.figures, key=_out_first) if report.drift else (),
            words=DRIFT,
            parts=PARTS,
            whole=WHOLE,
            cost=report.cost,
            most_rows=max((code.rows for code in report.findings), default=1) or 1,
            fates=plots.fates(report.fates),
            lengths=plots.lengths(report.tokens),
            strata=plots.strata(report.strata[:STRATA]),
            style=Markup((_folder() / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_folder()), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
    environment.filters |= {
        "count": _count,
        "amount": lambda value: figures.count(round(value, 1)),
        "share": figures.share,
        "size": figures.size,
        "plural": figures.plural,
        "rich": _rich,
        "path": _path,
        "opening": first_sentence,
        "dialect": dialect,
        "epochs": epochs,
        "usd": show_usd,
        "price": lambda rate: show_range(rate.low_usd, rate.high_usd),
        "effort": figures.effort,
    }
    return environment


def _folder() -> Path:
    return Path(__file__).parent


def _count(number: float | None) -> str:
    return "\N{EN DASH}" if number is None else figures.count(number)


def _rich(sentence: object) -> Markup:
    """Set what stands between backquotes as code, between asterisks as emphasis, and keep dates on one line."""
    text = re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(sentence)))
    text = re.sub(r"\*(\w[^*<]*)\*", r"<em>\1</em>", text)
    return Markup(re.sub(r"\b(\d{4}-\d\d-\d\d)\b", r'<span class="keep">\1</span>', text))  # noqa: S704 - escaped before


def _path(name: str) -> Markup:
    """Let a long path break after its slashes."""
    return Markup(str(escape(name)).replace("/", "/<wbr>"))  # noqa: S704 - escaped before


def _out_first(figure: Figure) -> bool:
    return figure.passed is not False


def _worst_first(expectation: ExpectationFacts) -> tuple[int, int]:
    grave = ("error", "warning", "info").index(expectation.severity)
    return (0 if expectation.passed is False else 1 if expectation.passed is None else 2), grave
