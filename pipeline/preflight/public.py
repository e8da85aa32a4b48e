"""The check for notebooks and other tools: typed findings, nothing printed."""

import json
import tempfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Final, Literal

from pipeline.core.example import Json, Method
from pipeline.core.settings import RuleSettings
from pipeline.core.target import Target
from pipeline.preflight.aim import DEFAULT_TARGET
from pipeline.preflight.judge import Ask, check_named
from pipeline.preflight.tally import KEPT
from pipeline.report.checked import Checked

EXAMPLES: Final = "examples.jsonl"
"""What findings of `check_examples` call their input: `examples.jsonl:3` is the third."""


def check_file(
    path: str | Path,
    *,
    validation: str | Path | None = None,
    target: str | Target = DEFAULT_TARGET,
    method: Method | None = None,
    rules: RuleSettings = RuleSettings(),  # noqa: B008 - frozen
    keep: int | None = KEPT,
    workers: int = 1,
    on: date | None = None,
    screen: bool = False,
) -> Checked:
    r"""Check one training file, with its validation file where there is one.

    `method` None: recognised. `keep`: findings of one code that are listed (None: all); all are counted. `on`: the day
    for which the price is estimated; None: no price. `screen`: examples are routed to a reader by the weak offline
    screen (docs/screen.md). More than one worker needs a script that guards its entry by
    `if __name__ == "__main__":`. Raises SourceError or PlanError where the file or the target cannot be found.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "train.jsonl"
    ...     turns = [{"role": "user", "content": "Hi"}, {"role": "bot", "content": "Hello"}]
    ...     _ = path.write_text(json.dumps({"messages": turns}) + "\n")
    ...     checked = check_file(path, target="openai/gpt-4.1-mini")
    >>> checked.verdict
    'errors'
    >>> [finding.where for finding in checked.findings if finding.code == "roles.unknown"]
    ['/messages/1/role']
    """
    held = () if validation is None else (validation,)
    return check_files(
        [path],
        validation=held,
        target=target,
        method=method,
        rules=rules,
        keep=keep,
        workers=workers,
        on=on,
        screen=screen,
    )


def check_files(
    paths: Iterable[str | Path],
    *,
    validation: Iterable[str | Path] = (),
    target: str | Target = DEFAULT_TARGET,
    method: Method | None = None,
    rules: RuleSettings = RuleSettings(),  # noqa: B008 - frozen
    keep: int | None = KEPT,
    workers: int = 1,
    on: date | None = None,
    screen: bool = False,
) -> Checked:
    """Check several files as one dataset; see `check_file`."""
    ask = Ask(target, method, rules, keep=keep, workers=workers, on=on, offline=_offline(screen=screen))
    return check_named([str(path) for path in paths], validation=[str(path) for path in validation], ask=ask)


def check_examples(
    examples: Iterable[Json],
    *,
    validation: Iterable[Json] = (),
    target: str | Target = DEFAULT_TARGET,
    method: Method | None = None,
    rules: RuleSettings = RuleSettings(),  # noqa: B008 - frozen
    keep: int | None = KEPT,
    on: date | None = None,
    screen: bool = False,
) -> Checked:
    """Check examples in memory: objects, or lines as text; findings name them `examples.jsonl:1`, `:2`, ...

    >>> good = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    >>> checked = check_examples([good, '{"messages": ['], rules=RuleSettings(ignore=("dataset.", "duplicates.")))
    >>> for finding in checked.findings:
    ...     print(finding.name, finding.code)
    examples.jsonl:2 json.invalid
    """
    with tempfile.TemporaryDirectory(prefix="tuneset-") as folder:
        named = [_written(Path(folder) / EXAMPLES, examples)]
        held = [_written(Path(folder) / f"validation.{EXAMPLES}", validation)]
        ask = Ask(target, method, rules, keep=keep, workers=1, on=on, offline=_offline(screen=screen))
        return check_named(named, validation=[path for path in held if Path(path).stat().st_size], ask=ask, root=folder)


def _offline(*, screen: bool) -> Literal["route", "off"]:
    return "route" if screen else "off"


def _written(path: Path, examples: Iterable[Json]) -> str:
    with path.open("wb") as file:
        for example in examples:
            line = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
            file.write(line.replace("\n", " ").encode("utf-8", "surrogatepass") + b"\n")
    return str(path)
