"""All that a worker of `tuneset check` imports and loads, once in the process that workers are forked from."""

import gc

from pipeline.cli._light import without_pandas

without_pandas()

import pipeline.check  # noqa: E402
import pipeline.core.rule  # noqa: E402
import pipeline.measure.stage  # noqa: E402
import pipeline.preflight.rows  # noqa: E402
from pipeline.cli._worker_counter import let_go, load  # noqa: E402

__all__ = ["let_go"]

pipeline.core.rule.catalogue()
load()

# What is there stays, and a batch makes half a million objects and no cycles: looking for some took a tenth of its time.
gc.freeze()
gc.set_threshold(100_000, 20, 20)
