"""Two datasets, row by row: what is the same, what came, went, changed and moved, and why."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.passages import passages_of
from pipeline.core.private import masked
from pipeline.diff.dataset import Dataset
from pipeline.diff.match import MOST, Pairs, Rows, alike, equal, without
from pipeline.diff.model import Difference, Example, Move
from pipeline.measure.language import said
from pipeline.portrayed import PRIVATE

CHARACTERS: Final = 400
"""Of each text that is shown."""
FIRST: Final = 3
ABSENT: Final = "not read"


def compare(old: Dataset, new: Dataset, *, shown: int = 10) -> Difference:
    """Give the difference, with the texts of up to so many examples of each kind."""
    before, after = old.shipped(), new.shipped()
    digests = [data.table["digest"].take(pa.array(rows)) for data, rows in ((old, before), (new, after))]
    left, right = equal(*digests)
    same = Pairs(before[left], after[right], [])
    gone, come = without(before, same.old), without(after, same.new)
    changed = alike(
        gone,
        come,
        names=(old.table["name"], new.table["name"]),
        said=(lambda row: _said(old, row), lambda row: _said(new, row)),
    )
    removed, added = without(gone, changed.old), without(come, changed.new)
    rows = _rows(old, new, changed)
    return Difference(
        old=old.facts(),
        new=new.facts(),
        same=len(same.old),
        added=len(added),
        removed=len(removed),
        changed=len(changed.old),
        side_moves=_side_moves(old, new, same),
        moves=_moves(old, new, rows) if old.report and new.report else (),
        shown_added=tuple(_came(old, new, int(row), rows) for row in added[:shown]),
        shown_removed=tuple(_went(old, new, int(row), rows) for row in removed[:shown]),
        shown_changed=tuple(
            _changed(old, new, int(one), int(other), share)
            for one, other, share in zip(changed.old[:shown], changed.new[:shown], changed.likeness, strict=False)
        ),
        notes=_notes(len(gone), len(come)),
    )


def _rows(old: Dataset, new: Dataset, changed: Pairs) -> Pairs:
    """Match all rows that were read, whatever became of them: by content, as changed examples, by address."""
    ones, others = equal(old.table["digest"], new.table["digest"])
    is_free = ~(np.isin(changed.old, ones) | np.isin(changed.new, others))
    ones, others = np.concatenate([ones, changed.old[is_free]]), np.concatenate([others, changed.new[is_free]])
    rest = [without(np.arange(len(data.table)), taken) for data, taken in ((old, ones), (new, others))]
    left, right = equal(*(d.table["name"].take(pa.array(r)) for d, r in zip((old, new), rest, strict=True)))
    return Pairs(np.concatenate([ones, rest[0][left]]), np.concatenate([others, rest[1][right]]), [])


def _moves(old: Dataset, new: Dataset, rows: Pairs) -> tuple[Move, ...]:
    """Count the rows that left one fate for another, the most first, with the codes of those that do not ship."""
    lost, came = (without(np.arange(len(d.table)), taken) for d, taken in ((old, rows.old), (new, rows.new)))
    fates = [np.asarray(data.table["fate"].to_numpy(zero_copy_only=False)) for data in (old, new)]
    found: dict[tuple[str, str], list[tuple[Dataset, int]]] = {}
    moved = np.flatnonzero(fates[0][rows.old] != fates[1][rows.new])
    for one, other in zip(rows.old[moved].tolist(), rows.new[moved].tolist(), strict=True):
        ships = fates[1][other] == "kept"
        found.setdefault((fates[0][one], fates[1][other]), []).append((old, one) if ships else (new, other))
    for row in lost.tolist():
        found.setdefault((fates[0][row], ABSENT), []).append((old, row))
    for row in came.tolist():
        found.setdefault((ABSENT, fates[1][row]), []).append((new, row))
    ordered = sorted(found.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return tuple(_move(*fates, rows) for fates, rows in ordered)


def _move(old: str, new: str, rows: list[tuple[Dataset, int]]) -> Move:
    codes = Counter(code for data, row in rows for code in data.table["codes"][row].as_py() or ())
    first = tuple(data.table["name"][row].as_py() for data, row in rows[:FIRST])
    return Move(old=old, new=new, rows=len(rows), codes=dict(codes.most_common()), first=first)


def _side_moves(old: Dataset, new: Dataset, same: Pairs) -> dict[str, int]:
    """Count the examples of both that are in another file now; of equal ones, as many as had to move."""
    if len(old.lines) != len(new.lines) or len(old.lines) == 1:
        return {}
    one = old.table["file"].take(pa.array(same.old))
    other = new.table["file"].take(pa.array(same.new))
    moved = pc.not_equal(one, other).to_numpy(zero_copy_only=False)
    pairs = zip(one.filter(pa.array(moved)).to_pylist(), other.filter(pa.array(moved)).to_pylist(), strict=True)
    counts = Counter(f"{a.removesuffix('.jsonl')} to {b.removesuffix('.jsonl')}" for a, b in pairs)
    return dict(sorted(counts.items()))


def _came(old: Dataset, new: Dataset, row: int, rows: Pairs) -> Example:
    before = _partner(rows.new, rows.old, row)
    why = "a new row" if before is None else f"was {_fate(old, before)}"
    return Example(new_name=new.table["name"][row].as_py(), after=_shown(new, row), why=why)


def _went(old: Dataset, new: Dataset, row: int, rows: Pairs) -> Example:
    after = _partner(rows.old, rows.new, row)
    why = "its row is gone" if after is None else f"is {_fate(new, after)}"
    return Example(old_name=old.table["name"][row].as_py(), before=_shown(old, row), why=why)


def _changed(old: Dataset, new: Dataset, one: int, other: int, likeness: float | None) -> Example:
    return Example(
        old_name=old.table["name"][one].as_py(),
        new_name=new.table["name"][other].as_py(),
        before=_shown(old, one),
        after=_shown(new, other),
        likeness=likeness,
    )


def _partner(rows: Rows, others: Rows, row: int) -> int | None:
    at = np.flatnonzero(rows == row)
    return int(others[at[0]]) if len(at) else None


def _fate(data: Dataset, row: int) -> str:
    codes = data.table["codes"][row].as_py() or ()
    why = f" ({', '.join(codes)})" if codes else ""
    return f"{data.table['fate'][row].as_py()}{why}"


def _said(data: Dataset, row: int) -> str:
    """Give the words of an example; those of a line that is no example are the line itself."""
    text = data.text(row)
    return said(text, method=data.report.target.method if data.report else "sft") or text  # type: ignore[arg-type] # the report keeps the name of the method


def _shown(data: Dataset, row: int) -> str:
    """Give what an example says, system turns too, with what is private masked, and cut."""
    text = data.text(row)
    method = data.report.target.method if data.report else "sft"
    found = passages_of(text, method=method)  # type: ignore[arg-type] # as above
    told = "\n".join(f"{mark}: {words}" for mark, words in zip(found.marks, found.texts, strict=True) if words) or text
    clean = masked(told, PRIVATE)
    return clean if len(clean) <= CHARACTERS else f"{clean[:CHARACTERS]}\N{HORIZONTAL ELLIPSIS}"


def _notes(gone: int, come: int) -> Iterable[str]:
    if max(gone, come) <= MOST:
        return ()
    return (f"More than {MOST:,} examples differ: what changed is told by address alone, not by likeness.",)
