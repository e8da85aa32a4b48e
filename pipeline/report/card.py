"""README.md beside the data: a dataset card as Hugging Face reads it, with what was done to the rows and what was not.

https://huggingface.co/docs/hub/datasets-cards. It says nothing that changes with the day: prices stand in the report.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.core.settings import CardSettings, PrivacySettings
from pipeline.report.figures import count, plural, share
from pipeline.report.model import Report
from pipeline.report.words import read_as

FILE: Final = "README.md"
_SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)
"""Examples below which a dataset is of this size category of Hugging Face."""
_UNSAFE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON may hold as it is and YAML may not."""
_PRIVATE: Final = {
    "report": "reported only",
    "redact": "redacted",
    "pseudonymise": "replaced by fakes",
    "reject": "their rows rejected",
    "off": "not looked for",
}


def card(report: Report, settings: CardSettings, *, privacy: PrivacySettings, forgotten: int) -> str:
    """Give the card; `forgotten` is the number of requests for erasure that were obeyed."""
    parts = [
        "\n".join(["---", *_front(report, settings), "---"]),
        f"# {settings.title or report.name}",
        about_dataset(report, settings),
        _files(report),
        _rows(report),
        "\n".join(["## What was checked, and what was not", "", *_checks(report, privacy, forgotten)]),
        _rebuild(report),
        _licence(settings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def about_dataset(report: Report, settings: CardSettings) -> str:
    """Give the plan's description, or one sentence of what is known."""
    if settings.description:
        return settings.description.strip()
    kinds = {"sft": "Conversations to fine-tune", "dpo": "Better and worse answers to tune", "rft": "Prompts to tune"}
    made = plural(report.fates.kept, "example")
    sources = plural(len(report.sources), "source")
    return f"{kinds[report.target.method]} {report.target.title} with: {made} from {sources}, made by tuneset."


def _front(report: Report, settings: CardSettings) -> Iterator[str]:
    """Give the lines of YAML; what nobody knows is left out."""
    yield f"pretty_name: {_text(settings.title or report.name)}"
    if settings.license:
        yield f"license: {_text(settings.license)}"
    if settings.license_url:
        yield f"license_link: {_text(settings.license_url)}"
    yield from _list("language", settings.language)
    yield from _list("task_categories", settings.tasks)
    yield from _list("size_categories", [_size(report.fates.kept)])
    tags = {"fine-tuning", "chat", "tuneset", report.target.method, *settings.tags}
    yield from _list("tags", sorted(tags))
    sides = [name for name, facts in report.sides.files() if facts.examples]
    if sides:
        yield "configs:"
        yield "- config_name: default"
        yield "  data_files:"
        for name in sides:
            yield f"  - split: {name.removesuffix('.jsonl')}"
            yield f"    path: {name}"


def _list(key: str, values: Sequence[str]) -> Iterator[str]:
    if values:
        yield f"{key}:"
        yield from (f"- {_text(value)}" for value in values)


def _text(value: str) -> str:
    """Write a text as YAML: a JSON string is one, but for a few characters that YAML wants escaped."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _size(examples: int) -> str:
    return next((name for limit, name in _SIZES if examples < limit), "n>1B")


def _files(report: Report) -> str:
    head = ["| file | examples | tokens, one epoch | trained on |", "| --- | ---: | ---: | ---: |"]
    lines = [
        f"| `{name}` | {count(side.examples)} | {_count(side.tokens)} | {_count(side.trained_tokens)} |"
        for name, side in report.sides.files()
    ]
    kind = "an estimate in" if report.target.is_estimate else "of"
    beside = (
        f"One JSON object a line, in the form of the method `{report.target.method}` for {report.target.title}. Tokens are "
        f"{kind} `{report.target.encoding}`. [croissant.json](croissant.json) describes the fields, "
        "[report.md](report.md) has every number, `manifest.json` the digest of every file, `lineage.parquet` the origin of every line."
    )
    return "\n".join(["## Files", "", *head, *lines, "", beside])


def _rows(report: Report) -> str:
    head = [
        "| source | read from | rows | kept | rejected | duplicate | held |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines = [
        f"| {_cell(source.name)} | {_cell('; '.join(read_as(how) for how in source.read_as))} | {count(source.rows)} | "
        + " | ".join(count(getattr(source.fates, fate)) for fate in ("kept", "rejected", "duplicate", "held"))
        + " |"
        for source in report.sources
    ]
    total = f"Rows read: {count(report.rows_read)} = {_sum(report)}. `rejected.jsonl` has every row that is not kept, with the reasons."
    return "\n".join(["## From which rows", "", *head, *lines, "", total])


def _sum(report: Report) -> str:
    fates = report.fates
    told = [f"{count(getattr(fates, fate))} {fate}" for fate in ("kept", "rejected", "duplicate", "held")]
    return " + ".join(told)


def _checks(report: Report, privacy: PrivacySettings, forgotten: int) -> Iterator[str]:
    """Give one line for each thing that was looked at, or was not."""
    errors = sum(code.rows for code in report.findings if code.severity == "error")
    yield f"- Format and content: every line by the rules of tuneset for {report.target.id}; {plural(errors, 'finding')} kept rows out."
    twins = report.duplicates
    groups = f"{count(twins.exact_groups)} exact and {count(twins.near_groups)} near groups"
    yield f"- Duplicates: {plural(twins.rows, 'row')} left out or reported, {groups}."
    if report.sides.share is not None:
        yield f"- Validation: {share(report.sides.share)} of the examples; twins, equal prompts and families never straddle the two files."
    yield f"- Moderation: {report.moderation.words}{'; ' + report.moderation.outcome if report.moderation.outcome else ''}."
    yield from (f"- Not covered: {sentence}" for sentence in report.moderation.not_covered)
    actions: dict[str, list[str]] = {}
    for kind, action in privacy.actions.items():
        actions.setdefault(_PRIVATE[action], []).append(kind)
    told = "; ".join(f"{', '.join(kinds)}: {what}" for what, kinds in actions.items())
    yield f"- Private data: {told}."
    if forgotten:
        yield f"- Erasure: {plural(forgotten, 'request')} obeyed."
    spoken = report.portrait.languages if report.portrait else {}
    if not spoken:
        yield "- Languages of the texts: not measured."
    else:
        of = sum(spoken.values())
        told = ", ".join(f"{name} {share(count / of)}" for name, count in spoken.items())
        yield f"- Languages of the texts, by script and commonest words, in {plural(of, 'example')}: {told}."
    yield f"- {report.moderation.guarantee}"


def _rebuild(report: Report) -> str:
    made = (
        f"With tuneset {report.tuneset}, the same sources (their SHA-256 are in `manifest.json`) and the plan that stands "
        f"there too (digest `{report.plan_sha256[:16]}`), `tuneset build` gives the same bytes."
    )
    return f"## How to rebuild it\n\n{made}"


def _licence(settings: CardSettings) -> str:
    said = settings.license or "No licence is stated. Ask the owner of the sources before you pass the data on."
    where = f" ({settings.license_url})" if settings.license_url else ""
    cited = f"\n\n## How to cite it\n\n```\n{settings.citation.strip()}\n```" if settings.citation else ""
    return f"## Licence\n\n{said}{where}{cited}"


def _count(number: int | None) -> str:
    return "not counted" if number is None else count(number)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
