"""What a file or folder could be turned into: ways to read it, each with the recipes that fit what comes out."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

from pipeline.compose.guess import Proposal, guess
from pipeline.core.example import Json
from pipeline.read import Look, ReadSettings, find, look, read_settings

LOOKED_AT: Final = 2_000
"""Records that are read: files are often sorted by label, so a few from the top say little."""
SAMPLED: Final = 400
"""Records of those that recipes are tried on, spread evenly."""
FILES_LOOKED_AT: Final = 50
"""Files of a folder that are opened."""


class Candidate(NamedTuple):
    """One way to read the source, and one recipe for what comes out."""

    read: dict[str, Any]
    """The plan's `read` table; what is not in it is detected."""
    look: Look
    proposal: Proposal


def candidates(path: Path, *, root: Path) -> tuple[Look, list[Candidate]]:
    """Look at a file or folder and give every candidate, the likeliest first; none where no recipe fits."""
    files = [file for file, _ in find("draft", str(path.absolute()), root=root).files if isinstance(file, Path)]
    seen = _look(files)
    found = [_with_read({}, seen, proposal) for proposal in guess(_sample(seen))]
    if seen.format == "text" and len(files) == 1:
        found = sorted(chain(_questions(path), found, _pieces(path)), key=_rank)
    return seen, found


def settings_of(read: dict[str, Any]) -> ReadSettings:
    """Give the reader's settings for a `read` table, as the plan will have them."""
    settings: ReadSettings = _adapter().validate_python(read)
    return settings


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(read_settings())


def _look(files: Sequence[Path], *, read: ReadSettings | None = None) -> Look:
    """Look at a file, or at the first files of a folder as far as they are in one format."""
    some = files[:FILES_LOOKED_AT]
    looks = [look(file, read=read, count=LOOKED_AT // len(some)) for file in some]
    alike = [one for one in looks if one.format == looks[0].format]
    columns = dict.fromkeys(chain.from_iterable(one.columns for one in alike))
    records = tuple(chain.from_iterable(one.records for one in alike))
    notes = looks[0].notes
    if len(alike) < len(looks):
        notes = (*notes, f"some files are not {looks[0].format}; give files of another shape a source of their own.")
    return looks[0]._replace(columns=tuple(columns), records=records, notes=notes)


def _sample(seen: Look) -> list[dict[str, Json]]:
    values = [record.value for record in seen.records if record.value is not None]
    return values[:: max(1, len(values) // SAMPLED)]


def _with_read(read: dict[str, Any], seen: Look, proposal: Proposal) -> Candidate:
    asked = {"group": proposal.group, "order": proposal.order, "unfold": proposal.unfold}
    return Candidate({**read, **{key: value for key, value in asked.items() if value}}, seen, proposal)


def _questions(path: Path) -> Iterator[Candidate]:
    """Take a text of `Q:` and `A:` apart into pairs."""
    read = {"format": "text", "split": "qa"}
    seen = _look([path], read=settings_of(read))
    sample = _sample(seen)
    answered = [one for one in sample if one.get("question") and one.get("answer")]
    if len(answered) > max(1, len(sample) / 2):
        yield from (_with_read(read, seen, one) for one in guess(answered) if _recipe(one) == "pairs")


def _pieces(path: Path) -> Iterator[Candidate]:
    """Take a text of several titled parts apart."""
    read = {"format": "text", "split": "heading"}
    seen = _look([path], read=settings_of(read))
    sample = _sample(seen)
    titled = [one for one in sample if one.get("title")]
    if len(titled) > max(1, len(sample) / 2):
        yield from (_with_read(read, seen, one) for one in guess(titled) if _recipe(one) == "completion")


def _rank(one: Candidate) -> int:
    """Pairs of a text are the surest, then a conversation, then its parts, then the whole."""
    if one.read.get("split") == "qa":
        return 0
    if _recipe(one.proposal) == "dialogue":
        return 1
    return 2 if one.read.get("split") == "heading" else 3


def _recipe(one: Proposal) -> str:
    return str(one.settings.model_dump()["recipe"])
