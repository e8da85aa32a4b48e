"""The catalogue of rules as a page: docs/rules.md is what `rules_page` gives, and a test keeps it so."""

import re
from itertools import groupby

from pipeline.core.rule import Rule, catalogue
from pipeline.core.trouble import CAUSES

HEAD = """# Rules

Every code that `tuneset check` and `tuneset build` can report, with its reason and its cure. This page is generated
from the rules themselves, and a test keeps the two together. A target may judge a code otherwise, and your plan has the last word:

```toml
[rules]
ignore = ["tools.unused", "content."]     # codes or prefixes
severity = { "answer.cut" = "warning" }   # error, warning or info
```

An **error** keeps its row out of the dataset. A **warning** ships and should be read. An **info** is worth knowing.
"""
AREAS = {
    "answer": "Answers",
    "answers": "Answers of the whole dataset",
    "content": "Content of turns",
    "dataset": "The dataset as a whole",
    "dpo": "Preference pairs",
    "duplicates": "Duplicates and leaks",
    "format": "Format",
    "image": "Images",
    "json": "JSON",
    "keys": "Keys",
    "moderation": "Moderation",
    "reserved": "Reserved words",
    "rft": "Reinforcement fine-tuning",
    "roles": "Roles and their order",
    "schema": "Schema",
    "tokens": "Tokens",
    "tools": "Tools",
    "weight": "Weights",
}


def rules_page() -> str:
    """Give the page as Markdown: an overview a code a line, then reason and cure by area."""
    rules = list(catalogue().values())
    count = f"\n{len(rules)} rules, and {len(CAUSES)} reasons why a row cannot become an example.\n"
    areas = [(area, list(some)) for area, some in groupby(rules, key=_area)]
    contents = "\n".join(f"- [{_title(area)}](#{_anchor(_title(area))}) ({len(some)})" for area, some in areas)
    sections = "\n".join(_section(area, some) for area, some in areas)
    return f"{HEAD}{count}\n{contents}\n- [Rows without an example](#rows-without-an-example) ({len(CAUSES)})\n\n{sections}\n{_troubles()}"


def _area(entry: Rule) -> str:
    return entry.code.partition(".")[0]


def _title(area: str) -> str:
    """Give an area's title; a new area needs no entry here."""
    return AREAS.get(area, area.capitalize())


def _section(area: str, rules: list[Rule]) -> str:
    return f"## {_title(area)}\n\n" + "\n".join(_entry(entry) for entry in rules)


def _entry(entry: Rule) -> str:
    return f"### `{entry.code}`\n\n*{entry.severity}; {_methods(entry)}; {_scope(entry)}*\n\n{_escaped(entry.reason)}\n"


def _methods(entry: Rule) -> str:
    return ", ".join(method for method in ("sft", "dpo", "rft") if method in entry.methods)


def _scope(entry: Rule) -> str:
    return "each row" if entry.look else "whole dataset"


def _escaped(text: str) -> str:
    """Give text in which angle brackets outside code cannot be read as HTML."""
    return re.sub(r"`[^`]*`|[<>]", lambda found: {"<": "&lt;", ">": "&gt;"}.get(found[0], found[0]), text)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-").replace(",", "")


def _troubles() -> str:
    lines = "".join(f"- `{code}`: {_escaped(text)}\n" for code, text in sorted(CAUSES.items()))
    return f"## Rows without an example\n\nThese come from reading and composing, always as errors.\n\n{lines}"
