"""Who reviews by what: everything that a verdict depends on beside the example, and the questions it is asked."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from pipeline.core.address import without_user
from pipeline.core.example import Json
from pipeline.core.settings import ReviewSettings
from pipeline.measure.moderation.pieces import estimated_tokens
from pipeline.measure.providers.openai import backend
from pipeline.review.purse import expected, highest
from pipeline.review.question import RECIPE, instruction, messages, request, schema
from pipeline.review.rubric import Rubric
from pipeline.review.verdict import Usage
from pipeline.reviewing.rows import Row

NONCE_BYTES: Final = 8
"""Of each question's own number: no example can name it, and no two questions share it."""


class Want(NamedTuple):
    """One question without a verdict."""

    key: bytes
    row: Row
    rubric: Rubric


class Judge:
    """The reviewer of one run."""

    def __init__(self, address: str, settings: ReviewSettings, rubrics: Sequence[Rubric]) -> None:
        self.settings, self.rubrics = settings, tuple(rubrics)
        self.backend = backend(address, settings.model)
        self.lane = f"{without_user(address)} {settings.model}"
        """The account's limits are kept for it, and files of batches told apart by it."""
        self._by = {
            rubric.name: f"{self.lane} review {RECIPE} {settings.temperature} {rubric.digest(self._about(rubric))}"
            for rubric in rubrics
        }

    def key(self, row: Row, rubric: Rubric) -> bytes:
        """Give the name of the verdict in the cache."""
        return hashlib.sha256(self._by[rubric.name].encode() + b"\0" + row.digest).digest()

    def wants(self, rows: Iterable[Row]) -> Iterator[Want]:
        """Give every question about the rows."""
        return (Want(self.key(row, rubric), row, rubric) for row in rows for rubric in self.rubrics)

    def request(self, want: Want) -> tuple[str, dict[str, Any]]:
        """Give a new nonce and the body of the request that carries it."""
        nonce, settings = secrets.token_hex(NONCE_BYTES), self.settings
        options = {} if settings.temperature == "default" else {"temperature": settings.temperature}
        body = request(
            want.rubric,
            want.row.value,
            nonce=nonce,
            model=settings.model,
            max_output_tokens=settings.max_output_tokens,
            about=self._about(want.rubric),
            options=options,
        )
        return nonce, body

    def highest(self, body: dict[str, Any]) -> Usage:
        """Give the most tokens that a request can use."""
        told = json.dumps([body["messages"], body["response_format"]], ensure_ascii=False)
        return highest(len(told.encode("utf-8", "surrogatepass")), max_output_tokens=body["max_completion_tokens"])

    def expected(self, want: Want) -> Usage:
        """Give the tokens that a question may be expected to use."""
        told = [one["content"] for one in messages(want.rubric, want.row.value, nonce="0" * 16)]
        fixed = instruction(want.rubric, self._about(want.rubric)), json.dumps(schema(want.rubric))
        return expected((*fixed, told[1]), count=estimated_tokens)

    def _about(self, rubric: Rubric) -> str:
        return "" if rubric.about == "none" else self.settings.about.get(rubric.name, "")


def nonce_of(body: dict[str, Json]) -> str:
    """Give the nonce that a request carries: what its instruction ends with."""
    return str(body["messages"][0]["content"]).rpartition(" ")[2].removesuffix(".")


def labels_of(body: dict[str, Json]) -> list[str]:
    """Give the labels that the answer to a request may have."""
    return list(body["response_format"]["json_schema"]["schema"]["properties"]["verdict"]["enum"])
