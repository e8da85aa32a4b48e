"""The least that a build could cost: python bench/floor.py FILE OUTPUT, one process, one loop of the best blocks known.

Read, decode and check types, count tokens of each message, normalise and hash, MinHash keys, exact and candidate groups over
all rows, write the rows that are left. No rule, no private data, no exact likeness, no split, no report, no manifest.
"""

import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.core.plain import plain_passages
from pipeline.measure.counter import counter
from pipeline.measure.fingerprint import fingerprints

BATCH = 8_192


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    count = counter("o200k_base").counts
    total, digests, keys = 0, [], []
    with source.open("rb") as file:
        while lines := list(islice(file, BATCH)):
            found = [plain_passages(line, method="sft") for line in lines]
            total += int(count([text for one in found if one for text in one.texts]).sum())
            prints = fingerprints(found, near=True)
            digests.append(prints.content)
            keys.append(prints.keys.flatten().to_numpy())
    kept = first_of_each(pa.chunked_array(digests))
    pairs = shared(np.concatenate(keys))
    write(source, target, kept)
    print(f"{total:,} tokens, {kept.sum():,} of {len(kept):,} rows kept, {pairs:,} keys shared")


def first_of_each(digests: pa.ChunkedArray) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Say of each row whether it is the first with its digest."""
    codes = np.asarray(digests.combine_chunks().dictionary_encode().indices.fill_null(0))
    _, first = np.unique(codes, return_index=True)
    kept = np.zeros(len(codes), dtype=bool)
    kept[first] = True
    return kept


def shared(keys: "np.ndarray[tuple[int], np.dtype[np.uint64]]") -> int:
    """Count keys that an earlier row has: what near twins are sought among."""
    keys.sort()
    return int(np.count_nonzero(keys[1:] == keys[:-1]))


def write(source: Path, target: Path, kept: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
    """Write the rows kept, as their own bytes."""
    with source.open("rb") as lines, target.open("wb") as out:
        out.writelines(line for line, is_kept in zip(lines, kept.tolist(), strict=True) if is_kept)


if __name__ == "__main__":
    main()
