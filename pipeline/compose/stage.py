"""The compose stage: each row's record becomes the very line that ships, or the reason why there is none."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.compose.assembled import assembled
from pipeline.compose.canonical import canonical, parse
from pipeline.compose.cells import MISSING, find
from pipeline.compose.mend import mend_payload
from pipeline.compose.recipe import Composed, Cook, Record, recipes
from pipeline.compose.redact import Redact
from pipeline.compose.standing import standing
from pipeline.core import columns
from pipeline.core.errors import PlanError
from pipeline.core.example import Json, Method
from pipeline.core.private import Detector, detectors, is_clean, masked, suspects
from pipeline.core.settings import MendSettings, PrivacySettings
from pipeline.core.target import Settings
from pipeline.core.trouble import Trouble
from pipeline.core.wording import whole

_LONGEST_LABEL: Final = 100
"""Characters; an answer on one line of at most these can be a label, a longer one makes a stratum of its own."""


class Row(NamedTuple):
    """What compose adds to one row, in the order of `columns.COMPOSE`."""

    payload: str | None
    trouble: str | None = None
    mended: list[str] | None = None
    family: str | None = None
    stratum: str | None = None
    private: tuple[tuple[str, int], ...] | None = None


@dataclass(frozen=True)
class Compose:
    """The stage. Every mapping is by source name; a recipe that does not fit the method is a PlanError here."""

    recipes: Mapping[str, Settings]
    """Source → the settings of its recipe."""
    mend: MendSettings = field(default_factory=MendSettings)
    method: Method = "sft"
    families: Mapping[str, str] = field(default_factory=dict)
    """Source → the user's grouping column. A record that lacks it has no family."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Source → the column of labels for a split by label. Without one, a short answer is the label."""
    stratify: Literal["none", "label", "source"] = "none"

    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    salt: str | None = field(default=None, repr=False)
    """Secret of the fakes of private data."""

    def __post_init__(self) -> None:
        self.redact()
        for source, settings in self.recipes.items():
            known = recipes()[settings.recipe]  # type: ignore[attr-defined]  # the tag of every recipe's settings
            if self.method not in known.methods:
                fitting = ", ".join(f"`{one.name}`" for one in recipes().values() if self.method in one.methods)
                raise PlanError(
                    f"source `{source}`: recipe `{known.name}` makes no examples for method `{self.method}`; use {fitting}."
                )
            try:
                _cook(settings)
            except PlanError as error:
                raise PlanError(f"source `{source}`: {error}") from None

    @property
    def name(self) -> str:
        """The room's verb."""
        return "compose"

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return ("source", "record", "unread")

    @property
    def adds(self) -> pa.Schema:
        """Columns that it appends."""
        return columns.COMPOSE

    @property
    def also_reads(self) -> tuple[str, ...]:
        """Nothing else is asked."""
        return ()

    def identity(self, source: str) -> str:
        """Give what decides how this source is composed; the salt only as a sum that nobody can turn back."""
        told = source if self.stratify == "source" else None
        settings = (self.recipes[source], self.mend, self.privacy)
        parts = (*(one.identity() for one in settings), self.method, self.stratify, told, self._salt_sum())
        return repr((*parts, self.families.get(source), self.labels.get(source)))

    def _salt_sum(self) -> str | None:
        if self.salt is None or "pseudonymise" not in self.privacy.actions.values():
            return None
        return hmac.new(self.salt.encode(), b"tuneset: which salt", hashlib.sha256).hexdigest()

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give the same rows with payload or trouble, and what was mended."""
        cooks = {source: _Source(self, source) for source in batch["source"].unique().to_pylist()}
        lines = _plain(batch, cooks)
        others = pc.indices_nonzero(pc.is_null(lines))
        given = zip(*(batch[name].take(others).to_pylist() for name in self.reads), strict=True)
        rows = [cooks[source].plain for source in batch["source"].to_pylist()]
        for place, (source, record, unread) in zip(others.to_pylist(), given, strict=True):
            rows[place] = cooks[source].row(record, unread)
        lines = _replaced(lines, others.to_pylist(), rows)
        lines = _replaced(lines, self._redact(lines, rows), rows)
        values = {name: [row[index] for row in rows] for index, name in enumerate(columns.COMPOSE.names)}
        return columns.with_columns(batch, columns.COMPOSE, {**values, "payload": lines})

    def redact(self) -> Redact:
        """Give what is done about private data; a PlanError or MissingExtra where it cannot be."""
        if self.privacy.name == "off":
            return Redact(self.privacy, self.salt)
        from pipeline.compose import names

        names.demand()
        return Redact(self.privacy, self.salt, names.person_names)

    def _redact(self, lines: pa.Array, rows: list[Row]) -> list[int]:
        """Put rows whose private data is redacted in the place of theirs, and give which; the others cost Arrow's search."""
        redact = self.redact()
        if redact.is_off:
            return []
        known = pc.indices_nonzero(lines.is_valid()).to_pylist()
        asked = dict.fromkeys(known, detectors()) if redact.names else suspects(lines)
        for index, among in asked.items():
            rows[index] = self._redacted(rows[index]._replace(payload=lines[index].as_py()), redact, among)
        return sorted(asked)

    def _redacted(self, row: Row, redact: Redact, among: Sequence[Detector]) -> Row:
        """Give one row as it may ship. A line that is no JSON is left to the rules, which refuse it."""
        if not redact.names and is_clean(row.payload or "", among):
            mended, stratum = sorted(row.mended or ()), row.stratum and masked(row.stratum, redact.kinds)
            return row._replace(mended=mended, stratum=stratum, private=())
        try:
            payload = parse(row.payload or "")
        except Trouble:
            return row._replace(private=None)
        try:
            done = redact(payload, among=among)
        except RecursionError:
            trouble = Trouble("compose.shape", "Nested too deeply to be searched for private data.")
            return Row(None, str(trouble), stratum=row.stratum)
        line = row.payload if done.payload is payload else canonical(done.payload)
        stratum = row.stratum and masked(row.stratum, redact.kinds)
        return Row(line, None, sorted({*(row.mended or ()), *done.notes}), row.family, stratum, done.counts)


