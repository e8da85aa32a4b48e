"""Where the contract on disk lies: schemas/ of a checkout, or the copy of it inside a wheel."""

from functools import cache
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parent.parent


def schemas() -> Path:
    """Give the folder of the schemas: `pipeline/_schemas` of a wheel, else `schemas/` beside the package."""
    packed = PACKAGE / "_schemas"
    return packed if packed.is_dir() else PACKAGE.parent / "schemas"


@cache
def schema(name: str) -> bytes:
    """Give the bytes of one schema, as `example.sft.schema.json` or `expectations/default.json`."""
    return (schemas() / name).read_bytes()
