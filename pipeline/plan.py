"""dataset.toml → Plan: what to read, how to compose it, what to hold it against, where to write it."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeAlias

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from pipeline.compose import recipes
from pipeline.core.described import described
from pipeline.core.errors import PlanError
from pipeline.core.example import Method
from pipeline.core.settings import (
    A_FILE,
    A_SHARE,
    CacheSettings,
    CardSettings,
    CostSettings,
    DedupeSettings,
    DriftSettings,
    ExpectSettings,
    ForgetSettings,
    MendSettings,
    ModerationSettings,
    PrivacySettings,
    RefreshSettings,
    ReviewSettings,
    RuleSettings,
    SplitSettings,
    WriteSettings,
)
from pipeline.core.target import Settings
from pipeline.read import formats, read_settings

if TYPE_CHECKING:
    from pipeline.read import ReadSettings

    ComposeSettings: TypeAlias = Settings
else:  # the unions are as long as the folders: a new reader or recipe is one file and no edit here
    ReadSettings = read_settings()
    ComposeSettings = Annotated[reduce(or_, (r.settings for r in recipes().values())), Field(discriminator="recipe")]

FILE = "dataset.toml"
PINNED = "validation"
"""Name of the source that a pinned validation file becomes."""


class SourcePlan(Settings):
    """One file, folder or glob, how it is read, and how its records become examples."""

    path: str
    """A file, a folder or a glob, relative to the plan."""
    name: str = ""
    """What reports call it. Empty: the file's or folder's own name without suffix."""
    read: ReadSettings | None = None
    """Format and dialect. Left out: recognised from the content."""
    compose: ComposeSettings
    """The recipe and its columns."""
    family: str | None = None
    """Column whose equal values (a customer, a document) must not straddle train and validation."""
    label: str | None = None
    """Column by which the split is stratified when `split.stratify = "label"`."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("name") and isinstance(values.get("path"), str):
            stem = re.sub(r"[*?\[\]{}]+", "", Path(values["path"]).name).strip(".")
            name = stem.split(".", maxsplit=1)[0] or Path(values["path"]).parent.name
            return {**values, "name": name or "source"}
        return values


class AgainstPlan(Settings):
    """Questions of an evaluation: a file, folder or glob of any format that a source may have."""

    path: str
    """A file, a folder or a glob, relative to the plan."""
    column: str | None = None
    """Column that holds the question. Left out: all texts of a record, one after the other."""
    read: ReadSettings | None = None
    """Format and dialect. Left out: recognised from the content."""


class DecontaminatePlan(Settings):
    """Questions of evaluations that must not be trained on, nor asked in validation; see docs/decontaminate.md."""

    against: tuple[AgainstPlan, ...] = ()
    """Where they stand. Empty: nothing is looked for."""
    words: int = Field(default=13, ge=5, le=100)
    """Words in a row by which a question is found: the 13 of GPT-3 and lm-evaluation-harness. A shorter question is
    found where a turn says it and nothing else."""
    characters: int = Field(default=50, ge=10, le=500)
    """As above for questions in scripts without spaces, where each character is a word."""
    near: float = Field(default=0.6, ge=0.0, le=1.0)
    """Share of a question's runs of five words from which it is found though words were changed. 0: not looked for.

    0.6: one word in ten changed in a question of forty words, or two in a question of thirty.
    """


class TargetPlan(Settings):
    """Where the model will be tuned, and how."""

    id: str = "openai/gpt-4.1-mini"
    """`platform/model`, as `tuneset targets` lists it."""
    method: Method = "sft"
    """`sft`: answers to learn; `dpo`: a better and a worse answer; `rft`: prompts with what a grader needs."""
    max_tokens: int | None = Field(default=None, gt=0)
    """Tokens of one example, instead of the target's training window."""


class Plan(Settings):
    """A whole dataset.toml. Every key is optional but `source`."""

    name: str = "dataset"
    """What the report and the dataset card call it."""
    seed: int = 42
    """Shuffles and splits; another seed gives another validation set."""
    target: TargetPlan = TargetPlan()
    source: tuple[SourcePlan, ...] = Field(min_length=1)
    mend: MendSettings = MendSettings()
    dedupe: DedupeSettings = DedupeSettings()
    decontaminate: DecontaminatePlan = DecontaminatePlan()
    rules: RuleSettings = RuleSettings()
    moderation: ModerationSettings = ModerationSettings()
    privacy: PrivacySettings = PrivacySettings()
    split: SplitSettings = SplitSettings()
    expect: ExpectSettings = ExpectSettings()
    drift: DriftSettings = DriftSettings()
    cost: CostSettings = CostSettings()
    review: ReviewSettings = ReviewSettings()
    forget: ForgetSettings = ForgetSettings()
    card: CardSettings = CardSettings()
    refresh: RefreshSettings = RefreshSettings()
    cache: CacheSettings = CacheSettings()
    write: WriteSettings = WriteSettings()

    @model_validator(mode="before")
    @classmethod
    def _with_pinned_source(cls, values: Any) -> Any:
        """Give the values with the pinned file as one more source, whose lines ship as they are."""
        if not isinstance(values, dict) or not isinstance(values.get("split"), dict):
            return values
        path, sources = values["split"].get("validation"), values.get("source")
        if not isinstance(path, str) or not isinstance(sources, list | tuple):
            return values
        pinned = {"path": path, "name": PINNED, "read": {"format": "jsonl"}, "compose": {"recipe": "as_is"}}
        return values if pinned in sources else {**values, "source": [*sources, pinned]}

    @model_validator(mode="after")
    def _source_names_differ(self) -> Self:
        names = [source.name for source in self.source]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are named `{twice[0]}`; give each [[source]] its own `name`")
        return self


