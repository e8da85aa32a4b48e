"""Where a stream of records is cut into pieces: by what stands there, so that an insertion moves one cut and not all.

A record may end a piece when a hash of some of its bytes and its length falls below a bound. The same records are cut in the
same places wherever they stand in a file (content-defined chunking; A. Muthitacharoen et al., A Low-bandwidth Network
File System, SOSP 2001), and a piece is never much smaller or larger than asked.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Signs = npt.NDArray[np.uint8]

LEAST: Final = 1 / 4
MOST: Final = 4
"""Size of a piece beside the size asked for: below the least nothing is cut, at the most there is a cut in any case."""
SEEN: Final = 16
"""Bytes that count, before a record's end and before its middle: ends alone are often the same (`thanks!"}]}`)."""
_ODD: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))


class Wanted(NamedTuple):
    """The size of a piece that is aimed at, whichever comes first."""

    rows: int = 2_000
    """Enough that the work on a piece outweighs its handling, few enough that a change costs little."""
    size: int = 2_000_000
    """Bytes."""

    @property
    def most_bytes(self) -> int:
        """Give the size at which a piece ends with the record in hand."""
        return MOST * self.size


def cuts(signs: Signs, ends: Places, wanted: Wanted) -> list[int]:
    """Give the numbers of records after which to cut, ascending: those that no byte after `signs` can change.

    `ends` has the place after each record. What follows the last cut waits for more records, or for the end.
    """
    if not len(ends):
        return []
    marked = np.flatnonzero(_are_marked(signs, ends, wanted)) + 1
    found: list[int] = []
    before = 0
    while (cut := _next(before, marked, ends, wanted)) is not None:
        found.append(cut)
        before = cut
    return found


def _next(before: int, marked: Places, ends: Places, wanted: Wanted) -> int | None:
    """Give the first cut after so many records; None: the records do not reach that far."""
    begin = int(ends[before - 1]) if before else 0
    least, most = (_reach(before, begin, ends, wanted, times) for times in (LEAST, MOST))
    place = int(np.searchsorted(marked, least))
    if place < len(marked) and marked[place] <= most:
        return int(marked[place])
    return most if most <= len(ends) else None


def _reach(before: int, begin: int, ends: Places, wanted: Wanted, times: float) -> int:
    """Give the number of records at which so many times the wanted size is reached by rows or by bytes."""
    by_rows = before + max(1, int(times * wanted.rows))
    by_bytes = int(np.searchsorted(ends, begin + times * wanted.size)) + 1
    return max(before + 1, min(by_rows, by_bytes))


def _are_marked(signs: Signs, ends: Places, wanted: Wanted) -> npt.NDArray[np.bool_]:
    lengths = np.diff(ends, prepend=0)
    with np.errstate(over="ignore"):
        hashes = lengths.astype(np.uint64) * _ODD[2]
        for places in (ends, ends - lengths // 2):
            around = np.maximum(places[:, None] - np.arange(SEEN, 0, -1), 0)
            lanes = np.ascontiguousarray(signs[around] if len(signs) else around.astype(np.uint8)).view(np.uint64)
            hashes = (hashes ^ (lanes[:, 0] * _ODD[0]) ^ (lanes[:, 1] * _ODD[1])) * _ODD[0]
            hashes ^= hashes >> np.uint64(29)
        hashes *= _ODD[1]
    shares = np.maximum(1 / wanted.rows, lengths / wanted.size) / (1 - LEAST)
    marked: npt.NDArray[np.bool_] = (hashes >> np.uint64(11)) * 2.0**-53 < shares
    return marked
