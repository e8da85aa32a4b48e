"""One conversation with the reviewer: each question is asked until there is a verdict, or it is held, or hope is gone."""

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.measure.moderation.pace import Pace
from pipeline.measure.moderation.talk import FAILURES_IN_A_ROW, REFUSED_IN_A_ROW, Patience
from pipeline.measure.providers.answer import Again, Refused, Service, Stop, allowance, failure, problem
from pipeline.measure.providers.openai import Answer, Door, Lost
from pipeline.review.purse import Purse
from pipeline.review.verdict import Faulty, Usage, Verdict, read
from pipeline.reviewing.judge import Judge, Want

SERVICE: Final = Service(
    name="Review",
    without="; a server of your own needs OPENAI_BASE_URL",
    right="use chat completions",
    of_model="",
    model_cure="Set `review.model` in dataset.toml or --model, or OPENAI_BASE_URL to another address",
)
BUDGET: Final = "the budget is spent"
_LONGEST_NAP_SECONDS: Final = 0.5
_CURES: Final = {
    "response_format": "it does not answer in JSON by a schema. Choose a model or server that does",
    "temperature": 'it takes no temperature. Set `review.temperature = "default"`',
    "max_completion_tokens": "it does not know `max_completion_tokens`, which keeps the budget. Choose another server",
}
"""Parameter that a model refuses → what it means and what to do."""

Outcome: TypeAlias = Verdict | Faulty | Again | Refused | Stop | None
Learn: TypeAlias = Callable[[bytes, Verdict], None]


