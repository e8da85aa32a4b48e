"""Which base model and which encoding a model's name stands for, tuned models included."""

import re
from typing import Final, NamedTuple

from pipeline.core.target import Target

FALLBACK_ENCODING: Final = "o200k_base"
"""Counts for a model with another tokenizer are an estimate in this encoding, and said to be."""

_AZURE_TUNED: Final = re.compile(r"(?P<base>.+?)\.ft-[0-9a-f]{8,}.*")


class Encoding(NamedTuple):
    """How tokens are counted for a target."""

    name: str
    """A tiktoken encoding."""
    is_exact: bool
    """False where the model has another tokenizer, so that counts are an estimate."""


def base_model(name: str) -> str:
    """Give the model that a tuned model was trained from, or the name itself.

    OpenAI: `ft:gpt-4.1-mini-2025-04-14:org:suffix:id`, a checkpoint's `:ckpt-step-90` included. tiktoken's own table
    maps `ft:gpt-4` to cl100k_base and so miscounts tuned 4.1 models. Azure: `gpt-4o-mini-2024-07-18.ft-0e208cf33a6a466994aff31a08aba678`.
    """
    if name.startswith("ft:"):
        return name.split(":")[1]
    azure = _AZURE_TUNED.fullmatch(name)
    return azure["base"] if azure else name


def encoding(target: Target) -> Encoding:
    """Give the encoding in which the target's tokens are counted."""
    if target.encoding is None:
        return Encoding(FALLBACK_ENCODING, is_exact=False)
    return Encoding(target.encoding, is_exact=True)
