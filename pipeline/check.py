"""Judge every row by the rules of its target, and the dataset as a whole: facts against limits, never text by text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.columns import CHECK, FINDING, with_columns
from pipeline.core.example import Example, Moderation, Tokens
from pipeline.core.facts import facts_of, numbered
from pipeline.core.finding import Finding, Severity
from pipeline.core.lines import Lines
from pipeline.core.moderation import flags, from_column
from pipeline.core.plain import quick_example
from pipeline.core.private.searched import Searched, searched, searched_kind
from pipeline.core.rule import Rule, Suspects, catalogue
from pipeline.core.settings import CheckSettings, RuleSettings
from pipeline.core.suspects import ESCAPE, Mentions
from pipeline.core.wording import whole

Mask = npt.NDArray[np.bool_]

DATASET: Final = "dataset"
"""Name of a finding about the whole."""
ANYTHING: Final = "*"
COMPARED: Final = ("content", "prompt", "group")
"""Columns of which a survey asks only whether values are equal."""
TOGETHER: Final = {"answer": "content"}
"""Areas whose rules are searched for in the pass of another: two passes of 65 MB take twice its 0.15 seconds."""
WITHOUT_TURNS: Final = frozenset({"moderation", "private", "secret", "tokens"})
"""Areas whose rules look at facts or at the whole text: of the rows of real chats half are looked at by these alone."""
LEAKS: Final = {
    "exact": "A turn is the question at {question} of the evaluation, word by word.",
    "words": "Holds a run of words of the question at {question} of the evaluation.",
    "near": "Holds {share:.0%} of the question at {question} of the evaluation, in runs of five words.",
}
"""What is said of a row in which a question stands, by how it was found."""


class Row(NamedTuple):
    """A row that rules look at."""

    number: int
    """Within its batch."""
    name: str
    payload: str
    moderation: Moderation | None
    """What the backend said; None as well where no rule asks."""
    batch: pa.Table


class Asked(NamedTuple):
    """Rules that look at a row, and what they ask besides the text of its payload."""

    rules: Sequence[Rule]
    turns: bool
    """The payload taken apart."""
    tokens: bool
    moderation: bool
    person_names: bool

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "Asked":
        """Give what these rules ask, by their codes."""
        codes = [rule.code for rule in rules]
        areas = {code.partition(".")[0] for code in codes}
        return cls(rules, not areas <= WITHOUT_TURNS, "tokens" in areas, "moderation" in areas, "private.name" in codes)


@dataclass(frozen=True)
class Check:
    """The stage that adds `findings`: all flaws of a row at once, by place and code; none for a sound row."""

    settings: CheckSettings = field(default_factory=CheckSettings)

    @property
    def name(self) -> str:
        """The room's verb."""
        return "check"

    @property
    def reads(self) -> tuple[str, ...]:
        """What it needs; `moderation`, `private` and `leak` are read where they are there."""
        return ("name", "payload", "trouble", "tokens", "shape")

    @property
    def adds(self) -> pa.Schema:
        """One list of findings a row."""
        return CHECK

    @property
    def also_reads(self) -> tuple[str, ...]:
        """What rules ask where it was measured; suspects may ask any measured column."""
        return ("digest", "moderation", "private", "leak")

    def identity(self, source: str) -> str:
        """Give the limits and rules; how moderation is asked is no limit."""
        del source
        own = self.settings
        tables = (own.limits, own.rules, own.privacy)
        return repr((*(table.identity() for table in tables), sorted(own.moderation.thresholds.items())))

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give the batch with the findings of each row."""
        rules = [rule for rule in active(self.settings) if rule.look]
        flaws: dict[int, list[Finding]] = {}
        for row, finding in _troubles(batch):
            flaws[row] = [finding]
        suspects = list(_suspected(rules, batch, self.settings))
        severities = {
            rule.code: severity_of(rule.code, rule.severity, self.settings) or rule.severity for rule in rules
        }
        said = _moderations(batch, [row for row, asked in suspects if asked.moderation], self.settings)
        told = batch.select(["name", "payload"]).take(pa.array([row for row, _ in suspects], pa.int64()))
        for (row, asked), name, payload in zip(
            suspects, told["name"].to_pylist(), told["payload"].to_pylist(), strict=True
        ):
            found = _looked(Row(row, name, payload, said.get(row), batch), asked, self.settings, severities)
            if found:
                flaws[row] = sorted(found, key=_place) if len(found) > 1 else found
        for row, finding in _leaks(batch, self.settings):
            flaws.setdefault(row, []).append(finding)
        return with_columns(batch, CHECK, {"findings": _as_column(flaws, batch.num_rows)})


def active(settings: CheckSettings) -> list[Rule]:
    """Give the rules that judge under these settings, by code."""
    method, chosen = settings.limits.method, settings.rules
    return [
        rule
        for code, rule in catalogue().items()
        if method in rule.methods and is_chosen(code, chosen) and severity_of(code, rule.severity, settings) is not None
    ]


def is_chosen(code: str, rules: RuleSettings) -> bool:
    """Say whether the plan lets this code judge."""
    return (not rules.select or code.startswith(rules.select)) and not (rules.ignore and code.startswith(rules.ignore))


def severity_of(code: str, default: Severity, settings: CheckSettings) -> Severity | None:
    """Give how grave a code is: as the plan says, else the target, else the rule; None where it is switched off."""
    private = settings.privacy.severity(code, str(default))
    name = settings.rules.severity.get(code) or settings.limits.severities.get(code) or private
    if name == "off":
        return None
    return Severity.named(name) if name else default


def survey(
    facts: pa.Table, settings: CheckSettings, *, name: str = DATASET, within: str | None = ANYTHING
) -> list[Finding]:
    """Give the findings about the dataset as a whole; `facts` are those of `facts_of`, for all rows.

    `within` asks only the rules that look at groups of equal values of that column, None those that only count.

    Each rule names the columns that it needs in its docstring; where one is missing, the rule is silent. Besides those
    of `facts_of` they are: `findings`, `group`, `side`, `fate` (as the stages add them), and those of `with_lengths`.
    Those of COMPARED are numbers there, the same for the same value.
    """
    facts, findings = numbered(facts, *COMPARED), []
    for rule in active(settings):
        severity = severity_of(rule.code, rule.severity, settings)
        if rule.survey and severity and within in (ANYTHING, rule.within):
            flaws = rule.survey(facts, settings.limits)
            findings += [Finding(one.name or name, rule.code, severity, one.where, one.message) for one in flaws]
    return gravest_first(findings)


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Give findings about a dataset in their order."""
    return sorted(findings, key=lambda one: (-one.severity, one.code, one.name, one.where, one.message))


