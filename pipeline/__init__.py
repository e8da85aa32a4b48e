"""Turns raw CSV and text into chat fine-tuning files that are checked, counted and costed before anyone pays.

`from pipeline import check_file, check_examples` gives the pre-flight to notebooks and other tools.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.preflight import check_examples, check_file, check_files

__all__ = ["check_examples", "check_file", "check_files"]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: the package itself stays light."""
    if name in __all__:
        import pipeline.preflight

        return getattr(pipeline.preflight, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