class Talk:
    """The requests of one run. A provider that is down, or that refuses the key, ends it with an error."""

    def __init__(
        self,
        judge: Judge,
        *,
        door: Door,
        pace: Pace,
        purse: Purse,
        learn: Learn,
        patience: Patience,
        clock: Callable[[], float],
    ) -> None:
        self._judge, self._door, self._pace, self._purse = judge, door, pace, purse
        self._learn, self._patience, self._clock = learn, patience, clock
        self._turn = asyncio.Lock()
        self._last_good = clock()
        self._failures = 0
        self.left: dict[bytes, str] = {}
        """Questions without a verdict → why. Those of the budget were not asked, the others are held."""
        self.requests = 0
        """Sent, whatever became of them."""
        self.answered = 0
        """Questions with a verdict."""
        self.offered = 0
        """Questions that are to be asked, so far."""
        self.is_all_offered = False
        """Whether no more will come."""
        self.was_answered = False
        """Whether an earlier run got verdicts."""
        self._done = 0

    async def ask(self, pack: Sequence[Want]) -> None:
        """Ask each question until it has a verdict or is left; raises when the run cannot go on."""
        for want in pack:
            await self._ask(want)
            self._done += 1

    async def _ask(self, want: Want) -> None:
        began, failures, faults = self._clock(), 0, 0
        while True:
            outcome = await self._request(want)
            if isinstance(outcome, Again):
                failures += not outcome.is_limit
                if await self._is_hopeless(outcome, failures=failures, began=began):
                    self._hold(want, outcome.why)
                    return
            elif isinstance(outcome, Faulty):
                faults += 1
                if outcome.why == "refused" or faults >= self._judge.settings.attempts:
                    self._hold(want, outcome.why)
                    return
            else:
                self._end(want, outcome)
                return

    def _end(self, want: Want, outcome: Verdict | Refused | Stop | None) -> None:
        """Take what ends a question for good."""
        if isinstance(outcome, Verdict):
            self.answered += 1
            self._learn(want.key, outcome)
        elif isinstance(outcome, Stop):
            raise outcome.error
        elif isinstance(outcome, Refused):
            self._hold(want, outcome.why)
        else:
            self.left[want.key] = BUDGET

    async def _is_hopeless(self, outcome: Again, *, failures: int, began: float) -> bool:
        """Say whether it is this question that fails, while others are answered; else wait before it is asked again."""
        is_last = self._is_among_the_last() and not outcome.is_limit
        if failures >= self._patience.attempts and (is_last or self._last_good > began):
            return True
        if not is_last:
            self._give_up_where_hopeless(outcome.why)
        if not outcome.is_limit:
            await asyncio.sleep(max(outcome.after_seconds or 0.0, self._pace.backoff(failures)))
        return False

    def _is_among_the_last(self) -> bool:
        """Say whether so few are left that it is likelier they who break the provider than the provider who is down.

        Nothing else would be answered while they fail, and every run would end with them. Only where it ever answered.
        """
        few = self.is_all_offered and self.offered - self._done <= FAILURES_IN_A_ROW
        return few and bool(self.answered or self.was_answered)

    async def _request(self, want: Want) -> Outcome:
        """Ask once; None where the budget does not reach."""
        nonce, body = self._judge.request(want)
        most, tokens = self._judge.highest(body), sum(self._judge.expected(want))
        if not await self._purse.reserve(most):
            return None
        paid: Usage | None = Usage(0, 0)
        try:
            await self._wait_for_turn(tokens)
            self.requests += 1
            paid = None  # from here on it may be billed
            try:
                answer = await self._door.complete(body)
            finally:
                self._pace.landed(tokens=tokens)
            outcome, paid = self._interpret(answer, want, nonce)
        finally:
            self._purse.settle(most, paid=paid)
        self._heed(outcome, answer, tokens)
        if paid is not None and self._purse.price.of(paid) > self._purse.price.of(most):
            if isinstance(outcome, Verdict):
                self._learn(want.key, outcome)
            return Stop(_overcharged(paid, most))
        return outcome

    def _interpret(self, answer: Answer | Lost, want: Want, nonce: str) -> tuple[Outcome, Usage | None]:
        """Give what follows from an answer, and what it cost: nothing for an error, unknown where no usage came back."""
        if isinstance(answer, Answer) and answer.status == HTTPStatus.BAD_REQUEST:
            code, param = problem(answer.body)
            if param in _CURES:
                return Stop(TunesetError(f"Review: {self._judge.settings.model}: {_CURES[param]}.")), Usage(0, 0)
            if code == "content_filter":
                return Faulty("refused", Usage(0, 0)), Usage(0, 0)
        failed = failure(answer, service=SERVICE, model=self._judge.settings.model, now=self._clock())
        if isinstance(answer, Lost):
            return failed, None if answer.is_sent else Usage(0, 0)
        if failed is not None:  # behind a gateway's 5xx the question may have been answered and billed
            return failed, None if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR else Usage(0, 0)
        found = read(answer.body, labels=want.rubric.labels, nonce=nonce)
        if isinstance(found, Faulty) and found.why == "unreadable answer":
            return Again("unreadable answer"), found.usage
        return found, found.usage

    def _heed(self, outcome: Outcome, answer: Answer | Lost, tokens: int) -> None:
        now = self._clock()
        if isinstance(outcome, Again | Stop):
            self._failures += 1
        else:
            self._last_good, self._failures = now, 0
        if isinstance(outcome, Verdict | Faulty) and isinstance(answer, Answer):
            self._pace.answered(allowance(answer.headers), now=now, tokens=tokens)
        elif isinstance(outcome, Again) and outcome.is_limit:
            self._pace.denied(outcome.after_seconds, now=now)

    async def _wait_for_turn(self, tokens: int) -> None:
        async with self._turn:  # first come, first served; one looks at the clock, the others wait for it
            while (wait := self._pace.take_turn(now=self._clock(), tokens=tokens)) > 0:  # noqa: ASYNC110 - it is time that passes
                await asyncio.sleep(min(wait, _LONGEST_NAP_SECONDS))

    def _hold(self, want: Want, why: str) -> None:
        self.left[want.key] = why
        held = sum(one != BUDGET for one in self.left.values()) if not self.answered else 0
        if held >= REFUSED_IN_A_ROW:
            raise ProviderGaveUp(f"Review: not one of {held} questions got a verdict, the last because: {why}")

    def _give_up_where_hopeless(self, why: str) -> None:
        waited = self._clock() - self._last_good
        if self._failures >= FAILURES_IN_A_ROW and waited > self._patience.give_up_seconds:
            raise ProviderGaveUp(f"Review: no answer for {waited:,.0f} seconds, the last failure was: {why}")


def _overcharged(paid: Usage, most: Usage) -> TunesetError:
    told: Any = f"{paid.input_tokens:,} tokens in and {paid.output_tokens:,} out"
    cure = "No budget can be kept there. Choose another server, or set its prices to 0 where it is your own"
    return TunesetError(
        f"Review: the provider counts {told} for a question of at most "
        f"{most.input_tokens:,} and {most.output_tokens:,}. {cure}."
    )