def load(path: Path) -> Plan:
    """Read a plan; a PlanError names the file, every wrong key, and the nearest right one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PlanError(f"{path}: no such plan. Write one with `tuneset init`, or name it: --plan FILE.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{path}: not valid TOML: {error}.") from None
    return parse(values, path=str(path), text=text)


def parse(values: Mapping[str, Any], *, path: str = FILE, text: str = "") -> Plan:
    """Give the plan that these values say; a PlanError lists every mistake, one a line."""
    try:
        return Plan.model_validate({k: v for k, v in values.items() if k != "$schema"})
    except ValidationError as error:
        lines = [_sentence(detail, path, text) for detail in error.errors(include_url=False)]
        raise PlanError("\n".join(dict.fromkeys(lines))) from None


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of dataset.toml, as `schemas/plan.schema.json` holds it."""
    schema = described(Plan).model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "tuneset plan"
    source = schema["$defs"]["SourcePlan"]["properties"]
    tables = source["read"]["anyOf"][0]
    tables["anyOf"] = tables.pop("oneOf")  # a `read` table without `format` fits several formats
    for recipe in source["compose"]["oneOf"]:
        schema["$defs"][recipe["$ref"].rsplit("/", 1)[-1]]["required"] = ["recipe"]
    schema["properties"]["$schema"] = {"type": "string", "description": "Where this schema lies, for editors."}
    return schema


def _sentence(detail: ErrorDetails, path: str, text: str) -> str:
    keys = [str(key) for key in detail["loc"]]
    dotted = _dotted(detail["loc"])
    place = f"{path}:{line}" if (line := _line_of(text, keys)) else path
    match detail["type"]:
        case "extra_forbidden":
            return f"{place}: unknown key `{dotted}`.{_nearest(keys)}"
        case "missing":
            return f"{place}: `{dotted}` is missing.{_purpose(keys)}"
        case "union_tag_invalid" | "union_tag_not_found":
            context = detail.get("ctx", {})
            tag = str(context.get("discriminator", "")).strip("'")
            known = str(context.get("expected_tags", "")).replace("'", "`") or _tags(keys)
            return f"{place}: `{dotted}.{tag}` must be one of {known}."
        case _:
            return f"{place}: `{dotted}`: {detail['msg'].removeprefix('Value error, ')}."


def _dotted(location: Iterable[int | str]) -> str:
    """Give `source[1].compose.user` for a pydantic location; the tag of a union is no key of the file."""
    keys = [key for key in location if key not in {*recipes(), *formats(), A_FILE, A_SHARE}]
    return "".join(f"[{key + 1}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".") or "plan"


def _line_of(text: str, keys: list[str]) -> int | None:
    """Give the line that sets the last key, when just one line does."""
    lines = [
        n
        for n, line in enumerate(text.splitlines(), 1)
        if keys and re.search(rf"(^|[\s{{,.\[]){re.escape(keys[-1])}\s*[=\]]", line)
    ]
    return lines[0] if len(lines) == 1 else None


def _nearest(keys: list[str]) -> str:
    """Name the known key beside the unknown one, or list them where none is near."""
    *parents, wrong = keys
    prefix = _dotted([int(key) if key.isdigit() else key for key in parents])
    known = sorted(_known(parents))
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    if near:
        return f" Did you mean `{near[0] if prefix == 'plan' else f'{prefix}.{near[0]}'}`?"
    return f" Known: {', '.join(known)}." if known else ""


def _purpose(keys: list[str]) -> str:
    for schema in _schemas(keys[:-1]):
        if keys and keys[-1] in schema.get("properties", {}):
            return f" {schema['properties'][keys[-1]].get('description', '')}".rstrip()
    return ""


def _tags(keys: list[str]) -> str:
    names = formats() if keys and keys[-1] == "read" else recipes()
    return ", ".join(f"`{name}`" for name in names)


def _known(keys: list[str]) -> Iterator[str]:
    for schema in _schemas(keys):
        yield from schema.get("properties", {})


def _schemas(keys: list[str]) -> list[dict[str, Any]]:
    """Give the JSON Schemas that stand at this place of the plan."""
    whole = Plan.model_json_schema()
    here = [whole]
    for key in keys:
        if key.isdigit():
            here = [schema["items"] for schema in here if "items" in schema]
        elif key in recipes() or key in formats():
            tag = "recipe" if key in recipes() else "format"
            here = [s for s in here if s.get("properties", {}).get(tag, {}).get("const") == key] or here
        else:
            here = [schema["properties"][key] for schema in here if key in schema.get("properties", {})]
        here = [found for schema in here for found in _resolved(schema, whole)]
    return here


def _resolved(schema: dict[str, Any], whole: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in schema:
        return _resolved(whole["$defs"][schema["$ref"].rsplit("/", 1)[-1]], whole)
    choices = schema.get("anyOf", schema.get("oneOf"))
    return [found for choice in choices for found in _resolved(choice, whole)] if choices else [schema]
