"""Finders of near duplicates, each run by the Python of its own environment: dedupe_steps.py NAME FILE WORK.

FILE holds a JSON object with `row` and `text` a line. Prints a JSON list: of each row the first row of its group. Libraries
that leave words and threshold to their user get single words and 0.6, as tuneset has; programs run as they come.
"""

import json
import pickle
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

THRESHOLD = 0.6
PERMUTATIONS = 128
BANDS = 32
DROPPED = -1
"""Of a row of which the tool only says that another is like it."""


def gaoya(path: Path, _work: Path) -> list[int]:
    """Index in Rust, words in lower case; it estimates the likeness of what its bands find."""
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(32, THRESHOLD, BANDS, PERMUTATIONS // BANDS, None, "word", True, (1, 1))
    texts = _texts(path)
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    return _groups(len(texts), enumerate(index.par_bulk_query(texts)))


def rensa(path: Path, _work: Path) -> list[int]:
    """Take the steps of its README: MinHash of each row's words, candidates by bands, likeness by MinHash."""
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=BANDS)
    hashes = []
    found: list[tuple[int, list[int]]] = []
    for row, text in enumerate(_texts(path)):
        one = RMinHash(num_perm=PERMUTATIONS, seed=42)
        one.update(text.lower().split())
        hashes.append(one)
        found.append((row, [other for other in index.query(one) if one.jaccard(hashes[other]) >= THRESHOLD]))
        index.insert(row, one)
    return _groups(len(hashes), found)


def convmerge(path: Path, work: Path) -> list[int]:
    """Run `dedupe --near` at the threshold that its help names for a few words changed."""
    rejects = work / "rejects.jsonl"
    program = Path(sys.executable).with_name("convmerge")
    files = ["-i", path, "-o", work / "kept.jsonl", "--rejects", rejects]
    command = [program, "dedupe", *files, "--keys", "text", "--near", "--threshold", "0.7"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    first = list(range(len(_texts(path))))
    for line in rejects.read_text(encoding="utf-8").splitlines():
        first[json.loads(line)["row"]] = DROPPED
    return first


def text_dedup(path: Path, work: Path) -> list[int]:
    """Run its MinHash program as it comes: runs of five words, threshold 0.7, 256 permutations."""
    options = ["--path", "json", "--data_files", path, "--split", "train", "--column", "text", "--batch_size", "10000"]
    places = ["--cache_dir", work / "cache", "--output", work / "out", "--debug"]  # which keeps the groups
    command = [sys.executable, "-m", "text_dedup.minhash", *options, *places]
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
    parents = pickle.loads((work / "out/uf.pkl").read_bytes())
    return [parents.find(row) for row in range(len(_texts(path)))]


def _texts(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]


def _groups(count: int, found: Iterable[tuple[int, Iterable[int]]]) -> list[int]:
    """Give of each row the first row that a chain of findings leads to."""
    first = list(range(count))

    def root(row: int) -> int:
        while first[row] != row:
            first[row] = row = first[first[row]]
        return row

    for row, others in found:
        for other in others:
            one, two = sorted((root(row), root(other)))
            first[two] = one
    return [root(row) for row in range(count)]


STEPS = {step.__name__: step for step in (gaoya, rensa, convmerge, text_dedup)}

if __name__ == "__main__":
    print(json.dumps(STEPS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))))
