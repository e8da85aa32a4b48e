"""The check of any file before it is uploaded, with the rooms of the build and none of its repairs."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipeline.preflight.public import check_examples, check_file, check_files

__all__ = ["check_examples", "check_file", "check_files"]

WORKERS: Final = 2
"""Processes of a check, unasked."""


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: workers need a few files of this package only."""
    if name in __all__:
        from pipeline.preflight import public

        return getattr(public, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