class _Source:
    """One source's settings made ready for its rows."""

    def __init__(self, stage: Compose, source: str) -> None:
        settings = stage.recipes[source]
        self.stage = stage
        self.source = source
        self.cook = _cook(settings)
        recipe = recipes()[settings.recipe]  # type: ignore[attr-defined]  # as above
        self.is_verbatim = recipe.is_verbatim
        self.keeps_plain_chat = recipe.keeps_plain_chat(settings)
        self.outline = recipe.outline(settings)
        self.asks_record = source in stage.families or stage.stratify == "label"
        self.found = None if stage.redact().is_off else ()
        self.plain = Row(None, mended=[], stratum=self._stratum(None, None), private=self.found)
        """What is known of a row whose line was made without parsing it; the line is not in it."""

    def lines(self, records: pa.Array) -> pa.Array:
        """Give the lines that ship of those records which nobody need parse; null for the others."""
        if self.asks_record:
            return pa.nulls(len(records), pa.string())
        if self.is_verbatim:
            return _where(pc.invert(pc.match_substring(records, "\n")), records)
        if self.keeps_plain_chat:
            return _where(standing(records, self.stage.mend), records)
        if self.outline is not None:
            return assembled(records, self.outline, self.stage.mend)
        return pa.nulls(len(records), pa.string())

    def row(self, text: str | None, unread: str | None) -> Row:
        if text is None or unread is not None:
            trouble = unread or str(Trouble("compose.shape", "There is no record and no reason why."))
            return Row(None, trouble, stratum=self._stratum(None, None))
        record: Json = None
        try:
            record = parse(text)
            if self.is_verbatim:
                payload, line, mended = record, _one_line(text, record), frozenset[str]()
            else:
                payload, line, mended = self._composed(text, record)
        except Trouble as trouble:
            return Row(None, _whole(str(trouble)), family=self._family(record), stratum=self._stratum(record, None))
        return Row(line, None, sorted(mended), self._family(record), self._stratum(record, payload), self.found)

    def _composed(self, text: str, record: Json) -> tuple[Json, str, frozenset[str]]:
        if not isinstance(record, dict):
            raise Trouble("compose.shape", "The record is not an object.")
        made: Composed = self.cook(record)
        payload, repairs = mend_payload(made.payload, self.stage.mend)
        line = _one_line(text, payload) if payload is record else canonical(payload)
        return payload, line, made.mended | repairs

    def _family(self, record: Json) -> str | None:
        column = self.stage.families.get(self.source)
        return None if column is None else _whole(_value(record, column))

    def _stratum(self, record: Json, payload: Json) -> str | None:
        if self.stage.stratify == "source":
            return self.source
        if self.stage.stratify == "none":
            return None
        column = self.stage.labels.get(self.source)
        return _whole(_short_answer(payload) if column is None else _value(record, column))


