"""What an answer of the Moderation API means: judged, ask again, these texts are refused, or stop asking at all."""

from typing import Final, NamedTuple, TypeAlias

from pipeline.measure.moderation.verdict import Verdict, verdicts
from pipeline.measure.providers.answer import (
    Again,
    Allowance,
    Failure,
    Lane,
    Refused,
    Service,
    Stop,
    allowance,
    failure,
)
from pipeline.measure.providers.openai import Answer, Lost

__all__ = ["Again", "Allowance", "Judged", "Lane", "Outcome", "Refused", "Stop", "allowance", "interpret"]

SERVICE: Final = Service(
    name="Moderation",
    without=" to go on without moderation",
    right="use the Moderation API",
    of_model=" for moderation",
    model_cure="Set `moderation.model` in dataset.toml, or OPENAI_BASE_URL to an address that moderates",
)


class Judged(NamedTuple):
    """One verdict for each text, in order."""

    verdicts: tuple[Verdict, ...]
    allowance: Allowance = Allowance()


Outcome: TypeAlias = Judged | Failure


def interpret(answer: Answer | Lost, *, expected: int, model: str, now: float) -> Outcome:
    """Give what follows from an answer to so many texts. No body of an error is quoted: it may repeat the key."""
    failed = failure(answer, service=SERVICE, model=model, now=now)
    if failed is not None or isinstance(answer, Lost):
        return failed or Again("no answer")
    found = verdicts(answer.body, expected=expected)
    if isinstance(found, tuple):
        return Judged(found, allowance(answer.headers))
    if found is not None and expected > 1:
        return Refused(f"{found} results for {expected} texts")
    return Again("unreadable answer")
