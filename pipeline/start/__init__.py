"""The first plan: look at files, propose recipes, show what they would compose."""

import json
import os
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa

from pipeline.compose import Compose
from pipeline.compose.guess import Proposal
from pipeline.core import columns
from pipeline.core.errors import SourceError
from pipeline.core.example import Method
from pipeline.core.settings import MendSettings
from pipeline.core.target import Settings
from pipeline.read import Look, find, rows
from pipeline.start.candidates import Candidate, candidates, settings_of

TRIED: Final = 200
"""Records that are composed to show examples and troubles."""
SHOWN: Final = 3
"""Composed examples shown."""
EXAMPLE: Final = "data/raw/example.csv"
_TAG: Final = re.compile(r"</(?:p|b|i|a|div|span|li|ul|ol|strong|em|td|tr|h[1-6])>|<br ?/?>|&nbsp;", re.IGNORECASE)
"""What cells that were exported from a help desk or a web page hold; text about HTML seldom holds it in most rows."""
_NAMED: Final = 8
"""Columns named in a message."""


class Draft(NamedTuple):
    """A proposed source and what it would give."""

    address: str
    """Path relative to the plan."""
    look: Look
    read: dict[str, Any]
    """The `read` table of the plan: what the proposal needs of the reader; the rest is detected again each time."""
    proposal: Proposal
    others: tuple[Proposal, ...]
    """Less likely ones."""
    method: Method
    is_html: bool
    """Whether most examples hold tags of HTML: the plan then turns it into text."""
    payloads: tuple[str, ...]
    """The first examples that it composes."""
    troubles: tuple[str, ...]
    """Why records of the sample would be left out."""


def draft(path: Path, *, root: Path, choice: int = 0) -> Draft:
    """Propose a source for a file or folder; a SourceError says what was seen where nothing fits."""
    seen, found = candidates(path, root=root)
    if not found:
        raise SourceError(f"{path}: {_unfit(seen)}")
    chosen = found[min(choice, len(found) - 1)]
    method: Method = "dpo" if _tag(chosen.proposal.settings) == "preference" else "sft"
    payloads, troubles = _composed(path, root, chosen, method)
    is_html = sum(bool(_TAG.search(payload)) for payload in payloads) > len(payloads) / 2
    if is_html:
        payloads, troubles = _composed(path, root, chosen, method, mend=MendSettings(html=True))
    return Draft(
        address=_address(path, root),
        look=chosen.look,
        read=chosen.read,
        proposal=chosen.proposal,
        others=tuple(one.proposal for one in found if one is not chosen),
        method=method,
        is_html=is_html,
        payloads=payloads[:SHOWN],
        troubles=troubles,
    )


def _unfit(seen: Look) -> str:
    """Say what was seen, and what to do."""
    if not seen.records:
        return f"read as {seen.format}, and there is no record in it; put some rows below the header."
    held = ", ".join(f"`{name}`" for name in seen.columns[:_NAMED]) or "no columns"
    more = len(seen.columns) - _NAMED
    held += f" and {more} more" if more > 0 else ""
    return (
        f"read as {seen.format} with {held}, which fits no recipe. Write the `compose` table by hand: docs/recipes.md."
    )


def _address(path: Path, root: Path) -> str:
    """Give the path as the plan names it: relative to its folder, with forward slashes on every machine."""
    return Path(os.path.relpath(path.absolute(), root.absolute())).as_posix()


def compose_table(settings: Settings) -> dict[str, Any]:
    """Give the `compose` table of the plan: the recipe, and whatever the proposal set, also where it is the default."""
    values = settings.model_dump(mode="json")
    said = {name: values[name] for name in type(settings).model_fields if name in settings.model_fields_set}
    return {
        "recipe": values["recipe"],
        **{name: value for name, value in said.items() if value not in (None, "", [], {})},
    }


def plan_text(drafts: Sequence[Draft], *, name: str) -> str:
    """Give a commented dataset.toml that reads these sources."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(  # noqa: S701 - it writes TOML, and `toml` quotes what comes from the data
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"toml": _toml, "compose_table": compose_table}
    template = environment.from_string(files(__package__).joinpath("dataset.toml.jinja").read_text(encoding="utf-8"))
    return template.render(
        drafts=drafts,
        is_html=any(one.is_html for one in drafts),
        name=name,
        method=drafts[0].method,
        schema=_schema_address(),
    )


def example_csv() -> bytes:
    """Give a small table of questions and answers to begin with where there is no data yet."""
    return files(__package__).joinpath("example.csv").read_bytes()


def shown(payload: str, *, width: int = 300) -> str:
    """Give an example for reading: one turn a line, long ones cut."""
    value = json.loads(payload)
    turns = value.get("messages") or [
        *value["input"]["messages"],
        *value["preferred_output"],
        *value["non_preferred_output"],
    ]
    lines = ["  {}: {}".format(turn["role"], " ".join(_content(turn).split())) for turn in turns]
    return "\n".join(line if len(line) <= width else f"{line[: width - 3]}..." for line in lines)


def _content(turn: dict[str, Any]) -> str:
    content = turn.get("content")
    if isinstance(content, str):
        return content
    return json.dumps(turn.get("tool_calls") or content, ensure_ascii=False)


def _composed(
    path: Path,
    root: Path,
    chosen: Candidate,
    method: Method,
    *,
    mend: MendSettings = MendSettings(),  # noqa: B008 - frozen
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the payloads and the troubles of the first batch."""
    source = find("draft", str(path.absolute()), root=root, read=settings_of(chosen.read))
    batch = next(rows([source], batch_rows=TRIED), None)
    if batch is None:
        return (), ()
    stage = Compose(recipes={"draft": chosen.proposal.settings}, method=method, mend=mend)
    done = stage(pa.Table.from_batches([batch], schema=columns.READ))
    payloads = [payload for payload in done["payload"].to_pylist() if payload is not None]
    troubles = zip(done["name"].to_pylist(), done["trouble"].to_pylist(), strict=True)
    return tuple(payloads), tuple(f"{name}  {trouble}" for name, trouble in troubles if trouble)


def _tag(settings: Settings) -> str:
    return str(settings.model_dump()["recipe"])


def _toml(value: Any) -> str:
    """Write a value as TOML on one line."""
    import tomlkit

    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update(value)
        return str(table.as_string())
    return str(tomlkit.item(value).as_string())


@cache
def _schema_address() -> str:
    """Give where editors find the schema of the plan: the installed copy."""
    from pipeline.core.resources import schemas

    return (schemas() / "plan.schema.json").as_uri()
