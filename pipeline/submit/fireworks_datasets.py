"""Files on Fireworks AI: a dataset each, named by what is in it.

docs.fireworks.ai/api-reference/create-dataset, upload-dataset-files, get-dataset and delete-dataset (Gateway REST API 4.259.0). The client
counts the examples (fine-tuning/fine-tuning-models: "`exampleCount` needs to be provided by the client").
"""

import hashlib
from pathlib import Path
from shlex import quote as quoted
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from pipeline.core.errors import TunesetError
from pipeline.submit.door import Door
from pipeline.submit.fields import inner, text
from pipeline.submit.platform import FileState

UPLOAD_BYTES: Final = 150_000_000
""""This path can handle file sizes up to 150Mb" (api-reference/upload-dataset-files); taken as the smaller megabyte."""
ID_LETTERS: Final = 32
"""Of the hash in a dataset's id: 128 bits, and an id of 40 characters, of 63 that are allowed."""


class Datasets:
    """The datasets of an account."""

    def __init__(self, door: Door, account: str) -> None:
        """Of an account, as `accounts/ID`."""
        self._door = door
        self._at = f"/{account}/datasets"

    def upload(self, path: Path) -> str:
        """Give the dataset of a file, uploaded unless it is ready there; one that was broken off is sent again."""
        content = _content(path)
        found = self._found(content.id)
        if found is not None and text(found, "state") == "READY":
            return content.id
        if (size := path.stat().st_size) > UPLOAD_BYTES:
            raise TunesetError(
                f"{path.name}: {size / 1e6:,.0f} MB; {self._door.title} takes {UPLOAD_BYTES / 1e6:,.0f} MB by its API. "
                f"Run `firectl dataset create {content.id} {quoted(str(path))}`, then this again, which finds it."
            )
        if found is None:
            self._create(content, path.name)
        self._door.send_file(f"{self._at}/{content.id}:upload", path, {})
        return content.id

    def state(self, dataset: str) -> FileState | None:
        """Say whether a dataset can be used: a status that is not OK is a refusal, in whatever state."""
        found = self._found(dataset)
        if found is None:
            return None
        status = inner(found, "status")
        if (text(status, "code") or "OK") != "OK":
            return FileState("refused", text(status, "message") or str(status["code"]))
        return FileState("ready" if text(found, "state") == "READY" else "waiting")

    def remove(self, dataset: str) -> bool:
        """Delete a dataset; whether its id is free at once is not documented."""
        return self._door.delete(self._path(dataset))

    def _found(self, dataset: str) -> dict[str, Any] | None:
        return self._door.get(self._path(dataset))

    def _path(self, dataset: str) -> str:
        return f"{self._at}/{quote(dataset.rpartition('/')[2], safe='')}"

    def _create(self, content: "_Content", name: str) -> None:
        """Create the record, which is no harm where a lost answer had created it."""
        record = {"displayName": name, "exampleCount": str(content.examples), "userUploaded": {}}
        try:
            self._door.post(
                self._at, {"datasetId": content.id, "dataset": record}, doing=f"creating a dataset for {name}"
            )
        except TunesetError:
            if self._found(content.id) is None:
                raise


class _Content(NamedTuple):
    id: str
    examples: int


def _content(path: Path) -> _Content:
    """Read a file once: the id that its bytes give, and its examples."""
    digest, examples = hashlib.sha256(), 0
    with path.open("rb") as file:
        for line in file:
            digest.update(line)
            examples += bool(line.strip())
    return _Content(f"tuneset-{digest.hexdigest()[:ID_LETTERS]}", examples)
