"""Files to review, and one call that reviews them against the stand-in."""

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.core.settings import ReviewSettings
from pipeline.measure.moderation import Patience
from pipeline.review.rubric import load
from pipeline.reviewing import Reviewed, Task, review
from tests.moderation.standin import KEY
from tests.review.reviewer import Reviewer

HASTY = Patience(timeout_seconds=10, backoff_seconds=0.002, give_up_seconds=0.3, lease_seconds=0.4)
SETTINGS = ReviewSettings(
    model="stand-in",
    input_usd_per_million_tokens=Decimal(1),
    output_usd_per_million_tokens=Decimal(4),
    budget_usd=Decimal(100),
    sample=None,
    concurrency=8,
)


def line(question: str, answer: str = "Certainly.") -> str:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}, ensure_ascii=False)


class Quiet:
    """Remembers what was noted."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def stage(self, name: str, *, unit: str, total: int | None) -> Any:
        from contextlib import nullcontext

        return nullcontext(lambda count: None)

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


class Bench:
    """A stand-in with a folder."""

    def __init__(self, reviewer: Reviewer, folder: Path) -> None:
        self.reviewer, self.folder = reviewer, folder
        self.progress = Quiet()
        self.output = folder / "review.jsonl"

    def file(self, *lines: str, name: str = "train.jsonl") -> str:
        path = self.folder / name
        path.write_text("".join(f"{one}\n" for one in lines), "utf-8")
        return str(path)

    def task(self, *lines: str, rubrics: tuple[str, ...] = ("safety",), **other: Any) -> Task:
        settings = SETTINGS.model_copy(update=other.pop("settings", {}))
        given = {
            "files": [self.file(*lines)] if lines else [str(self.folder / "train.jsonl")],
            "rubrics": load(rubrics, about=settings.about),
            "settings": settings,
            "cache_folder": self.folder / "cache",
            "api_key": KEY,
            "base_url": self.reviewer.base_url,
            "output": self.output,
            "patience": HASTY,
            "clock": time.time,
            **other,
        }
        return Task(**given)

    def review(self, *lines: str, **other: Any) -> Reviewed:
        return review(self.task(*lines, **other), self.progress)

    def states(self) -> list[str]:
        return [one["state"] for one in self.results()]

    def results(self) -> list[dict[str, Any]]:
        return [json.loads(one) for one in self.output.read_text("utf-8").splitlines()]
