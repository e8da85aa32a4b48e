"""The compose stage: each row's record becomes the very line that ships, or the reason why there is none."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from typing import Final, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.compose.canonical import canonical, parse
from pipeline.compose.cells import MISSING, find
from pipeline.compose.mend import mend_payload
from pipeline.compose.recipe import Composed, Cook, Record, recipes
from pipeline.compose.redact import Redact
from pipeline.compose.standing import standing
from pipeline.core import columns
from pipeline.core.errors import PlanError
from pipeline.core.example import Json, Method
from pipeline.core.private import Detector, detectors, masked, suspects
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
        stands = _standing(batch, cooks)
        given = zip(*(batch[name].to_pylist() for name in self.reads), stands.to_pylist(), strict=True)
        rows = [
            cooks[source].as_it_stands(record) if is_standing else cooks[source].row(record, unread)
            for source, record, unread, is_standing in given
        ]
        self._redact(rows)
        values = {name: [row[index] for row in rows] for index, name in enumerate(columns.COMPOSE.names)}
        return columns.with_columns(batch, columns.COMPOSE, values)

    def redact(self) -> Redact:
        """Give what is done about private data; a PlanError or MissingExtra where it cannot be."""
        if self.privacy.name == "off":
            return Redact(self.privacy, self.salt)
        from pipeline.compose import names

        names.demand()
        return Redact(self.privacy, self.salt, names.person_names)

    def _redact(self, rows: list[Row]) -> None:
        """Put rows whose private data is redacted in the place of theirs; the others cost a search by Arrow."""
        redact = self.redact()
        if redact.is_off:
            return
        lines = pa.array([row.payload for row in rows], pa.string())
        known = pc.indices_nonzero(lines.is_valid()).to_pylist()
        asked = dict.fromkeys(known, detectors()) if redact.names else suspects(lines)
        for index, among in asked.items():
            rows[index] = self._redacted(rows[index], redact, among)

    def _redacted(self, row: Row, redact: Redact, among: Sequence[Detector]) -> Row:
        """Give one row as it may ship. A line that is no JSON is left to the rules, which refuse it."""
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
        self.is_verbatim = recipes()[settings.recipe].is_verbatim  # type: ignore[attr-defined]  # as above
        self.keeps_plain_chat = recipes()[settings.recipe].keeps_plain_chat(settings)  # type: ignore[attr-defined]  # as above
        self.asks_record = source in stage.families or stage.stratify == "label"
        self.found = None if stage.redact().is_off else ()

    def stands(self, records: pa.ChunkedArray) -> pa.ChunkedArray | pa.Scalar:
        """Say which records are the payload as they stand: nobody parses those."""
        if self.asks_record or not (self.is_verbatim or self.keeps_plain_chat):
            return pa.scalar(value=False)
        if self.is_verbatim:
            return pc.invert(pc.match_substring(records, "\n"))
        return standing(records, self.stage.mend)

    def as_it_stands(self, text: str | None) -> Row:
        return Row(text, mended=[], stratum=self._stratum(None, None), private=self.found)

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


def _standing(batch: pa.Table, cooks: Mapping[str, _Source]) -> pa.ChunkedArray:
    """Say which rows ship as they stand."""
    is_read = pc.and_(pc.is_null(batch["unread"]), pc.is_valid(batch["record"]))
    stands = (pc.and_(pc.equal(batch["source"], name), cook.stands(batch["record"])) for name, cook in cooks.items())
    return pc.and_kleene(is_read, reduce(pc.or_kleene, stands, pa.scalar(value=False)))


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
