"""One conversation with the API: each pack of texts is asked until it is judged, refused, or all hope is gone."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from pipeline.core.errors import ProviderGaveUp
from pipeline.measure.moderation.answer import Again, Judged, Outcome, Refused, Stop, interpret
from pipeline.measure.moderation.pace import Pace
from pipeline.measure.moderation.pieces import Piece
from pipeline.measure.moderation.verdict import Verdict
from pipeline.measure.providers.openai import Door, Input

MOST_TOKENS_PER_REQUEST: Final = 4_096
"""Texts are packed up to here: one failure costs no more, and one request is a small part of a minute's tokens."""
IMAGE_TOKENS: Final = 765
"""Charged to the account's tokens for an image, as for a square of 1,024 pixels in chat; not documented here."""
REFUSED_IN_A_ROW: Final = 20
"""Texts refused one by one, with none ever judged, before the whole run is taken for refused."""
FAILURES_IN_A_ROW: Final = 3
"""Failed requests, with none answered between, before the time without an answer counts."""
_LONGEST_NAP_SECONDS: Final = 0.5


class Patience(NamedTuple):
    """How long the provider is waited for, in seconds."""

    timeout_seconds: float = 60.0
    """For one answer."""
    attempts: int = 8
    """For one request while others are answered; refusals for the account's limit do not count."""
    backoff_seconds: float = 0.5
    """Before the second attempt; doubled each time, 30 at most."""
    give_up_seconds: float = 180.0
    """Without any good answer while requests fail: the run stops, and the next one goes on."""
    lease_seconds: float = 15.0
    """How long a claim outlives its process."""
    minute_seconds: float = 60.0
    """The span of the account's limits; shorter in tests only."""


class Want(NamedTuple):
    """One text or image without a verdict."""

    key: bytes
    piece: Piece
    tokens: int


PLAIN_WORD: Final = Want(b"", Piece("", "Hello."), 2)
"""Asked to tell a text that breaks the API from an API that is down; its verdict is kept nowhere."""


def want(key: bytes, piece: Piece, count: Callable[[str], int]) -> Want:
    """Give a piece that is to be asked for; `count` gives the tokens of a text."""
    return Want(key, piece, IMAGE_TOKENS if piece.kind == "image" else count(piece.content))


def fits(pack: Sequence[Want], one: Want, *, most_texts: int, most_tokens: float) -> bool:
    """Say whether one more goes into the same request: images go alone, and the first always fits."""
    if not pack:
        return True
    if "image" in (one.piece.kind, pack[0].piece.kind):
        return False
    return len(pack) < most_texts and sum(other.tokens for other in pack) + one.tokens <= most_tokens


def asked(pack: Sequence[Want]) -> Input:
    """Give the `input` of a request for these."""
    if pack[0].piece.kind == "image":
        return [{"type": "image_url", "image_url": {"url": one.piece.content}} for one in pack]
    return [one.piece.content for one in pack]


Learn: TypeAlias = Callable[[Mapping[bytes, Verdict | None]], None]
"""Takes verdicts by key (None: it will not be judged), and keeps them before it returns."""


class Talk:
    """The requests of one run. A provider that is down, or that refuses the key, ends it with an error."""

    def __init__(
        self,
        *,
        door: Door,
        pace: Pace,
        learn: Learn,
        model: str,
        patience: Patience,
        clock: Callable[[], float],
    ) -> None:
        self._door, self._pace, self._learn = door, pace, learn
        self._model, self._patience, self._clock = model, patience, clock
        self._turn = asyncio.Lock()
        self._last_good = clock()
        self._failures = 0
        self._refused = 0
        self.requests = 0
        """Sent, whatever became of them."""
        self.judged = 0
        """Texts."""

    async def ask(self, pack: Sequence[Want]) -> None:
        """Ask for these texts until each is learnt; raises when the run cannot go on."""
        began = self._clock()
        failures = 0
        while True:
            outcome = await self._request(pack)
            if isinstance(outcome, Judged):
                self.judged += len(pack)
                self._learn({want.key: verdict for want, verdict in zip(pack, outcome.verdicts, strict=True)})
                return
            if isinstance(outcome, Stop):
                raise outcome.error
            if isinstance(outcome, Refused):
                await self._divide(pack, outcome.why)
                return
            self._give_up_where_hopeless(outcome.why)
            failures += not outcome.is_limit
            if failures and failures % self._patience.attempts == 0 and await self._is_answering(began):
                await self._divide(pack, outcome.why)  # others are answered: it is one of these texts
                return
            if not outcome.is_limit:
                await asyncio.sleep(max(outcome.after_seconds or 0.0, self._pace.backoff(failures)))

    async def _is_answering(self, began: float) -> bool:
        """Say whether the API answers others since then; where nobody else asks, a plain word does."""
        return self._last_good > began or isinstance(await self._request([PLAIN_WORD]), Judged)

    async def _request(self, pack: Sequence[Want]) -> Outcome:
        tokens = sum(want.tokens for want in pack)
        await self._wait_for_turn(tokens)
        self.requests += 1
        try:
            answer = await self._door.moderate(asked(pack), model=self._model)
        finally:
            self._pace.landed(tokens=tokens)
        now = self._clock()
        outcome = interpret(answer, expected=len(pack), model=self._model, now=now)
        if isinstance(outcome, Judged | Refused):
            self._last_good, self._failures = now, 0
        else:
            self._failures += 1
        if isinstance(outcome, Judged):
            self._pace.answered(outcome.allowance, now=now, tokens=tokens)
        elif isinstance(outcome, Again) and outcome.is_limit:
            self._pace.denied(outcome.after_seconds, now=now)
        return outcome

    async def _wait_for_turn(self, tokens: int) -> None:
        async with self._turn:  # first come, first served; one looks at the clock, the others wait for it
            while (wait := self._pace.take_turn(now=self._clock(), tokens=tokens)) > 0:  # noqa: ASYNC110 - it is time that passes
                await asyncio.sleep(min(wait, _LONGEST_NAP_SECONDS))

    async def _divide(self, pack: Sequence[Want], why: str) -> None:
        """Ask for the halves, so that one text that cannot be judged does not keep the others from it."""
        if len(pack) > 1:
            await self.ask(pack[: len(pack) // 2])
            await self.ask(pack[len(pack) // 2 :])
            return
        self._learn({pack[0].key: None})
        self._refused += 1
        if not self.judged and self._refused >= REFUSED_IN_A_ROW:
            raise ProviderGaveUp(f"Moderation: every one of {self._refused} texts was refused ({why})")

    def _give_up_where_hopeless(self, why: str) -> None:
        waited = self._clock() - self._last_good
        if self._failures >= FAILURES_IN_A_ROW and waited > self._patience.give_up_seconds:
            raise ProviderGaveUp(f"Moderation: no answer for {waited:,.0f} seconds, the last failure was: {why}")
