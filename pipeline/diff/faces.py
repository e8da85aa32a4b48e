"""A difference for people and for machines: lines, JSON, and a page of its own."""

import difflib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline import report
from pipeline.diff.model import Difference, Example
from pipeline.report.figures import count, plural, share

BALANCE: Final = 8
"""Labels, sources and languages listed of each kind, those that moved most first."""
Change = tuple[str, str, str, str]
"""What, before, after, by how much."""


def as_json(found: Difference) -> str:
    """Give it for machines, as in schemas/diff.schema.json."""
    return json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n"


def as_text(found: Difference) -> str:
    """Give it as lines for a terminal or a log."""
    return "\n".join(_lines(found)) + "\n"


def as_page(found: Difference) -> str:
    """Give it as one page that needs no network, script or font."""
    style = (Path(report.__file__).parent / "page.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {"count": count, "marked": _marked}
    return environment.get_template("page.html.jinja").render(
        found=found,
        headline=headline(found),
        numbers=numbers(found),
        balance=balance(found),
        style=Markup(style),  # noqa: S704 - our own file
    )


def headline(found: Difference) -> str:
    """Say it in one sentence."""
    if found.is_none:
        return f"No difference: the same {plural(found.same, 'example')} on the same sides."
    moved = sum(found.side_moves.values())
    sides = f", {moved:,} on another side" if moved else ""
    counts = f"{found.added:,} added, {found.removed:,} removed, {found.changed:,} changed"
    return f"{counts}; {plural(found.same, 'example')} the same{sides}."


def numbers(found: Difference) -> list[Change]:
    """Give the figures of both sides."""
    old, new = found.old, found.new
    rows = [
        ("rows read", old.rows_read, new.rows_read),
        ("examples", old.examples, new.examples),
        *((f"in {name}", old.sides.get(name, 0), new.sides.get(name, 0)) for name in sorted({*old.sides, *new.sides})),
        ("tokens of one epoch", old.tokens, new.tokens),
        ("median tokens", old.median_tokens, new.median_tokens),
        ("95 % of tokens", old.p95_tokens, new.p95_tokens),
        *((fate, old.fates.get(fate, 0), new.fates.get(fate, 0)) for fate in old.fates if fate != "kept"),
    ]
    told = [(what, _count(one), _count(other), _step(one, other)) for what, one, other in rows if one or other]
    if old.training or new.training:
        told.append(("training", str(old.training or "not known"), str(new.training or "not known"), ""))
    return told


def balance(found: Difference) -> dict[str, list[Change]]:
    """Give the shares of labels, sources and languages of both sides, those that moved most first."""
    kinds = {
        "Labels": (found.old.labels, found.new.labels),
        "Sources": (found.old.sources, found.new.sources),
        "Languages": (found.old.languages, found.new.languages),
    }
    return {kind: _shares(*sides) for kind, sides in kinds.items() if sides[0] and sides[1]}


def _lines(found: Difference) -> Iterator[str]:
    yield f"{found.old.name} -> {found.new.name}"
    yield headline(found)
    yield from _table("", numbers(found))
    for kind, changes in balance(found).items():
        yield from _table(kind, changes)
    for sides, moved in found.side_moves.items():
        yield f"  {plural(moved, 'example')} moved from {sides}"
    if found.moves:
        yield "\nRows by what became of them"
    for one in found.moves:
        codes = f"  {', '.join(f'{code} {rows:,}' for code, rows in one.codes.items())}" if one.codes else ""
        yield f"  {one.rows:>9,}  {one.old} -> {one.new}{codes}  first {one.first[0]}"
    for title, examples, mark in (
        ("Added", found.shown_added, "+"),
        ("Removed", found.shown_removed, "-"),
        ("Changed", found.shown_changed, "~"),
    ):
        yield from _examples(title, examples, mark)
    yield from (f"\n{note}" for note in found.notes)


def _examples(title: str, examples: Sequence[Example], mark: str) -> Iterator[str]:
    if examples:
        yield f"\n{title}, the first {len(examples):,}" if len(examples) > 1 else f"\n{title}"
    for one in examples:
        names = " -> ".join(dict.fromkeys(name for name in (one.old_name, one.new_name) if name))
        why = one.why or (f"likeness {one.likeness:.2f}" if one.likeness is not None else "same address")
        yield f"{mark} {names}  {why}"
        before, after = one.before.splitlines(), one.after.splitlines()
        for line in difflib.unified_diff(before, after, lineterm="", n=0):
            if not line.startswith(("---", "+++", "@@")):
                yield f"    {line}"


def _table(title: str, changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        return
    if title:
        yield f"\n{title}"
    widths = [max(len(change[column]) for change in changes) for column in range(3)]
    for what, before, after, step in changes:
        yield f"  {what:{widths[0]}}  {before:>{widths[1]}}  {after:>{widths[2]}}  {step}".rstrip()


def _shares(old: dict[str, int], new: dict[str, int]) -> list[Change]:
    sums = sum(old.values()), sum(new.values())
    shares = {name: (old.get(name, 0) / sums[0], new.get(name, 0) / sums[1]) for name in {**old, **new}}
    moved = sorted(shares.items(), key=lambda entry: (-abs(entry[1][1] - entry[1][0]), entry[0]))
    return [(name, share(one), share(other), _points(other - one)) for name, (one, other) in moved[:BALANCE]]


def _points(change: float) -> str:
    return f"{change * 100:+.1f} points" if round(change, 3) else ""


def _count(value: float | None) -> str:
    return "not counted" if value is None else count(round(value, 1))


def _step(one: float | None, other: float | None) -> str:
    if one is None or other is None or one == other:
        return ""
    relative = f" ({(other - one) / one * 100:+.1f} %)" if one else ""
    return f"{'+' if other > one else '-'}{count(round(abs(other - one), 1))}{relative}"


def _marked(one: Example) -> Markup:
    """Give before and after as one text in which what went and what came is marked, word by word."""
    before, after = one.before.split(" "), one.after.split(" ")
    parts: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(str(escape(" ".join(before[a:b]))))
            continue
        parts += [f"<del>{escape(' '.join(before[a:b]))}</del>"] if b > a and one.before else []
        parts += [f"<ins>{escape(' '.join(after[c:d]))}</ins>"] if d > c and one.after else []
    return Markup(" ".join(parts))  # noqa: S704 - every part is escaped
