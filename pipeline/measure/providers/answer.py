"""What an answer of a provider means for the one who asked: good, ask again, this is refused, or stop asking at all."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus as Status
from typing import Final, NamedTuple, TypeAlias

import msgspec

from pipeline.core.errors import ProviderGaveUp, TunesetError
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


class Service(NamedTuple):
    """What is asked for, in the words of messages to the user."""

    name: str
    """`Moderation`: begins each message."""
    without: str
    """What goes on without a key: `without moderation`."""
    right: str
    """What the key must permit: `use the Moderation API`."""
    of_model: str
    """`for moderation`."""
    model_cure: str
    """Where to name another model or address."""


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


Failure: TypeAlias = Again | Refused | Stop


def failure(answer: Answer | Lost, *, service: Service, model: str, now: float) -> Failure | None:
    """Give what follows from an answer that is none; None for status 200. No body is quoted: it may repeat the key."""
    if isinstance(answer, Lost):
        return Again(answer.why)
    if answer.status == Status.OK:
        return None
    if answer.status in _TRANSIENT or answer.status >= Status.INTERNAL_SERVER_ERROR:
        return _again(answer, service, now)
    return _refused(answer, service, model)


def _again(answer: Answer, service: Service, now: float) -> Failure:
    code, _ = problem(answer.body)
    if code in _OUT_OF_MONEY:
        cure = "Add credit or raise the limit at the provider"
        return Stop(ProviderGaveUp(f"{service.name}: the account's quota is used up ({code}). {cure}, then run again"))
    wait = _retry_after(answer.headers, now)
    if wait is not None and wait > LONGEST_WAIT_SECONDS:
        told = f"{service.name}: the provider asks to wait {wait / 60:,.0f} minutes (status {answer.status})"
        return Stop(ProviderGaveUp(f"{told}. Run again then"))
    return Again(f"status {answer.status}", wait, answer.status == Status.TOO_MANY_REQUESTS, allowance(answer.headers))


def _refused(answer: Answer, service: Service, model: str) -> Failure:
    code, param = problem(answer.body)
    told = f"status {answer.status}{f' ({code})' if code else ''}"
    about = f"{service.name}: {told}"
    if answer.status == Status.UNAUTHORIZED:
        cure = f"Set it to a key of this account and address, or unset it{service.without}"
        return Stop(TunesetError(f"{about}: the provider does not take the key in OPENAI_API_KEY. {cure}."))
    if answer.status == Status.FORBIDDEN:
        cure = f"Give the key's project permission to {service.right}, or use another key"
        return Stop(TunesetError(f"{about}: the key may not {service.right}. {cure}."))
    if (
        answer.status in (Status.NOT_FOUND, Status.METHOD_NOT_ALLOWED)
        or param == "model"
        or code in ("model_not_found", "invalid_model")
    ):
        return Stop(
            TunesetError(f"{about}: no model {model!r}{service.of_model} at this address. {service.model_cure}.")
        )
    return Refused(told)


def problem(body: bytes) -> tuple[str, str]:
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
