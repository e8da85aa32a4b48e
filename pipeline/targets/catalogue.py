"""The targets by id, read from the data files of this folder; a new target is one new file and nothing else.

A file is `<platform>/<model>.toml`, and its path is its id. `<platform>/platform.toml` holds what the platform's models
share; the model's file overrides it field by field, and `unknown = ["limits.all.max_tokens"]` takes a shared fact back.
`[limits.all]` holds for every method, `[limits.sft]`, `[limits.dpo]`, `[limits.rft]` for one. `[pages]` gives sources a
short name that `[sources]` refers to.
"""

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from pipeline.core.errors import PlanError
from pipeline.core.example import Method
from pipeline.core.target import Limits, Target
from pipeline.targets.names import base_model

Facts: TypeAlias = dict[str, Any]
"""A data file as tomllib gives it; checked by pydantic when it becomes a Target."""

HOME: Final = Path(__file__).parent
SHARED: Final = "platform.toml"

UNKNOWN: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "system": "anywhere",
        "last_role": None,
        "top_keys": None,
        "weight": None,
        "tools": None,
        "arguments": "any",
        "max_images": None,
        "min_examples": None,
        "max_tokens": None,
    }
)
"""What a target's limits are where its file says nothing: nothing is judged."""


def all_targets(*folders: Path) -> dict[str, Target]:
    """Give every target by id, sorted; more folders of the same layout add to the package's and override them.

    Raises PlanError for a file that cannot be read as a target; the message names the file and the field.
    """
    return dict(_all_targets(folders))


@cache
def _all_targets(folders: tuple[Path, ...]) -> dict[str, Target]:
    targets = {target.id: target for folder in (HOME, *folders) for target in _folder(folder)}
    return dict(sorted(targets.items()))


def load(name: str, *folders: Path) -> Target:
    """Give the target of this id, or of a name that means only one: see `find`.

    Raises PlanError with the nearest known id.
    """
    targets = all_targets(*folders)
    found = find(name, targets)
    if len(found) == 1:
        return targets[found[0]]
    if found:
        raise PlanError(f"target `{name}` could be {_listed(found)}. Name one of them.")
    near = get_close_matches(name, [*targets, *_aliases(targets)], n=1, cutoff=0.5)
    known = f"Did you mean `{near[0]}`?" if near else "`tuneset targets` lists them."
    raise PlanError(f"unknown target `{name}`. {known}")


def find(name: str, targets: Mapping[str, Target]) -> tuple[str, ...]:
    """Give the ids that a name can mean, in the order of their precision: the first kind that matches decides.

    An id; `platform/name` with a dated, tuned (`ft:`) or other name of the model; such a name alone, where `ft:` without
    a platform is OpenAI's; a platform alone.
    """
    if name in targets:
        return (name,)
    platform, slash, model = name.partition("/")
    if not slash:
        platform, model = ("openai", name) if name.startswith("ft:") else ("", name)
    model = base_model(model)
    by_model = [i for i, t in targets.items() if platform in ("", t.platform) and model in (t.model, *t.aliases)]
    return tuple(by_model) or tuple(i for i, t in targets.items() if not slash and t.platform == name)


def limits_of(target: Target, method: Method) -> Limits:
    """Give what the target accepts for a method; raises PlanError where it has no such method."""
    if method in target.limits:
        return target.limits[method]
    raise PlanError(f"`{target.id}` does not train by {method}. It does by {', '.join(target.methods)}.")


def _folder(folder: Path) -> Iterator[Target]:
    if not folder.is_dir():
        raise PlanError(f"{folder}: not a folder. Name one that holds <platform>/<model>.toml files.")
    for path in sorted(folder.glob("*/*.toml")):
        if path.name != SHARED:
            yield read_target(path)


def read_target(path: Path) -> Target:
    """Give the target of one data file with its platform's shared facts below it."""
    platform, model = path.parent.name, path.name.removesuffix(".toml")
    try:
        facts = facts_of(path)
        facts |= {"id": f"{platform}/{model}", "platform": platform, "model": model}
        facts["sources"] = _sources(facts.get("sources", {}), facts.pop("pages", {}))
        facts["limits"] = _limits(facts)
        return Target.model_validate(facts)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{path}: not TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise PlanError(f"{path}: `{'.'.join(map(str, first['loc']))}`: {first['msg']}.") from error


def facts_of(path: Path) -> Facts:
    """Give a file's facts merged over its platform's, as they stand, with what is unknown taken out."""
    shared = path.with_name(SHARED)
    known = _parse(shared) if shared.exists() and path.parent != HOME else {}
    own = _parse(path)
    for field in own.pop("unknown", ()):
        _drop(known, field, path)
    return _merge(known, own)


def _parse(path: Path) -> Facts:
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def _drop(facts: Facts, field: str, path: Path) -> None:
    *way, last = field.split(".")
    place = facts
    for step in way:
        place = place.get(step, {})
    if place.pop(last, None) is None:
        raise PlanError(f"{path}: `unknown` names `{field}`, which {SHARED} does not give.")


def _merge(below: Facts, above: Facts) -> Facts:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _limits(facts: Facts) -> Facts:
    given = facts.get("limits", {})
    shared = {**UNKNOWN, "target": facts["id"], **given.get("all", {})}
    return {method: {**shared, "method": method, **given.get(method, {})} for method in facts.get("methods", ["sft"])}


def _sources(sources: Facts, pages: Facts) -> Facts:
    return {
        field: pages.get(page, {"source": page}) if isinstance(page, str) else page for field, page in sources.items()
    }


def _aliases(targets: Mapping[str, Target]) -> Iterator[str]:
    for target in targets.values():
        yield from (target.model, *target.aliases)


def _listed(ids: tuple[str, ...]) -> str:
    return " or ".join(f"`{name}`" for name in ids)
