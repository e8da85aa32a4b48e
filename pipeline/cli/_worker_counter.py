"""The token counter of nearly all targets and its oracle, loaded once in the process that workers are forked from.

They share its tables: loading takes half a second of CPU time and some 100 MB in every process that does it for itself.
"""

from typing import Final

from pipeline.cli._outside import outside
from pipeline.measure.counter import counter, oracle

ENCODING: Final = "o200k_base"
FOLDERS: Final = outside().vocabularies


def load() -> None:
    """Load both: one behind the other, as neither library lets go of the interpreter's lock meanwhile."""
    counter(ENCODING, FOLDERS)
    oracle(ENCODING, FOLDERS)


def let_go() -> None:
    """Free the tables in a process that has forked its workers and counts nothing itself: 180 MB that it may need."""
    counter.cache_clear()
    oracle.cache_clear()
