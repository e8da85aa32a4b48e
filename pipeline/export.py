"""Files for another platform: every example in its format, and a list of what the way there cost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipeline.core.errors import PlanError, SourceError
from pipeline.core.example import Method
from pipeline.core.target import Target
from pipeline.targets import LOSSES, export, format_of


class Exported(NamedTuple):
    """What became of a set of files."""

    files: tuple[Path, ...]
    """What was written, companion files of the trainer among them."""
    examples: int
    """Lines read."""
    left_out: int
    losses: Mapping[str, int]
    """Code of `targets.losses` → examples; the graver kinds first."""


def export_files(
    sources: Sequence[Path], *, target: Target, method: Method, folder: Path, form: str | None = None
) -> Exported:
    """Write each file of examples for a target; examples that it cannot hold are left out and counted.

    Raises SourceError for a line that is no JSON, PlanError where the folder holds such files already.
    """
    chosen = format_of(target, method, form)
    folder.mkdir(parents=True, exist_ok=True)
    losses: Counter[str] = Counter()
    files, examples, left_out = [], 0, 0
    for source in sources:
        goal = folder / source.name
        if goal.exists():
            raise PlanError(f"{goal}: there is a file already. Name another folder with --output.")
        with source.open("rb") as lines, goal.open("wb") as written:
            for number, line in enumerate(lines, 1):
                made = export(_parsed(line, source, number), target=target, method=method, form=chosen)
                losses.update(loss.code for loss in made.losses)
                examples += 1
                left_out += made.line is None
                if made.line is not None:
                    written.write(msgspec.json.encode(made.line) + b"\n")
        files.append(goal)
    if chosen.companion is not None:
        name, text = chosen.companion({path.stem: path.name for path in files}, method)
        (folder / name).write_text(text, encoding="utf-8")
        files.append(folder / name)
    graver = {"left out": 0, "loss": 1, "change": 2}
    ordered = sorted(losses.items(), key=lambda entry: (graver[LOSSES[entry[0]][0]], -entry[1], entry[0]))
    return Exported(tuple(files), examples, left_out, dict(ordered))


def _parsed(line: bytes, source: Path, number: int) -> object:
    try:
        return msgspec.json.decode(line.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise SourceError(f"{source}:{number}: not JSON. Run `tuneset check {source}` first.") from None
