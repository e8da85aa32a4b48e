"""Rows to moderate, and one call that moderates them against the stand-in."""

import hashlib
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pipeline.core.example import Moderation
from pipeline.core.settings import ModerationSettings
from pipeline.measure.moderation import Moderated, Patience, moderate
from tests.moderation.standin import KEY, Standin

FAST = ModerationSettings(requests_per_minute=600_000, tokens_per_minute=10**9)
"""No limit to speak of."""
HASTY = Patience(timeout_seconds=10, backoff_seconds=0.002, give_up_seconds=0.3, lease_seconds=0.4)
"""Failures are over within a test's time."""


def digest(payload: str) -> bytes:
    return hashlib.sha256(payload.encode()).digest()[:16]


def row(*contents: Any, **extra: Any) -> tuple[bytes, str]:
    """A row of one turn a content, user and assistant in turn; a dict is a whole message."""
    roles = ("user", "assistant")
    turns = [{"role": roles[i % 2], "content": c} if not isinstance(c, dict) else c for i, c in enumerate(contents)]
    payload = json.dumps({"messages": turns, **extra}, ensure_ascii=False)
    return digest(payload), payload


class Desk:
    """A stand-in with a cache folder: judges rows, and remembers what it opened."""

    def __init__(self, standin: Standin, folder: Path, stack: ExitStack) -> None:
        self.standin, self.folder, self._stack = standin, folder, stack

    def moderate(
        self, rows: Any, settings: ModerationSettings = FAST, patience: Patience = HASTY, **other: Any
    ) -> Moderated:
        given = {
            "method": "sft",
            "api_key": KEY,
            "base_url": self.standin.base_url,
            "cache_folder": self.folder,
            **other,
        }
        return self._stack.enter_context(moderate(rows, settings=settings, patience=patience, **given))

    def facts(self, rows: Any, settings: ModerationSettings = FAST, **other: Any) -> list[Moderation | None]:
        return self.moderate(rows, settings, **other).facts([name for name, _ in rows])