def _troubles(batch: pa.Table) -> Iterator[tuple[int, Finding]]:
    troubles = batch["trouble"]
    for row in np.flatnonzero(_mask(troubles.is_valid())).tolist():
        code, _, message = troubles[row].as_py().partition(" ")
        yield row, Finding(batch["name"][row].as_py(), code, Severity.ERROR, "", message)


def _leaks(batch: pa.Table, settings: CheckSettings) -> Iterator[tuple[int, Finding]]:
    """Give a finding for each row in which a question of an evaluation stands."""
    if "leak" not in batch.column_names:
        return
    leaks = batch["leak"]
    for row in np.flatnonzero(_mask(leaks.is_valid())).tolist():
        leak = leaks[row].as_py()
        code = f"decontaminate.{leak['how']}"
        severity = severity_of(code, Severity.ERROR, settings)
        if severity and is_chosen(code, settings.rules):
            said = LEAKS[leak["how"]].format(share=leak["share"], question=leak["question"])
            yield row, Finding(batch["name"][row].as_py(), code, severity, "", said)


def _suspected(rules: list[Rule], batch: pa.Table, settings: CheckSettings) -> Iterator[tuple[int, Asked]]:
    """Give each row that some rule suspects, with those rules."""
    payload = batch["payload"]
    facts = facts_of(batch, moderation=settings.moderation).append_column("payload", payload)
    known = _mask(payload.is_valid())
    strange = known & ~_mask(pc.fill_null(facts["regular"], fill_value=False))
    masks = _mentioned(rules, facts, searched(batch, settings.privacy), settings) | _claimed(rules, facts, settings)
    grid = np.array([(masks[rule.code] | strange) & known for rule in rules], dtype=bool).reshape(len(rules), -1)
    yield from _asked(grid, rules)


