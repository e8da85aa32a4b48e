"""A rubric: one question about an example, the scale of answers, and how grave each is. One TOML file each."""

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal, Self, TypeAlias

from pydantic import Field, ValidationError, model_validator

from pipeline.core.errors import PlanError
from pipeline.core.finding import Severity
from pipeline.core.target import Settings

FOLDER: Final = Path(__file__).parent / "rubrics"
CANNOT_TELL: Final = "cannot-tell"
"""A label that every scale has besides its own: the reviewer looked and could not decide. It holds the example."""
NAME: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Level: TypeAlias = Literal["info", "warning", "error"]


class Step(Settings):
    """One answer of the scale."""

    label: str = Field(pattern=NAME, max_length=40)
    means: str
    """What makes this the right answer, in one sentence."""
    fails: bool = False
    """Whether an example of this label is a finding."""
    severity: Level | None = None
    """Of the finding; None: the rubric's."""
    applies: bool = True
    """Whether this label judges at all; `no-source` says that there was nothing to judge."""


class Rubric(Settings):
    """What a reviewer is asked; the name is its file's."""

    name: str = Field(pattern=NAME, max_length=40)
    question: str
    """One sentence that the labels answer."""
    counts: tuple[str, ...] = ()
    """What counts against an example."""
    counts_not: tuple[str, ...] = ()
    """What must not be held against it: most false alarms are here."""
    about: Literal["none", "optional", "required"] = "none"
    """Whether it takes a description from the plan's `review.about`, such as the brand's tone."""
    severity: Level = "warning"
    scale: tuple[Step, ...] = Field(min_length=2, max_length=12)
    """From best to worst."""

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        labels = [step.label for step in self.scale]
        if len(set(labels)) < len(labels) or CANNOT_TELL in labels:
            raise ValueError(f"labels of the scale must differ, and `{CANNOT_TELL}` is always there")
        if not any(step.fails for step in self.scale) or not any(
            step.applies and not step.fails for step in self.scale
        ):
            raise ValueError("the scale needs a label that passes and one that fails")
        return self

    @property
    def code(self) -> str:
        """Give the code of its findings."""
        return f"review.{self.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Give every label that an answer may have."""
        return (*(step.label for step in self.scale), CANNOT_TELL)

    def step(self, label: str) -> Step | None:
        """Give the step of this label; None: the reviewer could not tell."""
        return next((step for step in self.scale if step.label == label), None)

    def severity_of(self, step: Step) -> Severity:
        """Give how grave a finding of this step is."""
        return Severity.named(step.severity or self.severity)

    def digest(self, about: str) -> str:
        """Give the SHA-256 of everything of it that the reviewer is told; severities may change without asking again."""
        told = self.model_dump(mode="json", include={"name", "question", "counts", "counts_not"})
        steps = [(step.label, step.means) for step in self.scale]
        return hashlib.sha256(json.dumps([told, steps, about], sort_keys=True).encode()).hexdigest()


def load(names: Iterable[str], *, folders: Iterable[Path] = (), about: Mapping[str, str] | None = None) -> list[Rubric]:
    """Give the rubrics of these names, each once; a user's file of the same name stands before ours.

    Raises PlanError where there is none, a file is wrong, or a description that it needs is missing.
    """
    known = files(folders)
    rubrics = [_read(known, name) for name in dict.fromkeys(names)]
    for rubric in rubrics:
        if rubric.about == "required" and not (about or {}).get(rubric.name, "").strip():
            cure = f'Describe it in one paragraph: `[review.about]`, `{rubric.name} = "..."` in dataset.toml'
            raise PlanError(f"rubric {rubric.name}: it judges by a description that the plan does not give. {cure}.")
    return rubrics


def files(folders: Iterable[Path] = ()) -> dict[str, Path]:
    """Give the file of every rubric by name."""
    found = {}
    for folder in (FOLDER, *folders):
        if not folder.is_dir():
            raise PlanError(f"{folder}: no such folder of rubrics. Name one that holds NAME.toml files.")
        found.update({path.stem: path for path in sorted(folder.glob("*.toml"))})
    return found


def _read(known: Mapping[str, Path], name: str) -> Rubric:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean `{near[0]}`? " if near else ""
        raise PlanError(f"rubric {name!r}: not known. {hint}Known: {', '.join(sorted(known))}.")
    path = known[name]
    try:
        return Rubric.model_validate({**tomllib.loads(path.read_text("utf-8")), "name": name})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"{path}: not valid TOML: {error}.") from None
    except ValidationError as error:
        lines = (
            f"{path}: `{'.'.join(map(str, one['loc'])) or 'rubric'}`: {one['msg'].removeprefix('Value error, ')}."
            for one in error.errors(include_url=False)
        )
        raise PlanError("\n".join(lines)) from None
