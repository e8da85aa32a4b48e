"""What each stage of a run cost: as numbers in timings.json, as a table on the terminal, as bars on a page of its own.

It stands beside the dataset and not in it: clocks never touch a file that is digested.
"""

from collections.abc import Mapping
from html import escape
from typing import Any, Final, NamedTuple

from pipeline.core.watch import Cost
from pipeline.report.figures import size

NAME: Final = "profile.html"
HEADS: Final = ("stage", "rows", "output", "seconds", "CPU seconds", "peak memory", "rows a second")


class Line(NamedTuple):
    """One stage."""

    name: str
    part_of: str | None
    """Stage of whose time this is a part, done in workers where there are any; None: a stage of its own."""
    cost: Cost

    def values(self) -> dict[str, Any]:
        """Give the line for timings.json."""
        rounded = {name: round(value, 3) for name, value in self.cost._asdict().items()}
        return {"stage": self.name, "part_of": self.part_of, **rounded}

    def cells(self) -> tuple[str, ...]:
        """Give the line for people."""
        cost, title = self.cost, self.name if self.part_of is None else f"  {self.name}"
        rate = f"{cost.rows / cost.seconds:,.0f}" if cost.rows and cost.seconds else ""
        rows, output = f"{cost.rows:,}" if cost.rows else "", size(cost.bytes) if cost.bytes else ""
        peak = size(cost.peak_bytes) if cost.peak_bytes else ""
        return title, rows, output, f"{cost.seconds:.2f}", f"{cost.cpu_seconds:.2f}", peak, rate


def profile(stages: Mapping[str, Cost], parts: Mapping[str, Cost], *, within: str = "rows") -> list[Line]:
    """Give the lines in the order of the stages, the parts of one after it."""
    lines: list[Line] = []
    for name, cost in stages.items():
        lines.append(Line(name, None, cost))
        if name == within:
            lines += [Line(part, within, one) for part, one in parts.items()]
    return lines


def text(lines: list[Line]) -> str:
    """Give the table for a terminal or a log."""
    rows = [HEADS, *(line.cells() for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADS))]
    padded = (
        [
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    )
    return "".join("  ".join(row).rstrip() + "\n" for row in padded)


def page(lines: list[Line], *, name: str) -> str:
    """Give the page: a bar of wall time and one of CPU time for each stage, drawn to one scale."""
    longest = max((max(line.cost.seconds, line.cost.cpu_seconds) for line in lines), default=0.0) or 1.0
    heads = "".join(f"<th>{head}</th>" for head in (*HEADS, "wall (dark) and CPU (light)"))
    body = "".join(_row(line, longest) for line in lines)
    title = f"Profile of {escape(name)}"
    return _PAGE.format(title=title, heads=heads, body=body)


def _row(line: Line, longest: float) -> str:
    cells = "".join(f"<td>{escape(cell.strip())}</td>" for cell in line.cells())
    spans = ((line.cost.seconds, "wall"), (line.cost.cpu_seconds, "cpu"))
    bars = "".join(f'<div class="{kind}" style="width:{100 * span / longest:.1f}%"></div>' for span, kind in spans)
    kind = ' class="part"' if line.part_of else ""
    return f"<tr{kind}>{cells}<td>{bars}</td></tr>\n"


_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>
:root {{ color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }}
body {{ max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #8884; font-variant-numeric: tabular-nums; }}
th:first-child, td:first-child, td:last-child {{ text-align: left; }}
td:last-child {{ width: 35%; }}
.part td:first-child {{ padding-left: 1.8rem; opacity: .8; }}
.wall, .cpu {{ height: .55rem; background: #2563eb; border-radius: 2px; min-width: 1px; }}
.cpu {{ background: #93c5fd; margin-top: 2px; }}
</style></head><body>
<h1>{title}</h1>
<table><thead><tr>{heads}</tr></thead><tbody>
{body}</tbody></table>
<p>Stages follow each other. The indented lines are parts of <em>rows</em>; they run side by side in all workers, so their seconds are
those of all workers added up, and their memory is that of the largest. The memory of a stage is that of all processes together.</p>
</body></html>
"""