def _claimed(rules: Iterable[Rule], facts: pa.Table, settings: CheckSettings) -> dict[str, Mask]:
    """Give the suspects of all rules that do not search the text; what several rules claim is asked once: of 79, half."""
    words = facts["roles"].combine_chunks().dictionary_encode()
    facts = facts.set_column(facts.column_names.index("roles"), "roles", words)
    answers: dict[Suspects | None, Mask] = {None: np.ones(facts.num_rows, dtype=bool)}
    masks = {}
    for rule in rules:
        claim = rule.suspects
        if not isinstance(claim, Mentions):
            if claim is not None and claim not in answers:
                answers[claim] = _mask(pc.fill_null(claim(facts, settings.limits), fill_value=True))
            masks[rule.code] = answers[claim]
    return masks


def _asked(grid: npt.NDArray[np.bool_], rules: Sequence[Rule]) -> Iterator[tuple[int, Asked]]:
    """Give each row that some rule picks, with those rules: the same for all rows that the same ones pick."""
    some = np.flatnonzero(grid.any(axis=0))
    picked = np.packbits(grid[:, some], axis=0).T.tolist()
    known: dict[tuple[int, ...], Asked] = {}
    for row, bits in zip(some.tolist(), map(tuple, picked), strict=True):
        if bits not in known:
            known[bits] = Asked.of([rules[index] for index in np.flatnonzero(grid[:, row]).tolist()])
        yield row, known[bits]


def _mentioned(rules: list[Rule], facts: pa.Table, known: Searched, settings: CheckSettings) -> dict[str, Mask]:
    """Give the suspects of all rules that search the text: one pass for each area, then one a rule over what that found.

    A search for each rule of a gigabyte takes minutes; one for all of them outgrows the automaton that makes searching
    fast and takes as long. The rules of one area (`private.`) fit, and those of the areas in TOGETHER; each that has closer
    expressions has a pass of its own, with the first of them. What compose searched for already is not searched for again.
    """
    has_known = bool(known.rows.any())
    areas: dict[tuple[str, bool], dict[str, Mentions]] = {}
    for rule in rules:
        if isinstance(rule.suspects, Mentions):
            own = rule.code.partition(".")[0]
            is_known = has_known and searched_kind(rule.code, settings.privacy) is not None
            areas.setdefault((TOGETHER.get(own, own), is_known), {})[rule.code] = rule.suspects
    lines = Lines(_unescaped(facts["payload"]))
    masks: dict[str, Mask] = {}
    for (_, is_known), claims in areas.items():
        masks |= _searched_in_area(claims, lines, known, settings) if is_known else _mentioned_in_area(claims, lines)
    return masks


def _searched_in_area(
    claims: Mapping[str, Mentions], lines: Lines, known: Searched, settings: CheckSettings
) -> dict[str, Mask]:
    """Give the suspects of claims about private data: what compose found, and of rows it did not search what is mentioned."""
    masks = {code: known.suspects(searched_kind(code, settings.privacy) or "").copy() for code in claims}
    left = np.flatnonzero(~known.rows)
    for code, mask in _mentioned_in_area(claims, lines.taken(left)).items() if len(left) else ():
        masks[code][left] = mask
    return masks


def _mentioned_in_area(claims: Mapping[str, Mentions], lines: Lines) -> dict[str, Mask]:
    """Give the suspects of each claim by code; of lines that cannot be searched all are."""
    together = [claim.pattern for claim in claims.values() if not claim.closer]
    some = lines.matching("|".join(f"(?:{pattern})" for pattern in together)) if together else np.zeros(0, np.int64)
    left = lines.taken(some)
    masks = {}
    for code, claim in claims.items():
        masks[code] = np.zeros(len(lines), dtype=bool)
        found = lines.matching_all(claim.closer) if claim.closer else some[left.matching(claim.pattern)]
        masks[code][np.concatenate([found, lines.nulls, lines.broken])] = True
    return masks


