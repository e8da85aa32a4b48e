"""The file of tombstones: made once with a salt of its own, appended to, and never believed when it is broken.

```
{"tuneset":"forget","salt":"6f1c...","keyed":false,"check":"81aa..."}
{"id":"d2b71c40","kind":"cell","hash":"d2b71c40...","column":"user_id","since":"2026-11-22"}
```
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec

from pipeline.core.errors import PlanError
from pipeline.core.tombstone import Key, Tombstone, Tombstones

SALT: Final = "TUNESET_SALT"
_ID_DIGITS: Final = 8
T = TypeVar("T")


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line."""

    salt: str
    """Random bytes in hexadecimal, drawn once for the file."""
    keyed: bool
    """Whether the secret TUNESET_SALT, which stands in no file, takes part in every hash."""
    check: str
    """Hash of nothing, by which another secret is noticed."""
    tuneset: str = "forget"


class Request(NamedTuple):
    """What somebody asks to have erased: one value of one column, or one record as it was read."""

    column: str | None
    value: str
    """Of the column, as `core.tombstone.normal` gives it; without a column the whole record."""


class _Content(NamedTuple):
    """A file as it stands."""

    key: Key
    stones: tuple[Tombstone, ...]


def load(path: Path, *, secret: str | None, published: Path | None = None) -> Tombstones:
    """Give the tombstones of a file; none where there is no file.

    `published` is the manifest of the version in use: what it was built without must still be asked for, so that a lost
    file brings nobody back. Raises PlanError for that, for a broken file, and for a missing or another secret.
    """
    found = _read(path, secret=secret)
    stones = found.stones if found else ()
    _demand_all_of(published, {stone.id for stone in stones}, path)
    return Tombstones.of(found.key, stones) if found else Tombstones()


def record(path: Path, requests: Iterable[Request], *, secret: str | None, salt: bytes, since: str) -> list[Tombstone]:
    """Append what is asked to the file and give the new tombstones; what stands there already is not written twice.

    `salt` is fresh randomness for a file that is not there yet. A secret of None makes a file whose hashes are salted only.
    """
    found = _read(path, secret=secret) or _made(path, secret=secret, salt=salt)
    known = {stone.hash for stone in found.stones if not stone.withdrawn}
    stones = [stone for stone in (_stone(found.key, request, since) for request in requests) if stone.hash not in known]
    _append(path, list({stone.hash: stone for stone in stones}.values()))
    return stones


def _stone(key: Key, request: Request, since: str) -> Tombstone:
    if request.column is None:
        digest = key.row(request.value).hex()
        return Tombstone(id=digest[:_ID_DIGITS], kind="row", hash=digest, since=since)
    digest = key.cell(request.column, request.value).hex()
    return Tombstone(id=digest[:_ID_DIGITS], kind="cell", hash=digest, column=request.column, since=since)


def _read(path: Path, *, secret: str | None) -> _Content | None:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PlanError(f"{path}: cannot be read ({error.strerror}). No build is made without it.") from error
    if not lines:
        raise PlanError(f"{path}:1: empty; the salt was expected. Put the file back from a copy, or remove it.")
    head = _decoded(lines[0], Head, path, 1)
    stones = tuple(_decoded(line, Tombstone, path, number) for number, line in enumerate(lines[1:], 2) if line.strip())
    return _Content(_key(head, secret, path), stones)


def _decoded(line: bytes, kind: type[T], path: Path, number: int) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.DecodeError as error:
        raise PlanError(
            f"{path}:{number}: no tombstone ({error}). Mend the line; one that was cut off can go, and be asked for again."
        ) from None


def _key(head: Head, secret: str | None, path: Path) -> Key:
    if head.keyed and secret is None:
        raise PlanError(f"{path}: its hashes need {SALT}, which is not set. Set it as it was when the file was made.")
    key = Key.of(bytes.fromhex(head.salt), secret if head.keyed else None)
    if key.check().hex() != head.check:
        raise PlanError(f"{path}: {SALT} is not the one that the file was made with, so no row would be recognised.")
    return key


def _made(path: Path, *, secret: str | None, salt: bytes) -> _Content:
    """Make the file; a hard link of a whole one, so that nobody sees half of it."""
    key = Key.of(salt, secret)
    head = Head(salt=salt.hex(), keyed=secret is not None, check=key.check().hex())
    fresh = path.with_name(f".{path.name}.{salt.hex()[:8]}")
    fresh.write_bytes(_line({"tuneset": "forget", "salt": head.salt, "keyed": head.keyed, "check": head.check}))
    try:
        os.link(fresh, path)
    except FileExistsError:  # another run was quicker
        found = _read(path, secret=secret)
        assert found is not None
        return found
    finally:
        fresh.unlink()
    return _Content(key, ())


def _append(path: Path, stones: Iterable[Tombstone]) -> None:
    """Write the lines in one go, on the disk before anything else happens."""
    text = b"".join(_line(msgspec.to_builtins(stone)) for stone in stones)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(handle, text)
        os.fsync(handle)
    finally:
        os.close(handle)


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _demand_all_of(manifest: Path | None, ids: set[str], path: Path) -> None:
    """Raise PlanError where the version in use was built without rows that nobody asks to have erased any more."""
    if manifest is None or not manifest.is_file():
        return
    try:
        obeyed = set(json.loads(manifest.read_bytes()).get("forgotten", ()))
    except (ValueError, AttributeError):
        return  # not ours to judge here: a broken manifest is replaced by the build
    if gone := sorted(obeyed - ids):
        named = ", ".join(gone[:5])
        raise PlanError(
            f"{path}: {len(gone)} of the requests that the published version obeys are not there any more ({named}). "
            'Put the file back; to take a request back on purpose, keep its line and add "withdrawn":true.'
        )
