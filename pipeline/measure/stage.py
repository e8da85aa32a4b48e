"""The room `measure`: every example's facts, computed in one pass over a batch."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipeline.core.columns import DIGEST, MEASURE, SHAPE, with_columns
from pipeline.core.example import Method
from pipeline.measure.counter import Counter, counter
from pipeline.measure.few import FEW_LETTERS, few
from pipeline.measure.fingerprint import fingerprints
from pipeline.measure.reading import Reading, readings
from pipeline.measure.tokens import tokens


@dataclass(frozen=True)
class Measure:
    """Payload → digest, tokens, shape, fingerprints; all null where there is no payload."""

    encoding: str = "o200k_base"
    method: Method = "sft"
    near: bool = True
    """Whether keys for near twins are wanted."""
    folders: tuple[str, ...] = ()
    """Where unpacked vocabularies lie, the last to be written to; see `vocabulary.cache_folders`."""

    @property
    def name(self) -> str:
        """The room's verb."""
        return "measure"

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return ("payload",)

    @property
    def adds(self) -> pa.Schema:
        """Columns that it appends."""
        return MEASURE

    @property
    def also_reads(self) -> tuple[str, ...]:
        """Nothing else is asked."""
        return ()

    def identity(self, source: str) -> str:
        """Give what decides the numbers; where vocabularies lie does not."""
        del source
        return repr((self.encoding, self.method, self.near))

    @property
    def counted_by(self) -> str:
        """Who counts the tokens, with version: loads the counter."""
        return counter(self.encoding, self.folders).name

    def _counter(self, found: Sequence[Reading | None]) -> Counter:
        """Give who counts these rows; for the first batch of a process, where it is small, one that is ready sooner."""
        said = [reading.passages for reading in found if reading]
        letters = sum(len(text) for one in said for text in one.texts)
        is_first = counter.cache_info().currsize == 0 and few.cache_info().hits == 0
        if is_first and letters <= FEW_LETTERS and not any("g" in one.marks for one in said):
            return few(self.encoding, self.folders)
        return counter(self.encoding, self.folders)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give the rows with their facts."""
        found = readings(batch["payload"], method=self.method)
        prints = fingerprints([reading.passages if reading else None for reading in found], near=self.near)
        return with_columns(
            batch,
            MEASURE,
            {
                "digest": _digests(batch["payload"]),
                "tokens": tokens(found, method=self.method, counter=self._counter(found)),
                "shape": _shapes(found),
                "content": prints.content,
                "prompt": prints.prompt,
                "keys": prints.keys,
                "sketch": prints.sketch,
            },
        )


def _digests(payloads: pa.ChunkedArray) -> pa.Array:
    lines = payloads.cast(pa.large_binary()).to_pylist()
    return pa.array([None if line is None else hashlib.sha256(line).digest()[:16] for line in lines], DIGEST)


def _shapes(found: Sequence[Reading | None]) -> pa.StructArray:
    absent = [reading is None for reading in found]
    columns = list(zip(*[reading.shape for reading in found if reading], strict=True)) or [()] * len(SHAPE)
    rows = pa.StructArray.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, SHAPE, strict=True)], fields=list(SHAPE)
    )
    if not any(absent):
        return rows
    present = iter(range(len(rows)))
    return rows.take(pa.array([None if is_absent else next(present) for is_absent in absent], pa.int64()))