def _unescaped(payloads: pa.ChunkedArray) -> pa.ChunkedArray:
    r"""Give payloads without needless escapes such as \u00e9; null for those that have to be looked at as they are."""
    hidden = pc.fill_null(pc.match_substring_regex(payloads, ESCAPE), fill_value=False)
    if not pc.any(hidden).as_py():
        return payloads
    plain = pa.array([_plain(text) for text in payloads.filter(hidden).to_pylist()], payloads.type)
    return pc.replace_with_mask(payloads, hidden.combine_chunks(), plain)


def _plain(payload: str) -> str | None:
    try:
        return msgspec.json.encode(msgspec.json.decode(payload)).decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _looked(row: Row, asked: Asked, settings: CheckSettings, severities: Mapping[str, Severity]) -> list[Finding]:
    """Parse a row once and give what the rules find in it; counts, scores and names are fetched for the rules that ask them."""
    method = settings.limits.method
    found: list[Finding] = []
    example = quick_example(row.payload, method=method) if asked.turns else Example(row.payload, method)
    if asked.tokens:
        example = replace(example, tokens=_tokens(row.batch["tokens"][row.number].as_py()))
    if asked.moderation:
        example = replace(example, moderation=row.moderation)
    if asked.person_names:
        example = replace(example, person_names=_person_names(row))
    for rule in asked.rules:
        assert rule.look is not None
        try:
            found += [
                Finding(row.name, rule.code, severities[rule.code], whole(flaw.where), flaw.message)
                for flaw in rule.look(example, settings.limits)
            ]
        except Exception as error:
            error.add_note(f"rule {rule.code} looked at {row.name}")
            raise
    return found


def _tokens(counts: dict[str, int | None] | None) -> Tokens | None:
    if counts is None or counts["total"] is None:
        return None
    return Tokens(**{name: count or 0 for name, count in counts.items()})


def _moderations(batch: pa.Table, rows: Sequence[int], settings: CheckSettings) -> dict[int, Moderation]:
    """Give what the backend said of these rows, with the categories that the plan's thresholds flag; scores only for those.

    All at once: taking a field of one row from Arrow costs as much as looking at the row.
    """
    if not rows or "moderation" not in batch.column_names or pa.types.is_null(batch["moderation"].type):
        return {}
    said = batch["moderation"].take(pa.array(rows)).combine_chunks()
    names = [field.name for field in said.type if field.name != "scores" or settings.moderation.thresholds]
    values = zip(*(pc.struct_field(said, name).to_pylist() for name in names), strict=True)
    facts = [from_column(dict(zip(names, one, strict=True))) for one in values]
    return {
        row: fact._replace(categories=flags(fact, settings.moderation))
        for row, fact, is_said in zip(rows, facts, said.is_valid().to_pylist(), strict=True)
        if is_said
    }


def _person_names(row: Row) -> int | None:
    found = row.batch["private"][row.number].as_py() if "private" in row.batch.column_names else None
    return None if found is None else dict(found).get("name")


def _place(finding: Finding) -> tuple[list[tuple[int, int, str]], str, str]:
    """Order by pointer (its numbers as numbers), then by code."""
    steps = [(0, int(step), "") if step.isdecimal() else (1, 0, step) for step in finding.where.split("/")]
    return steps, finding.code, finding.message


def _mask(claim: pa.Array | pa.ChunkedArray) -> Mask:
    return np.asarray(
        claim.to_numpy(zero_copy_only=False) if isinstance(claim, pa.Array) else claim.to_numpy(), dtype=bool
    )


def _as_column(flaws: dict[int, list[Finding]], rows: int) -> pa.Array:
    counts = np.zeros(rows + 1, dtype=np.int32)
    for row, found in flaws.items():
        counts[row + 1] = len(found)
    flat = [finding for row in sorted(flaws) for finding in flaws[row]]
    parts = list(zip(*flat, strict=True))[1:] or [()] * len(FINDING)  # all but the name, which is the row's
    columns = [pa.array(values, type=part.type) for part, values in zip(FINDING, parts, strict=True)]
    values = pa.StructArray.from_arrays(columns, fields=list(FINDING))
    return pa.ListArray.from_arrays(
        pa.array(np.cumsum(counts, dtype=np.int32)), values, type=CHECK.field("findings").type
    )
