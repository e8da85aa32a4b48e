"""The questions of evaluations that a plan keeps out of the dataset, read as sources are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline import read
from pipeline.core.errors import PlanError
from pipeline.decontaminate import Decontaminate, Question, questions
from pipeline.plan import AgainstPlan, Plan
from pipeline.setting import Setting


def decontaminating(plan: Plan, setting: Setting) -> Decontaminate | None:
    """Give the stage that looks for the plan's questions; None where it names none.

    Raises PlanError where a file of questions lacks the column in every row, or holds no question.
    """
    asked = plan.decontaminate
    if not asked.against:
        return None
    found = [question for against in asked.against for question in _questions(against, setting)]
    known = questions(found, run_words=asked.words, run_characters=asked.characters)
    return Decontaminate(known, asked.near, plan.target.method)


def exam_files(plan: Plan, root: Path) -> dict[str, Path] | None:
    """Give the files that hold the plan's questions, by address; None where one is behind a URL."""
    found = [read.find("decontaminate", one.path, root=root, read=one.read) for one in plan.decontaminate.against]
    files = {address: place for one in found for place, address in one.files}
    here = {address: place for address, place in files.items() if isinstance(place, Path)}
    return here if len(here) == len(files) else None


def _questions(against: AgainstPlan, setting: Setting) -> list[Question]:
    files = read.find("decontaminate", against.path, root=setting.root, read=against.read)
    found, columns = [], set()
    for batch in read.rows([files]):
        for name, record in zip(batch["name"].to_pylist(), batch["record"].to_pylist(), strict=True):
            values = json.loads(record) if record else None
            columns |= set(values or ())
            text = _text(values, against.column)
            if text.strip():
                found.append(Question(name, text))
    if not found:
        lacks = f"no row has the column `{against.column}`; they have {', '.join(sorted(columns)) or 'none'}"
        empty = lacks if against.column and against.column not in columns else "no row holds a question"
        raise PlanError(f"decontaminate.against `{against.path}`: {empty}.")
    return found


def _text(record: Any, column: str | None) -> str:
    """Give the text of one column, or all texts of the record, one a line."""
    wanted = record.get(column) if column and isinstance(record, dict) else record
    return "\n".join(_texts(wanted))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
