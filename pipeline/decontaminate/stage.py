"""The stage that says of each row which question of an evaluation stands in it."""

from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

from pipeline.core.columns import LEAK, with_columns
from pipeline.core.example import Method
from pipeline.core.plain import quick_passages
from pipeline.core.word_hashes import example_words
from pipeline.decontaminate.questions import Questions
from pipeline.decontaminate.search import Search

CHUNK_ROWS = 512
"""Rows whose words are looked at together: their arrays fit into the processor's cache."""


@dataclass(frozen=True)
class Decontaminate:
    """Payload → the question that stands in it, how and how much of it; null where none does."""

    questions: Questions
    near: float
    """Share of a question's runs of five words from which it is found changed; 0: only word by word."""
    method: Method = "sft"

    @property
    def name(self) -> str:
        """The room's verb."""
        return "decontaminate"

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return ("payload",)

    @property
    def adds(self) -> pa.Schema:
        """One struct a row."""
        return LEAK

    @property
    def also_reads(self) -> tuple[str, ...]:
        """Nothing else is asked."""
        return ()

    def identity(self, source: str) -> str:
        """Give what decides: the questions, and what counts as near."""
        del source
        return repr((self.questions.digest, self.near, self.method))

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Give the rows with what was found in them."""
        search, names = _search(self.questions.digest, _Shelf(self.questions)), self.questions.names
        found: list[dict[str, object] | None] = []
        for start in range(0, batch.num_rows, CHUNK_ROWS):
            payloads = batch["payload"].slice(start, CHUNK_ROWS).to_pylist()
            examples = [None if one is None else quick_passages(one, method=self.method) for one in payloads]
            leaks = search(example_words(examples), near=self.near)
            found += [
                {"question": names[leaks[row].question], "how": leaks[row].how, "share": leaks[row].share}
                if row in leaks
                else None
                for row in range(len(payloads))
            ]
        return with_columns(batch, LEAK, {"leak": pa.array(found, LEAK.field("leak").type)})


class _Shelf:
    """Questions handed to the cache beside their digest, by which alone it tells them apart."""

    def __init__(self, questions: Questions) -> None:
        self.questions = questions

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shelf)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=2)
def _search(_digest: str, shelf: _Shelf) -> Search:
    return Search(shelf.questions)
