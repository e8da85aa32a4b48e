"""The room `measure`: every example's facts, computed in one pass over a batch."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipeline.core.columns import DIGEST, MEASURE, with_columns
from pipeline.core.example import Method
from pipeline.core.passages import PassageTable
from pipeline.measure.answers import answers
from pipeline.measure.counter import Counter, counter
from pipeline.measure.few import FEW_LETTERS, few
from pipeline.measure.fingerprint import table_fingerprints
from pipeline.measure.reading import readings
from pipeline.measure.sameness import sameness
from pipeline.measure.tokens import tokens


@dataclass(frozen=True)
class Measure:
    """Payload → digest, tokens, shape, fingerprints, a hash of the answer; all null where there is no payload."""

    encoding: str = "o200k_base"
    method: Method = "sft"
    near: bool = True
    """Whether keys for near twins are wanted."""
    is_lasting: bool = True
    """Whether digests of what is said are read beyond this run. Where they are not, and near twins are not sought either,
    others do that cost a third less."""
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

    def _counter(self, said: PassageTable) -> Counter:
        """Give who counts these rows; for the first batch of a process, where it is small, one that is ready sooner."""
        is_first = counter.cache_info().currsize == 0 and few.cache_info().hits == 0
        if is_first and "g" not in said.marks and sum(map(len, said.texts)) <= FEW_LETTERS:
            return few(self.encoding, self.folders)
        return counter(self.encoding, self.folders)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give the rows with their facts."""
        found = readings(batch["payload"], method=self.method)
        is_needed = self.near or self.is_lasting
        prints = table_fingerprints(found.said, near=self.near) if is_needed else sameness(found.said)
        return with_columns(
            batch,
            MEASURE,
            {
                "digest": _digests(found.lines),
                "tokens": tokens(found, method=self.method, counter=self._counter(found.said)),
                "shape": found.shapes,
                "content": prints.content,
                "prompt": prints.prompt,
                "answer": answers(found.lines, found.shapes.field("roles")),
                "keys": prints.keys,
                "sketch": prints.sketch,
            },
        )


def _digests(lines: Sequence[bytes | None]) -> pa.Array:
    digest = hashlib.sha256
    return pa.array([None if line is None else digest(line).digest()[:16] for line in lines], DIGEST)
