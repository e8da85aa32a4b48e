"""Rows whose texts are still being judged, and how the verdicts on their texts become the facts of a row."""

import hashlib
from collections.abc import Iterable, Mapping

from pipeline.core.example import Moderation
from pipeline.measure.moderation.verdict import Verdict, pack, unpack
from pipeline.measure.providers.openai import backend


class Row:
    """One example under way: what it waits for, and the highest scores so far."""

    def __init__(self, digest: bytes, places: Mapping[bytes, tuple[int, str]]) -> None:
        self.digest = digest
        self.places = dict(places)
        """Key of a text → its first place in the row, with the order of the place."""
        self.waiting = set(places)
        self.held = False
        self.copies = 1
        self._best: dict[str, tuple[float, int, str]] = {}
        self._categories: set[str] = set()
        self._models: set[str] = set()
        self._flagged = False

    def learn(self, key: bytes, verdict: Verdict | None) -> None:
        """Take the verdict on one of its texts; None: it will not be judged. The order of verdicts does not matter."""
        self.waiting.discard(key)
        if verdict is None:
            self.held = True
            return
        order, where = self.places[key]
        for category, score in verdict.scores:
            # of equal scores the first place wins: -order makes it the larger
            self._best[category] = max(self._best.get(category, (-1.0, 0, "")), (score, -order, where))
        self._categories.update(verdict.categories)
        self._models.add(verdict.model)
        self._flagged |= verdict.flagged

    def packed(self) -> bytes:
        """Give the facts so far as the cache keeps them."""
        best = sorted(self._best.items())
        wheres = sorted({where for _, (_, _, where) in best})
        chosen = bytes(wheres.index(where) for _, (_, _, where) in best)
        scores = tuple((category, score) for category, (score, _, _) in best)
        return pack(
            scores,
            tuple(sorted(self._categories)),
            sorted(self._models),
            self._flagged,
            wheres,
            chosen,
            len(self.places),
        )


class Book:
    """All rows under way. Its size is bounded by the requests in flight: it keeps no text."""

    def __init__(self) -> None:
        self._rows: dict[bytes, Row] = {}
        self._readers: dict[bytes, list[Row]] = {}

    def join(self, digest: bytes) -> bool:
        """Say whether an equal row is under way, and count this one with it."""
        row = self._rows.get(digest)
        if row is not None:
            row.copies += 1
        return row is not None

    def open(self, digest: bytes, places: Mapping[bytes, tuple[int, str]]) -> list[bytes]:
        """Enter a row; gives the keys that no row before it waits for."""
        row = self._rows[digest] = Row(digest, places)
        new = [key for key in places if key not in self._readers]
        for key in places:
            self._readers.setdefault(key, []).append(row)
        return new

    def learn(self, key: bytes, verdict: Verdict | None) -> list[Row]:
        """Tell every row that waits for this text; gives the rows that now wait for nothing, and forgets them."""
        done = []
        for row in self._readers.pop(key, ()):
            row.learn(key, verdict)
            if not row.waiting:
                done.append(self._rows.pop(row.digest))
        return done

    def waiting(self) -> frozenset[bytes]:
        """Give the keys of the texts that some row waits for."""
        return frozenset(self._readers)


def row_key(digest: bytes, *, judge: str) -> bytes:
    """Give the key under which a row's facts are kept; `judge` names everything else they depend on."""
    return hashlib.sha256(f"{judge}\0row\0".encode() + digest).digest()


def fact(packed: bytes, *, address: str, is_held: bool) -> Moderation:
    """Give the facts of a row from what `Row.packed` gave; `address` is where the judges were asked."""
    scores, categories, models, flagged, wheres, chosen, _ = unpack(packed)
    places = tuple((name, wheres[index]) for (name, _), index in zip(scores, chosen, strict=True))
    return Moderation(
        "+".join(backend(address, model) for model in models) or backend(address, "unknown"),
        "held" if is_held else "verified",
        flagged or (None if is_held else False),
        scores,
        categories,
        places,
    )


def texts_in(packed: bytes) -> int:
    """Give how many different texts and images the row has."""
    return int(unpack(packed)[-1])


def first_places(pairs: Iterable[tuple[bytes, str]]) -> dict[bytes, tuple[int, str]]:
    """Give each key's first place and its order among the places."""
    found: dict[bytes, tuple[int, str]] = {}
    for order, (key, where) in enumerate(pairs):
        found.setdefault(key, (order, where))
    return found
