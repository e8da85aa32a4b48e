"""What a job is asked for, and the name by which it is found again."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec
import xxhash

from pipeline.core.example import Json, Method

TAG_LETTERS = 16
"""Of the name: 64 bits, lower-case hexadecimal, which every platform takes in a name."""


class Order(NamedTuple):
    """Everything that decides what is trained."""

    model: str
    """As the platform calls it: a base model, or a tuned one to go on from."""
    method: Method
    training: str
    """SHA-256 of the training file, hexadecimal."""
    validation: str | None
    suffix: str | None = None
    """Part of the tuned model's name."""
    epochs: int | None = None
    """None: the platform decides."""
    seed: int | None = None
    settings: Mapping[str, Json] = MappingProxyType({})
    """Further settings in the platform's own words."""
    attempt: int = 1
    """A second job of the same order is a mistake unless it is asked for."""

    @property
    def tag(self) -> str:
        """Give the name of this order: equal for equal orders, so that a lost answer starts no second job."""
        told = {**self._asdict(), "settings": dict(self.settings)}
        return xxhash.xxh3_64_hexdigest(msgspec.json.encode(told, order="deterministic"))[:TAG_LETTERS]
