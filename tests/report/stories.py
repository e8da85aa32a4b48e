"""Made-up tables of facts: a story names the columns that matter, the rest is filled in."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.core.columns import CHECK, COMPOSE, DECIDE, FINDING, GROUP, MEASURE, MODERATION, READ, SPLIT
from pipeline.core.finding import Severity
from pipeline.report.model import TargetFacts
from pipeline.report.summary import About, SourceFile

THIN = pa.schema(
    [
        *(READ.field(name) for name in ("name", "source")),
        *(COMPOSE.field(name) for name in ("trouble", "mended", "family", "stratum")),
        *(MEASURE.field(name) for name in ("digest", "tokens", "shape", "content", "prompt")),
        pa.field("moderation", MODERATION),
        *CHECK,
        *GROUP,
        *SPLIT,
        *DECIDE,
    ]
)

Facts = Callable[..., pa.Table]


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]


def tokens(total: int, **parts: int) -> dict[str, int]:
    names = [field.name for field in MEASURE.field("tokens").type]
    return {**dict.fromkeys(names, 0), "total": total, "assistant": total // 2, "trained": total // 2, **parts}


def shape(roles: str = "ua") -> dict[str, Any]:
    return {"regular": True, "roles": roles, "bits": 0, "keys": 5, "turns": len(roles), "tool_calls": 0}


def finding(
    code: str, severity: str = "error", *, where: str = "/messages/0", message: str = "Found; expected."
) -> dict[str, Any]:
    return dict(zip([f.name for f in FINDING], (code, int(Severity.named(severity)), where, message), strict=True))


def row(number: int, **known: Any) -> dict[str, Any]:
    fate = known.get("fate", "kept")
    made = {
        "name": f"data/raw/faq.csv:{number + 2}",
        "source": "faq",
        "trouble": None,
        "mended": [],
        "family": None,
        "stratum": None,
        "digest": digest(f"row {number}"),
        "tokens": tokens(20),
        "shape": shape(),
        "content": digest(f"row {number}"),
        "prompt": digest(f"prompt {number}"),
        "moderation": None,
        "findings": [],
        "group": digest(f"row {number}"),
        "kin": digest(f"row {number}"),
        "likeness": None,
        "side": "train" if fate == "kept" else None,
        "fate": fate,
        "twin": None,
    }
    return {**made, **known}


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([row(number, **known) for number, known in enumerate(rows)], schema=THIN)


def about(**known: Any) -> About:
    target = TargetFacts(
        id="openai/gpt-4.1-mini",
        title="GPT-4.1 mini on OpenAI",
        method="sft",
        encoding="o200k_base",
        formula="3 per message, 1 per name, 3 per example",
        max_tokens=known.pop("max_tokens", 65_536),
    )
    source = SourceFile("faq", "data/raw/faq.csv", "ab" * 32, 52_000, "csv", "utf-8", ",")
    made: dict[str, Any] = {
        "version": "0.1.0",
        "name": "support",
        "plan_sha256": "cd" * 32,
        "target": target,
        "sources": (source,),
        "asked_share": 0.1,
    }
    return About(**{**made, **known})


def crowd(size: int = 2_000, *, seed: int = 7) -> pa.Table:
    """Give a believable dataset of three sources, with every fate and many codes."""
    random = np.random.default_rng(seed)
    return table(*(_member(random, number) for number in range(size)))


CODES = (
    ("tokens.too-long", "error", "70,210 tokens; the limit is 65,536."),
    ("content.empty", "error", "The assistant turn is empty; a reply was expected."),
    ("roles.last-turn", "error", "The last turn is user; assistant was expected."),
    ("content.alternatives", "warning", "The answer looks like 3 answers joined by semicolons."),
    ("content.edge-space", "info", "The turn ends with white space."),
)


def _member(random: np.random.Generator, number: int) -> dict[str, Any]:
    source = ("faq", "stories", "dialogues")[int(random.choice(3, p=(0.6, 0.1, 0.3)))]
    fate = ("kept", "rejected", "duplicate", "held")[int(random.choice(4, p=(0.86, 0.06, 0.07, 0.01)))]
    total = int(random.lognormal({"faq": 4.2, "stories": 8.5, "dialogues": 6}[source], 0.7)) + 8
    findings = []
    if fate == "rejected":
        findings.append(finding(CODES[int(random.integers(3))][0], message=CODES[int(random.integers(3))][2]))
    if random.random() < 0.04:
        code, severity, message = CODES[3 + int(random.integers(2))]
        findings.append(finding(code, severity, where="/messages/1/content", message=message))
    is_unread = fate == "rejected" and random.random() < 0.2
    return {
        "name": f"data/raw/{source}.csv:{number + 2}",
        "source": source,
        "fate": fate,
        "side": (("validation" if random.random() < 0.1 else "train") if fate == "kept" else None),
        "tokens": None if is_unread else tokens(total, system=12, user=total // 3, assistant=total // 2),
        "digest": None if is_unread else digest(str(number)),
        "trouble": "compose.empty The column answer is empty." if is_unread else None,
        "findings": [] if is_unread else findings,
        "mended": [] if random.random() < 0.9 else ["whitespace"] + (["mojibake"] if random.random() < 0.3 else []),
        "stratum": ("billing", "delivery", "returns", "account", "other")[
            int(random.choice(5, p=(0.4, 0.3, 0.15, 0.1, 0.05)))
        ],
        "twin": f"data/raw/{source}.csv:{int(random.integers(2, 40))}" if fate == "duplicate" else None,
        "likeness": float(random.choice((1.0, 1.0, 0.93, 0.84))) if fate == "duplicate" else None,
        "prompt": digest(f"prompt {number if random.random() > 0.03 else number % 20}"),
    }