def _plain(batch: pa.Table, cooks: Mapping[str, _Source]) -> pa.Array:
    """Give the lines of the rows that need no parsing; null for the others."""
    lines = pa.nulls(len(batch), pa.string())
    is_read = pc.and_(pc.is_null(batch["unread"]), pc.is_valid(batch["record"]))
    for source, cook in cooks.items():
        own = pc.and_(is_read, pc.equal(batch["source"], source)).combine_chunks()
        lines = pc.replace_with_mask(lines, own, cook.lines(batch["record"].filter(own).combine_chunks()))
    return lines


def _where(mask: pa.Array, texts: pa.Array) -> pa.Array:
    return pc.if_else(mask, texts, pa.scalar(None, pa.string()))


def _replaced(lines: pa.Array, places: Sequence[int], rows: Sequence[Row]) -> pa.Array:
    """Put the payloads of these rows, which are in order, in the place of the lines."""
    mask = np.zeros(len(lines), bool)
    mask[places] = True
    return pc.replace_with_mask(lines, pa.array(mask), pa.array([rows[place].payload for place in places], pa.string()))


@lru_cache(maxsize=256)
def _cook_of(name: str, settings: str) -> Cook:
    """Compiled once a process; the settings as text, because those that hold tables cannot be hashed."""
    known = recipes()[name]
    return known.make(known.settings.model_validate_json(settings))


def _cook(settings: Settings) -> Cook:
    return _cook_of(settings.recipe, settings.model_dump_json())  # type: ignore[attr-defined]  # as above


def _one_line(text: str, record: Json) -> str:
    """Give the record's own text; one that spans lines cannot be a line of a file, so it is written anew."""
    return canonical(record) if "\n" in text or "\r" in text else text


def _whole(text: str | None) -> str | None:
    return None if text is None else whole(text)


def _value(record: Json, column: str) -> str | None:
    """Give a cell as text for grouping; of gathered rows the first one's. None where there is none."""
    if not isinstance(record, dict):
        return None
    value = find(record, column)
    if value is MISSING and isinstance(rows := record.get("rows"), list) and rows and isinstance(rows[0], dict):
        value = find(rows[0], column)
    if value is MISSING or value is None or value == "":
        return None
    return value if isinstance(value, str) else canonical(value)


def _short_answer(payload: Json) -> str | None:
    turns = payload.get("messages") if isinstance(payload, dict) else None
    last = turns[-1] if isinstance(turns, list) and turns else None
    content = last.get("content") if isinstance(last, dict) and last.get("role") == "assistant" else None
    is_label = isinstance(content, str) and len(content) <= _LONGEST_LABEL and "\n" not in content
    return content if is_label else None


__all__ = ["Compose", "Record", "Row"]
