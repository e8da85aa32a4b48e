"""Which rows may hold private data, by what compose found when it searched them: no rule searches the others again."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.core.settings import PrivacySettings, PrivateAction

Mask = npt.NDArray[np.bool_]

REWRITES: Final[frozenset[PrivateAction]] = frozenset({"redact", "pseudonymise"})
AREAS: Final = ("private", "secret")


class Searched(NamedTuple):
    """What is known of the rows of a batch."""

    rows: Mask
    """Where compose searched, and rewrote nothing since: what it wrote may look like something of another kind."""
    kinds: Mapping[str, Mask]
    """Kind → those of them in which it was found; a kind that was found nowhere is missing."""

    def suspects(self, kind: str) -> Mask:
        """Give the rows that were searched and may hold this kind."""
        return self.kinds.get(kind, np.zeros(len(self.rows), dtype=bool))


def searched(batch: pa.Table, settings: PrivacySettings) -> Searched:
    """Give what the column `private` of a batch tells; nothing where there is none."""
    if "private" not in batch.column_names or pa.types.is_null(batch["private"].type):
        return Searched(np.zeros(batch.num_rows, dtype=bool), {})
    found = batch["private"].combine_chunks()
    rows = np.array(found.is_valid().to_numpy(zero_copy_only=False), dtype=bool)  # a copy
    some = np.flatnonzero((np.diff(found.offsets.to_numpy()) > 0) & rows)
    kinds: dict[str, Mask] = {}
    for row, told in zip(some.tolist(), found.take(pa.array(some)).to_pylist(), strict=True):
        names = {name for name, _ in told}
        rows[row] = not any(action in REWRITES and kind in names for kind, action in settings.actions.items())
        for name in names if rows[row] else ():
            kinds.setdefault(name, np.zeros(batch.num_rows, dtype=bool))[row] = True
    return Searched(rows, kinds)


def searched_kind(code: str, settings: PrivacySettings) -> str | None:
    """Give the kind whose finding has this code, if compose searches for it."""
    area, _, kind = code.partition(".")
    kind = "secret" if area == "secret" else kind
    return kind if area in AREAS and settings.actions.get(kind, "off") != "off" else None  # type: ignore[call-overload]
