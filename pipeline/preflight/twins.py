"""Who says the same as whom, and the other columns that rules about the whole dataset ask for."""

import mmap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.settings import DedupeSettings
from pipeline.preflight.aim import Aim
from pipeline.preflight.rows import NEAR, translated
from pipeline.preflight.source import Source


def grouped(
    thin: pa.Table, sources: Mapping[str, Source], forms: Mapping[str, str], goal: Aim, *, near: bool
) -> pa.Table:
    """Give the facts with `side` and, where near twins are sought, `group`; without the keys that only find them.

    Elsewhere the rows of a group would be those of a content, by which rules go where there is no `group`.
    """
    for name in ("content", "prompt"):
        thin = _said(thin, name)
    facts = thin.drop_columns(["at", *(NEAR if near else ())]).append_column("side", thin["source"])
    return facts.append_column("group", _near_groups(thin, sources, forms, goal)) if near else facts


def _near_groups(thin: pa.Table, sources: Mapping[str, Source], forms: Mapping[str, str], goal: Aim) -> pa.ChunkedArray:
    """Give the name of each row's group; null for rows without turns."""
    from pipeline.group import group  # takes 20 ms, and few files are asked for near twins

    rows = thin.select(["name", "digest", "content", "prompt"])
    for name, column in zip(("keys", "sketch"), NEAR, strict=True):
        rows = rows.append_column(name, thin[column])
    rows = rows.append_column("is_sound", thin["ships"])
    rows = rows.append_column("family", pa.nulls(thin.num_rows, pa.string()))
    with _payloads(thin, sources, forms) as payload_of:
        found = group(rows, payload_of, DedupeSettings(), method=goal.method)
    return pc.if_else(thin["content"].is_valid(), found["group"], None)


def _said(thin: pa.Table, name: str) -> pa.Table:
    """Give the table without this digest where there are no turns: lines that say nothing are not twins."""
    has_turns = pc.fill_null(pc.greater(thin["turns"], 0), fill_value=False)
    digests = pc.if_else(has_turns, thin[name], pa.scalar(None, thin[name].type))
    return thin.set_column(thin.schema.get_field_index(name), name, digests)


@contextmanager
def _payloads(thin: pa.Table, sources: Mapping[str, Source], forms: Mapping[str, str]) -> Iterator["_Payloads"]:
    """Give the function that fetches single lines from their files, which are mapped and not loaded."""
    with ExitStack() as stack:
        maps = {}
        for address, source in sources.items():
            if source.size:
                file = stack.enter_context(source.path.open("rb"))
                maps[address] = stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        yield _Payloads(thin, sources, forms, maps)


class _Payloads:
    """Row numbers → payloads, as `AsIs` gave them."""

    def __init__(
        self, thin: pa.Table, sources: Mapping[str, Source], forms: Mapping[str, str], maps: Mapping[str, mmap.mmap]
    ) -> None:
        self._names, self._at = thin["name"].combine_chunks(), thin["at"].combine_chunks()
        self._sources, self._forms, self._maps = sources, forms, maps

    def __call__(self, rows: Sequence[int]) -> list[str]:
        return [self._one(row) for row in rows]

    def _one(self, row: int) -> str:
        address = self._names[row].as_py().rpartition(":")[0]
        source, whole, start = self._sources[address], self._maps[address], self._at[row].as_py()
        end = whole.find(source.line_end, start)
        line = whole[start : end if end >= 0 else len(whole)].decode("utf-8", "replace")
        form = self._forms.get(address, "messages")
        if form == "messages":
            return line
        from pipeline.targets.format import all_formats

        return translated(line, all_formats()[form].read) or line
