"""Whether the fast counter equals tiktoken on every row, and how much faster it is: python bench/tokens.py FOLDER [ROWS]."""

import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
from corpus import corpus

from pipeline.measure.counter import counter, oracle
from pipeline.measure.vocabulary import VOCABULARIES


def main() -> None:
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    texts = ["\n".join(row.turns) for row in corpus(Path(sys.argv[1])).rows(rows)]
    size = sum(len(text.encode()) for text in texts)
    print(f"{rows:,} rows, {size / 1e6:.1f} MB")
    for encoding in VOCABULARIES:
        fast, slow = counter(encoding), oracle(encoding)
        fast.counts(texts[:100])
        times: dict[str, list[float]] = {fast.name: [], slow.name: []}
        counts = {}
        for _ in range(3):
            for one in (fast, slow):
                started = time.process_time()
                counts[one.name] = one.counts(texts)
                times[one.name].append(time.process_time() - started)
        unequal = int(np.count_nonzero(counts[fast.name] != counts[slow.name]))
        for name, spent in times.items():
            print(f"{encoding:12} {name:18} {size / 1e6 / median(spent):6.1f} MB per CPU-s")
        ratio = median(times[slow.name]) / median(times[fast.name])
        print(f"{encoding:12} {ratio:.1f} times faster; {unequal} of {rows:,} rows unequal")


if __name__ == "__main__":
    main()
