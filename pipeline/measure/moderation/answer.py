"""What an answer means for the one who asked: judged, ask again, these texts are refused, or stop asking at all."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus as Status
from typing import Final, NamedTuple, TypeAlias

import msgspec

from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.measure.moderation.verdict import Verdict, verdicts
from pipeline.measure.providers.openai import Answer, Lost

LONGEST_WAIT_SECONDS: Final = 300.0
"""A longer retry-after is a daily or monthly limit: the run stops, keeps what it has, and goes on another time."""

_UNIT_SECONDS: Final = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_TRANSIENT: Final = {Status.REQUEST_TIMEOUT, Status.CONFLICT, Status.TOO_MANY_REQUESTS}
_OUT_OF_MONEY: Final = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}


class Lane(NamedTuple):
    """One limit of the account as the headers tell it; None: not told."""

    limit: float | None = None
    remaining: float | None = None
    reset_seconds: float | None = None


class Allowance(NamedTuple):
    """What the rate-limit headers of an answer say."""

    requests: Lane = Lane()
    tokens: Lane = Lane()


class Judged(NamedTuple):
    """One verdict for each text, in order."""

    verdicts: tuple[Verdict, ...]
    allowance: Allowance = Allowance()


class Again(NamedTuple):
    """Nothing was judged; the same request may be answered later."""

    why: str
    after_seconds: float | None = None
    """What the provider asked for."""
    is_limit: bool = False
    """Whether the account's limit was the reason, so that every request must wait."""
    allowance: Allowance = Allowance()


class Refused(NamedTuple):
    """These texts together will never be judged; fewer of them may be."""

    why: str


class Stop(NamedTuple):
    """No request will be answered."""

    error: TunesetError


Outcome: TypeAlias = Judged | Again | Refused | Stop


def interpret(answer: Answer | Lost, *, expected: int, model: str, now: float) -> Outcome:
    """Give what follows from an answer to so many texts. No body of an error is quoted: it may repeat the key."""
    if isinstance(answer, Lost):
        return Again(answer.why)
    if answer.status == Status.OK:
        return _judged(answer, expected)
    if answer.status in _TRANSIENT or answer.status >= Status.INTERNAL_SERVER_ERROR:
        return _again(answer, now)
    return _refused(answer, model)


def _judged(answer: Answer, expected: int) -> Outcome:
    found = verdicts(answer.body, expected=expected)
    if isinstance(found, tuple):
        return Judged(found, allowance(answer.headers))
    if found is not None and expected > 1:
        return Refused(f"{found} results for {expected} texts")
    return Again("unreadable answer")


def _again(answer: Answer, now: float) -> Outcome:
    code, _ = _error(answer.body)
    if code in _OUT_OF_MONEY:
        cure = "Add credit or raise the limit at the provider"
        return Stop(ProviderGaveUp(f"Moderation: the account's quota is used up ({code}). {cure}, then run again"))
    wait = _retry_after(answer.headers, now)
    if wait is not None and wait > LONGEST_WAIT_SECONDS:
        told = f"Moderation: the provider asks to wait {wait / 60:,.0f} minutes (status {answer.status})"
        return Stop(ProviderGaveUp(f"{told}. Run again then"))
    return Again(f"status {answer.status}", wait, answer.status == Status.TOO_MANY_REQUESTS, allowance(answer.headers))


def _refused(answer: Answer, model: str) -> Outcome:
    code, param = _error(answer.body)
    about = f"Moderation: status {answer.status}{f' ({code})' if code else ''}"
    if answer.status == Status.UNAUTHORIZED:
        cure = "Set it to a key of this account and address, or unset it to go on without moderation"
        return Stop(TunesetError(f"{about}: the provider does not take the key in OPENAI_API_KEY. {cure}."))
    if answer.status == Status.FORBIDDEN:
        cure = "Give the key's project permission to moderate, or use another key"
        return Stop(TunesetError(f"{about}: the key may not use the Moderation API. {cure}."))
    if (
        answer.status in (Status.NOT_FOUND, Status.METHOD_NOT_ALLOWED)
        or param == "model"
        or code in ("model_not_found", "invalid_model")
    ):
        cure = "Set `moderation.model` in dataset.toml, or OPENAI_BASE_URL to an address that moderates"
        return Stop(TunesetError(f"{about}: no model {model!r} for moderation at this address. {cure}."))
    return Refused(about.removeprefix("Moderation: "))


def _error(body: bytes) -> tuple[str, str]:
    """Give the error's code (or type) and parameter where they are plain words, else empty texts."""
    try:
        error = msgspec.json.decode(body)["error"]
        return _word(error.get("code") or error.get("type")), _word(error.get("param"))
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError, UnicodeDecodeError):
        return "", ""


def _word(value: object) -> str:
    # short lower-case words only: a server that echoes the key, or the data, is not quoted
    return value if isinstance(value, str) and re.fullmatch(r"[a-z_]{1,40}", value) else ""


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        if (wait := _number(headers.get(name))) is not None:
            return wait * unit
    try:
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def allowance(headers: Mapping[str, str]) -> Allowance:
    """Give what the x-ratelimit-* headers say; what is missing or makes no sense is None."""
    return Allowance(_lane(headers, "requests"), _lane(headers, "tokens"))


def _lane(headers: Mapping[str, str], what: str) -> Lane:
    told = (headers.get(f"x-ratelimit-{word}-{what}") for word in ("limit", "remaining", "reset"))
    limit, remaining, reset = told
    return Lane(_number(limit), _number(remaining), seconds(reset))


def _number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\s*\d{1,12}(\.\d{1,9})?\s*", text) else None


def seconds(text: str | None) -> float | None:
    """Give the seconds of a duration as the headers write it: `1s`, `6m0s`, `120ms`, `1h2m3.5s`, or a bare number."""
    if text is None or _number(text) is not None:
        return _number(text)
    parts = re.findall(r"(\d{1,9}(?:\.\d{1,9})?)(ms|[dhms])", text)
    whole = "".join(number + unit for number, unit in parts)
    return (
        sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts) if whole == text.strip() and parts else None
    )
