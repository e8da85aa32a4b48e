"""The one door to OpenAI's API, or to any address that speaks its protocol. Gives answers as values, never raises.

The package's own retries are off: it cannot see the account's pace, repeats a packed request whole, and gives up on
waits over two minutes. Whoever asks decides what to do with a 429. What an answer says is judged by its reader too,
because the package builds its objects without checking them. No exception leaves this file, for its chain of causes
may quote the request's headers, and with them the key.
"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from pipeline.core.address import OPENAI, sound_address, sound_key

CONNECT_SECONDS: Final = 10.0

Input: TypeAlias = Sequence[str] | Sequence[Mapping[str, Any]]
"""Texts, each judged by itself; or the parts of one input."""


class Answer(NamedTuple):
    """What came back, whole, whatever its status."""

    status: int
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    body: bytes


class Lost(NamedTuple):
    """No whole answer came back."""

    why: Literal["timeout", "connection"]
    is_sent: bool = True
    """Whether the request may have arrived; False: there was no connection to send it on."""


class Door:
    """An open client. Neither its repr nor anything it gives holds the key."""

    def __init__(self, *, api_key: str, base_url: str | None, timeout_seconds: float) -> None:
        import openai

        self.address = sound_address(base_url or OPENAI)
        self._openai = openai
        self._client = openai.AsyncOpenAI(
            api_key=sound_key(api_key),
            base_url=self.address,
            max_retries=0,
            timeout=openai.Timeout(timeout_seconds, connect=CONNECT_SECONDS),
        )

    async def moderate(self, judged: Input, *, model: str) -> Answer | Lost:
        """Ask the Moderation API once: for each text of a list of texts, or for one list of parts."""
        return await self._answer(self._client.moderations.with_raw_response.create(model=model, input=judged))  # type: ignore[arg-type]  # parts are plain mappings

    async def complete(self, body: Mapping[str, Any]) -> Answer | Lost:
        """Ask for one chat completion; `body` is the request as the API's reference names its keys."""
        # as the extra body, which is laid over the arguments: the package walks those type by type, 2 ms a request
        ask = self._client.chat.completions.with_raw_response.create
        return await self._answer(ask(model=body["model"], messages=[], extra_body=body))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _answer(self, call: Awaitable[Any]) -> Answer | Lost:
        try:
            raw = await call
        except self._openai.APITimeoutError as error:
            return Lost("timeout", is_sent=_is_sent(error))
        except self._openai.APIStatusError as error:
            return Answer(error.status_code, error.response.headers, error.response.content)
        except self._openai.APIError as error:
            return Lost("connection", is_sent=_is_sent(error))
        return Answer(raw.status_code, raw.headers, raw.content)


def _is_sent(error: Exception) -> bool:
    """Say whether the transport had a connection when it failed; its package differs by version of openai."""
    return type(error.__cause__).__name__ not in ("ConnectError", "ConnectTimeout", "PoolTimeout")


def backend(address: str, model: str) -> str:
    """Give who judges, for people: `openai/MODEL`, with the host where it is not OpenAI's; never a user or password."""
    host = urlsplit(address).hostname or "unknown"
    return f"openai/{model}" if host == urlsplit(OPENAI).hostname else f"openai@{host}/{model}"
