"""Questions of evaluations, taken apart once: runs of words to look for, and whole short ones."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from pipeline.core.passages import Passages
from pipeline.core.word_hashes import Hashes, Indices, example_words
from pipeline.core.words import words
from pipeline.decontaminate.runs import run_hashes, within

NEAR_RUN: Final = 5
"""Words of a run by which a question is known that was changed here and there."""
LEAST_RUNS: Final = 6
"""Runs of five words that a question must have to be near anything: ten words."""
MOST_OWNERS: Final = 20
"""Questions that share a run of five words from which it is a phrase of the evaluation and tells none of them."""
FIRST_UNSPACED: Final = 0x0E00
"""Code point from which a lone character is a word of a script without spaces."""


class Question(NamedTuple):
    """One question."""

    name: str
    """Where it stands, `evals/exam.jsonl:12`."""
    text: str


class Known(NamedTuple):
    """Hashes in ascending order, and the question of each."""

    hashes: Hashes
    owners: npt.NDArray[np.int32]


class Questions:
    """What is looked for; pickles as it stands."""

    def __init__(self, names: tuple[str, ...], whole: dict[int, Known], runs: dict[int, Known], near: Known) -> None:
        self.names = names
        self.whole = whole
        """Number of words → questions of so many words, each as one run: they are shorter than a run."""
        self.runs = runs
        """Words in a run → every such run of the questions that are long enough."""
        self.near = near
        self.near_runs: Indices = np.bincount(near.owners, minlength=len(names))
        """Of each question, the number of runs of five words by which it is known."""
        self.digest = self._digest()
        """What tells two sets of questions apart; the same files in another order are others."""

    def _digest(self) -> str:
        digest = xxhash.xxh3_128("\n".join(self.names).encode("utf-8", "surrogatepass"))
        for size, known in [*sorted(self.whole.items()), *sorted(self.runs.items()), (NEAR_RUN, self.near)]:
            digest.update(str(size).encode() + known.hashes.tobytes() + known.owners.tobytes())
        return digest.hexdigest()


def questions(found: Iterable[Question], *, run_words: int, run_characters: int) -> Questions:
    """Take questions apart; those in scripts without spaces have runs of `run_characters` instead of words."""
    some = [one for one in found if words(one.text)]
    said = example_words([Passages("u", (one.text,), None) for one in some])
    sizes = np.diff(said.starts) - 1
    is_unspaced = np.array([_is_unspaced(one.text) for one in some], dtype=bool)
    run = np.where(is_unspaced, run_characters, run_words)
    whole = {
        int(size): _known(said.hashes, said.row, said.mark > 0, int(size), (sizes == size) & (sizes < run))
        for size in np.unique(sizes[sizes < run])
    }
    runs = {
        int(size): _known(said.hashes, said.row, said.mark > 0, int(size), (run == size) & (sizes >= run))
        for size in np.unique(run[sizes >= run])
    }
    near = _telling(_known(said.hashes, said.row, said.mark > 0, NEAR_RUN, sizes >= NEAR_RUN), len(some))
    return Questions(tuple(one.name for one in some), whole, runs, near)


def _is_unspaced(text: str) -> bool:
    found = words(text)
    return 2 * sum(len(word) == 1 and ord(word) >= FIRST_UNSPACED for word in found) > len(found)


def _known(
    hashes: Hashes, row: Indices, is_mark: npt.NDArray[np.bool_], size: int, wanted: npt.NDArray[np.bool_]
) -> Known:
    """Give the runs of this size of the wanted questions, each once for each question."""
    inside = within(np.cumsum(is_mark), is_mark, size)
    owner = row[: len(inside)]
    chosen = inside & wanted[owner]
    pairs = np.unique(np.stack([run_hashes(hashes, size)[chosen], owner[chosen].astype(np.uint64)], axis=1), axis=0)
    return Known(np.ascontiguousarray(pairs[:, 0]), pairs[:, 1].astype(np.int32))


def _telling(known: Known, count: int) -> Known:
    """Give the runs that tell questions apart, of the questions that have enough of them."""
    _, number, owners = np.unique(known.hashes, return_inverse=True, return_counts=True)
    kept = owners[number] <= MOST_OWNERS
    enough = np.bincount(known.owners[kept], minlength=count) >= LEAST_RUNS
    kept &= enough[known.owners]
    return Known(known.hashes[kept], known.owners[kept])
