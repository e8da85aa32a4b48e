"""Digests of what examples say that only tell which rows of one run say the same: a third cheaper than fingerprints.

Nothing else may be read from them: they are other numbers than those of `fingerprint`, which are kept from run to run.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from pipeline.core.columns import DIGEST
from pipeline.core.passages import PassageTable
from pipeline.core.sketch import SKETCH
from pipeline.core.word_hashes import Indices, squeezed
from pipeline.core.words import MARK
from pipeline.measure.fingerprint import Fingerprints, chunks, is_asked


def sameness(said: PassageTable) -> Fingerprints:
    """Give digests that are equal for the rows whose fingerprints' digests are, without keys and sketches."""
    content: list[bytes | None] = []
    prompt: list[bytes | None] = []
    rows = len(said.is_known)
    for chunk in chunks(said):
        letters = squeezed(chunk)
        marks = np.append(np.flatnonzero(letters == ord(MARK)), len(letters))
        begins, answers = marks[chunk.starts], marks[chunk.starts[:-1] + np.maximum(chunk.answer_at, 0)]
        content += _digests(letters, begins[:-1], begins[1:], chunk.is_known)
        prompt += _digests(letters, begins[:-1], answers, is_asked(chunk))
    keys = pa.nulls(rows, pa.list_(pa.uint64()))
    return Fingerprints(pa.array(content, DIGEST), pa.array(prompt, DIGEST), keys, pa.nulls(rows, SKETCH))


def _digests(
    letters: npt.NDArray[np.uint8], begins: Indices, ends: Indices, wanted: npt.NDArray[np.bool_]
) -> Iterator[bytes | None]:
    """Give the digest of each piece that is wanted."""
    view, digest = memoryview(letters.tobytes()), xxhash.xxh3_128_digest
    pieces: Sequence[tuple[int, int, bool]] = list(zip(begins.tolist(), ends.tolist(), wanted.tolist(), strict=True))
    return (digest(view[begin:end]) if is_wanted else None for begin, end, is_wanted in pieces)
