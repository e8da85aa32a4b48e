"""Stages that write down what they cost, and else are what they were."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline.core.stage import Stage
from pipeline.core.watch import Watch


class Watched(NamedTuple):
    """A stage that is measured wherever it runs; everything else of it is that of the stage."""

    stage: Stage
    watch: Watch

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give what the stage gives."""
        with self.watch.over(self.stage.name) as seen:
            grown = self.stage(batch)
            seen(len(grown), grown.select(self.stage.adds.names).nbytes)
        return grown

    def __getattr__(self, name: str) -> Any:
        """Ask the stage; its identity in the cache is its own too."""
        if name.startswith("__"):  # asked by pickle before there is a stage
            raise AttributeError(name)
        return getattr(self.stage, name)

    def __repr__(self) -> str:
        """Give that of the stage."""
        return repr(self.stage)


def watched(stages: Sequence[Stage], watch: Watch) -> list[Stage]:
    """Give the stages measured where a profile is asked for, else as they are."""
    return [Watched(stage, watch) for stage in stages] if watch.folder else list(stages)
