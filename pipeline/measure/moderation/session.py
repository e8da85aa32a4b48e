"""One run of moderation over a stream of rows: what the cache knows is taken, the rest is asked, all of it is kept."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import length_hint
from typing import Final, NamedTuple, TypeAlias

from pipeline.core.address import without_user
from pipeline.core.errors import ProviderGaveUp
from pipeline.core.example import Example, Method, Moderation
from pipeline.core.moderation import flags
from pipeline.core.settings import ModerationSettings
from pipeline.measure.asker import Asker
from pipeline.measure.cache import Cache
from pipeline.measure.moderation.book import Book, Row, fact, first_places, row_key, texts_in
from pipeline.measure.moderation.pieces import RECIPE, Piece, key, pieces
from pipeline.measure.moderation.talk import Talk, Want, want
from pipeline.measure.moderation.verdict import Verdict, from_bytes, to_bytes

ROWS_AT_ONCE: Final = 64
"""Rows whose texts are in memory together, beside those of the requests under way."""

Source: TypeAlias = Iterable[tuple[bytes, str]]
"""Digest and payload of each row."""
Progress: TypeAlias = Callable[[int, int, float | None], None]
"""Takes rows done, rows in all (as far as known) and seconds left (None: unknown)."""


class Judge(NamedTuple):
    """Who judges and what of a row: everything that a fact depends on beside the row."""

    address: str
    settings: ModerationSettings
    method: Method

    @property
    def of_texts(self) -> str:
        """The verdict on a text depends on this and the text."""
        return f"{without_user(self.address)} {self.settings.model}"

    @property
    def of_rows(self) -> str:
        """The facts of a row depend on this and the row."""
        return f"{self.of_texts} {RECIPE} {self.method} {self.settings.unit} {self.settings.max_tokens_per_text}"

    def pieces(self, payload: str) -> Iterator[tuple[bytes, Piece]]:
        """Give what of a row is judged, each with the key of its verdict."""
        example = Example.parse(payload, method=self.method)
        for piece in pieces(example, unit=self.settings.unit, max_tokens=self.settings.max_tokens_per_text):
            yield key(piece, judge=self.of_texts), piece


@dataclass
class Tally:
    """Counts of one run as it goes; of rows, equal rows each counted, unless said otherwise."""

    rows: int = 0
    verified: int = 0
    held: int = 0
    empty: int = 0
    """Nothing in them to judge, so they have no facts."""
    known: int = 0
    """Of the verified: whole in the cache."""
    texts: int = 0
    """Texts and images in rows that are done."""
    flagged: Counter[str] = field(default_factory=Counter)
    """Rows by category over the plan's limits."""
    backends: set[str] = field(default_factory=set)

    @property
    def done(self) -> int:
        """Give the rows that wait for nothing."""
        return self.verified + self.held + self.empty


