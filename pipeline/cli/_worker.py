"""All that a worker of `tuneset check` imports and loads, once in the process that workers are forked from."""

import gc
from typing import Final

from pipeline.cli._light import collect_seldom, without_pandas

collect_seldom()
without_pandas()

import pipeline.check  # noqa: E402
import pipeline.core.rule  # noqa: E402
import pipeline.measure.stage  # noqa: E402
import pipeline.preflight.rows  # noqa: E402
from pipeline.cli._outside import outside  # noqa: E402
from pipeline.cli._worker_counter import WorkerCounter  # noqa: E402

COUNTER: Final = WorkerCounter("o200k_base", outside().vocabularies)
"""That of nearly all targets: which one is asked for is not known yet."""

pipeline.core.rule.catalogue()
COUNTER.load()

gc.freeze()  # what is there stays
