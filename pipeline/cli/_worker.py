"""All that a worker of `tuneset check` imports and loads, once in the process that workers are forked from."""

import gc

from pipeline.cli._light import collect_seldom, without_pandas

collect_seldom()
without_pandas()

import pipeline.check  # noqa: E402
import pipeline.core.rule  # noqa: E402
import pipeline.measure.stage  # noqa: E402
import pipeline.preflight.rows  # noqa: E402
from pipeline.cli._worker_counter import leave_watching, let_go, load, watch  # noqa: E402

__all__ = ["leave_watching", "let_go", "watch"]

pipeline.core.rule.catalogue()
load()

gc.freeze()  # what is there stays