class Session:
    """The rows of one run."""

    def __init__(
        self,
        judge: Judge,
        cache: Cache,
        *,
        count: Callable[[str], int],
        progress: Progress,
        clock: Callable[[], float],
    ) -> None:
        self._judge, self._cache = judge, cache
        self._count, self._progress, self._clock = count, progress, clock
        self._book = Book()
        self._unjudged: set[bytes] = set()
        self._held: dict[bytes, bytes] = {}
        self.tally = Tally()

    async def run(self, rows: Source, talk: Talk, asker: Asker[Want]) -> None:
        """Judge every row; raises what stopped the asking, after all that was answered has been kept."""
        began, total = self._clock(), length_hint(rows, 0)
        source = iter(rows)
        async with asker.working():
            while asker.error is None and (some := list(islice(source, ROWS_AT_ONCE))):
                await asker.offer(self._open(some))
                await asyncio.sleep(0)  # lets answers in where nothing had to be asked
                self._tell(began, total)
            finishing = asyncio.ensure_future(asker.finish())
            while not finishing.done():
                await asyncio.wait({finishing}, timeout=0.2)
                self._tell(began, total)
            finishing.result()
        if asker.error is not None:
            raise self._explained(asker.error, source, talk)

    def learn(self, verdicts: Mapping[bytes, Verdict | None]) -> None:
        """Keep new verdicts, and the facts of the rows that they complete, in one transaction."""
        texts = {name: to_bytes(verdict) for name, verdict in verdicts.items() if verdict is not None}
        self._keep(texts | self._completed(verdicts))

    def learn_old(self, verdicts: Mapping[bytes, Verdict | None]) -> None:
        """Keep the facts of the rows that verdicts of the cache complete."""
        self._keep(self._completed(verdicts))

    @property
    def unjudged(self) -> int:
        """Give how many texts the provider refused to judge."""
        return len(self._unjudged)

    def _completed(self, verdicts: Mapping[bytes, Verdict | None]) -> dict[bytes, bytes]:
        self._unjudged.update(name for name, verdict in verdicts.items() if verdict is None)
        rows = (row for name, verdict in verdicts.items() for row in self._book.learn(name, verdict))
        return {name: packed for row in rows for name, packed in self._closed(row).items()}

    def _keep(self, answers: Mapping[bytes, bytes]) -> None:
        if answers:
            self._cache.put(answers)

    def _open(self, some: list[tuple[bytes, str]]) -> list[Want]:
        """Enter rows; gives the texts that are neither known nor asked for already."""
        known = self._cache.get([row_key(digest, judge=self._judge.of_rows) for digest, _ in some])
        wanted: dict[bytes, Piece] = {}
        for digest, payload in some:
            self.tally.rows += 1
            packed = known.get(row_key(digest, judge=self._judge.of_rows)) or self._held.get(digest)
            if packed is not None:
                self._count_row(packed, is_held=digest in self._held)
                self.tally.known += digest not in self._held
            elif not self._book.join(digest):
                wanted.update(self._enter(digest, payload))
        return self._unknown(wanted)

    def _enter(self, digest: bytes, payload: str) -> dict[bytes, Piece]:
        named = list(self._judge.pieces(payload))
        if not named:
            self.tally.empty += 1
            return {}
        new = self._book.open(digest, first_places((name, piece.where) for name, piece in named))
        by_key = dict(named)
        return {name: by_key[name] for name in new}

    def _unknown(self, wanted: dict[bytes, Piece]) -> list[Want]:
        found: dict[bytes, Verdict | None] = {
            name: from_bytes(packed) for name, packed in self._cache.get(wanted).items()
        }
        found.update((name, None) for name in wanted if name in self._unjudged)
        self.learn_old(found)
        return [want(name, piece, self._count) for name, piece in wanted.items() if name not in found]

    def _closed(self, row: Row) -> dict[bytes, bytes]:
        """Count a row that waits for nothing; gives what is kept of it. A held row is asked again by the next run."""
        packed = row.packed()
        if row.held:
            self._held[row.digest] = packed
        for _ in range(row.copies):
            self._count_row(packed, is_held=row.held)
        return {} if row.held else {row_key(row.digest, judge=self._judge.of_rows): packed}

    def _count_row(self, packed: bytes, *, is_held: bool) -> None:
        found = fact(packed, address=self._judge.address, is_held=is_held)
        self.tally.held += is_held
        self.tally.verified += not is_held
        self.tally.texts += texts_in(packed)
        self.tally.flagged.update(flags(found, self._judge.settings))
        self.tally.backends.add(found.backend)

    def _tell(self, began: float, total: int) -> None:
        done, new = self.tally.done, self.tally.done - self.tally.known
        left = max(total, self.tally.rows) - done
        seconds = (self._clock() - began) / new * left if new and total else None
        self._progress(done, max(total, self.tally.rows), seconds)

    def _explained(self, error: BaseException, source: Iterator[tuple[bytes, str]], talk: Talk) -> BaseException:
        """Give the error; where the provider gave up, with what is missing: of this run, and of the rows never read."""
        if not isinstance(error, ProviderGaveUp):
            return error
        missing = self._cache.count_missing(self._book.waiting())
        while some := list(islice(source, ROWS_AT_ONCE)):
            names = {name for _, payload in some for name, _ in self._judge.pieces(payload)}
            missing = self._cache.count_missing(names)
        kept = f"{talk.judged:,} texts were judged in this run and are kept"
        return ProviderGaveUp(f"{error}. {missing:,} texts have no verdict; {kept}. The next run goes on from there.")

    def facts(self, digests: Sequence[bytes | None]) -> list[Moderation | None]:
        """Give the facts of rows in their order; None: nothing was asked about it, as of a row without a payload."""
        keys = {digest: row_key(digest, judge=self._judge.of_rows) for digest in digests if digest is not None}
        known = self._cache.get(keys.values())
        return [None if digest is None else self._fact(digest, known.get(keys[digest])) for digest in digests]

    def _fact(self, digest: bytes, known: bytes | None) -> Moderation | None:
        packed = known or self._held.get(digest)
        return None if packed is None else fact(packed, address=self._judge.address, is_held=known is None)
