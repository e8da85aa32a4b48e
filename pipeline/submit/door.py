"""The one door from this room to the network: the openai package, for any platform whose protocol is JSON over HTTP.

It brings waits that grow, retries for 408, 409, 429 and 5xx, time limits and uploads in parts. No error that leaves it
holds the key: sentences of the platform are quoted with the key taken out, and nothing stands behind the exception.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, TypeVar

from pipeline.core.address import sound_address, sound_key, without_user
from pipeline.core.errors import ProviderGaveUp, TunesetError
from pipeline.core.example import Json
from pipeline.submit.failures import explained
from pipeline.submit.platform import Failure
from pipeline.submit.said import plain

RETRIES: Final = 5
TIMEOUT_SECONDS: Final = 600.0
QUOTED: Final = 300
"""Characters of a platform's sentence that are shown."""

T = TypeVar("T")


class Door:
    """An open client of one platform, named in every error as `title`."""

    def __init__(self, *, title: str, key: str, address: str, variables: tuple[str, str]) -> None:
        """Open it; `variables` are the names of the key's and of the address's environment variables."""
        import openai

        self.title = title
        self._key_variable, address_variable = variables
        self._key = sound_key(key, variable=self._key_variable)
        whole = sound_address(address, variable=address_variable)
        self.address = without_user(whole)
        self._openai = openai
        self.client: Any = openai.OpenAI(
            api_key=self._key, base_url=whole, max_retries=RETRIES, timeout=TIMEOUT_SECONDS
        )

    @property
    def once(self) -> Any:
        """The same client without retries, for what must not happen twice."""
        return self.client.with_options(max_retries=0)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> dict[str, Any] | None:
        """Ask for a resource; None: the platform does not know it."""
        options = {"params": dict(query)} if query else {}
        return self.known(f"asking for {path}", lambda: _object(self.client.get(path, cast_to=object, options=options)))

    def post(
        self, path: str, body: Mapping[str, Json] | None = None, *, doing: str, is_once: bool = False
    ) -> dict[str, Any]:
        """Send JSON and give the answer; `is_once`: never twice, whatever becomes of the answer."""
        client = self.once if is_once else self.client
        return self.told(
            doing, lambda: _object(client.post(path, cast_to=object, body=dict(body or {}))), is_once=is_once
        )

    def delete(self, path: str) -> bool:
        """Delete a resource; False: the platform does not know it."""
        gone = self.known(f"deleting {path}", lambda: _object(self.client.delete(path, cast_to=object)))
        return gone is not None

    def send_file(self, path: str, file: Path, fields: Mapping[str, str]) -> dict[str, Any]:
        """Send a file and fields as a form (multipart/form-data)."""

        def work() -> dict[str, Any]:
            with file.open("rb") as opened:
                return _object(
                    self.client.post(
                        path,
                        cast_to=object,
                        body=dict(fields),
                        files=[("file", (file.name, opened, "application/jsonl"))],
                        options={"headers": {"Content-Type": "multipart/form-data"}},
                    )
                )

        return self.told(f"uploading {file.name}", work)

    def known(self, doing: str, work: Callable[[], T]) -> T | None:
        """Do what may find nothing: None where the platform answers 404."""

        def try_it() -> T | None:
            try:
                return work()
            except self._openai.NotFoundError:
                return None

        return self.told(doing, try_it)

    def told(self, doing: str, work: Callable[[], T], *, is_once: bool = False) -> T:
        """Do something and turn what goes wrong into a sentence; `is_once`: it may have happened all the same."""
        try:
            return work()
        except self._openai.APIStatusError as error:
            trouble = self._refused(doing, error, is_once=is_once)
        except self._openai.APIError:
            trouble = self._lost(doing, "no answer", is_once=is_once)
        except Exception as error:
            # a transfer that breaks raises the transport's own errors, whose package differs by version of openai
            if not type(error).__module__.startswith(("httpx", "httpcore")):
                raise
            trouble = self._lost(doing, "the connection was lost", is_once=is_once)
        # outside of the except blocks, so that no exception behind this one holds the request
        raise trouble

    def lacking(self, name: str, *, doing: str, is_once: bool = False) -> ProviderGaveUp:
        """Give the error for an answer without the field that makes it one, as of a proxy that answers for the platform."""
        return self._lost(doing, f"an answer without `{name}`", is_once=is_once)

    def _refused(self, doing: str, error: Any, *, is_once: bool) -> TunesetError:
        status, why = error.status_code, self._sentence(error)
        if status == HTTPStatus.UNAUTHORIZED:
            return TunesetError(
                f"{self.title} does not take the key while {doing} (401). Set {self._key_variable} anew."
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            cure = self._cure(error) or " Run it again later."
            return ProviderGaveUp(f"{self.title}: too many requests while {doing} (429){why}.{cure}")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            return self._lost(doing, f"status {status}{why}", is_once=is_once)
        return TunesetError(f"{self.title} refuses it while {doing} ({status}){why}.{self._cure(error)}")

    def _lost(self, doing: str, what: str, *, is_once: bool) -> ProviderGaveUp:
        cure = (
            "It may have been done all the same: run it again, which looks for it first" if is_once else "Run it again"
        )
        return ProviderGaveUp(f"{self.title}: {what} while {doing}. {cure}.")

    def _cure(self, error: Any) -> str:
        """Give what to do about a refusal, where its sentence is known; empty where it is not."""
        known = explained(Failure(*_told(error)))
        return f" {known.cure}" if known else ""

    def _sentence(self, error: Any) -> str:
        """Give what the platform says about its refusal, without the key, on one line; empty where it says nothing."""
        _, said = _told(error)
        return f": {plain(said.replace(self._key, '[key]'), most=QUOTED)}".rstrip(". ") if said else ""


def _told(error: Any) -> tuple[str, str]:
    """Give code and message of an error's body, each empty where it has none."""
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error", body)
    if isinstance(inner, str):
        return "", inner
    told = (inner.get(name) for name in ("code", "message")) if isinstance(inner, dict) else ("", "")
    code, message = (one if isinstance(one, str) else "" for one in told)
    return code, message


def values_of(answer: object) -> dict[str, Any]:
    """Give an object of the openai package as plain values; empty where a server answered with something else."""
    told = answer.to_dict(warnings=False) if hasattr(answer, "to_dict") else answer
    return told if isinstance(told, dict) else {}


def _object(answer: object) -> dict[str, Any]:
    return answer if isinstance(answer, dict) else {}
