"""What one grouping leaves for the next: who was compared, under which keys, and who is like whom.

A dataset that grew by a few rows need not be searched for near twins anew: see `group.grown`. Where it is kept is the caller's
affair, as with verdicts on pairs.
"""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.verdicts import Likenesses

IDENTITY = pa.binary(17)
"""A rank and the digest of the row by which a content is compared: equal for rows that stand alike among others."""
Heads = npt.NDArray[np.uint32]
"""Leading bits of near-duplicate keys."""


class Grouping(NamedTuple):
    """Distinct contents in the order in which they were compared, and the near twins among them."""

    identities: pa.Array
    """Of each content, as IDENTITY."""
    heads: list[Heads]
    """For each band, the leading bits of each content's key; zeros for a content without keys."""
    first: npt.NDArray[np.int32]
    """Numbers of near twins: each pair once, the smaller number here."""
    second: npt.NDArray[np.int32]
    likeness: Likenesses
    """Of each pair."""


class Groupings(Protocol):
    """Keeps the last grouping of a dataset."""

    def last(self, rules: str) -> Grouping | None:
        """Give the last one by these rules (settings, method, version of the comparison); None: there is none."""

    def keep(self, rules: str, grouping: Grouping, *, is_whole: bool) -> None:
        """Keep this one; `is_whole` says whether all pairs were looked at, or only those that something new is near."""
