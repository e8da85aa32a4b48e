"""The results as JSON lines beside the data: whole or not there, readable by their owner alone."""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from pipeline.core.errors import TunesetError
from pipeline.review.result import Result


def written(results: Iterable[Result], path: Path | None) -> list[Result]:
    """Write the results where there is a path; gives them back without their reasons, which may quote the data."""
    if path is None:
        return [one._replace(reason=None) for one in results]
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    found = []
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for one in results:
                file.write(msgspec.json.encode(one.line()) + b"\n")
                found.append(one._replace(reason=None))
        part.replace(path)
    except OSError as error:
        raise TunesetError(f"{path}: cannot be written ({error.strerror}). Name another file: --output FILE.") from None
    finally:
        part.unlink(missing_ok=True)
    return found
