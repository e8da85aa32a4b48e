"""tuneset check: everything that would waste a fine-tune, found in any file before it is uploaded."""

import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli._light import collect_seldom, dismiss_workers, ready_workers, without_pandas
from pipeline.cli._log import log_format
from pipeline.cli._outside import outside
from pipeline.preflight import WORKERS

if TYPE_CHECKING:
    from pipeline.preflight.judge import Ask
    from pipeline.report.checked import Checked

FORMATS = ["text", "json", "sarif", "github", "junit"]
LARGE_BYTES = 16 << 20
LEVELS = ["error", "warning", "info", "never"]


@click.command("check")
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option(
    "--validation",
    multiple=True,
    metavar="FILE",
    help="The validation file; held against the training files for leaks.",
)
@click.option(
    "--target",
    metavar="ID",
    help="Where the model will be tuned (`tuneset targets`), or `all` for a table of every target.",
)
@click.option("--method", type=click.Choice(["sft", "dpo", "rft"]), help="Method of training. Left out: recognised.")
@click.option("--max-tokens", type=click.IntRange(1), help="Tokens of one example, instead of the target's window.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print.")
@click.option("--output", type=click.Path(dir_okay=False), metavar="FILE", help="Print into a file.")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="error",
    show_default=True,
    help="Exit with 1 from this severity on.",
)
@click.option(
    "--select", multiple=True, metavar="CODE", help="Only these rules, or beginnings of codes such as `tools.`."
)
@click.option("--ignore", multiple=True, metavar="CODE", help="Not these rules, or beginnings of codes.")
@click.option(
    "--severity", multiple=True, metavar="CODE=LEVEL", help="Another severity for a rule: info, warning, error."
)
@click.option("--all", "show_all", is_flag=True, help="Every place, not only the first of each code.")
@click.option(
    "--show", is_flag=True, help="Quote what stands at each place. Without it nothing of the data is printed."
)
@click.option(
    "--plan",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Take target and rules from a plan; without FILE..., check what it built.",
)
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Hide old findings, or hold rates against an accepted report.json.",
)
@click.option(
    "--write-baseline",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Accept what is found now: write it as a baseline.",
)
@click.option(
    "--expect",
    type=click.Path(dir_okay=False),
    metavar="SUITE",
    help="A Great Expectations suite (JSON) for the whole.",
)
@click.option("--near/--no-near", default=None, help="Seek near duplicates. Left out: up to 50,000 examples.")
@click.option(
    "--screen",
    is_flag=True,
    help="Route examples to a reader by the weak offline screen (docs/screen.md). With --plan: as the plan says.",
)
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes. Left out: at most 2.")
@click.option("--fix", is_flag=True, help="Repair what has one safe repair, into FILE.fixed.jsonl.")
@click.option("--diff", is_flag=True, help="With --fix: print what would change and write nothing.")
@click.option(
    "-o",
    "to",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="With --fix: the new file; `-` is standard output.",
)
@log_format
@click.option("--in-place", is_flag=True, help="With --fix: replace the file itself, in one rename.")
def command(files: tuple[str, ...], **options: Any) -> int:
    """Find everything that would waste a fine-tune in FILE... (`-` is standard input; .gz, .bz2, .xz, .zst are read).

    \b
    tuneset check train.jsonl --validation validation.jsonl --target openai/gpt-4.1-mini
    tuneset check train.jsonl --target all
    tuneset check train.jsonl --fix --diff
    """
    collect_seldom()
    workers = options["workers"] or min(WORKERS, outside().cores)
    needs_them = workers > 1 and _is_large(files) and not (options["fix"] or options["diff"])
    with (ready_workers(workers) if needs_them else None) or nullcontext() as ready:
        without_pandas()
        ask, names, validation = _asked(files, options)
        return _done(names, validation, replace(ask, workers=workers, ready=ready), options)


def _done(names: tuple[str, ...], validation: tuple[str, ...], ask: "Ask", options: dict[str, Any]) -> int:
    """Do what is asked, and give the exit code."""
    if options["fix"] or options["diff"]:
        return _fix(names, ask, options)
    if options["target"] == "all":
        return _portability(names, ask, options)
    began = time.monotonic()
    checked = _check(names, validation, ask, options)
    _print(checked, names, validation, options)
    level = _level(options["fail_on"])
    code = int(level is not None and checked.reaches(level))
    if options["log_format"] == "json":
        _log(checked, code, seconds=round(time.monotonic() - began, 3))
    return code


def _log(checked: "Checked", code: int, *, seconds: float) -> None:
    """Tell how it ended, for log collectors."""
    from pipeline.cli._log import JsonLog

    found = {count.code: count.count for count in checked.summary.counts}
    facts = {
        "verdict": checked.verdict,
        "exit_code": code,
        "rows": checked.examples,
        "seconds": seconds,
        "found": found,
    }
    told = f"{checked.examples:,} examples checked for {checked.summary.target}: {checked.verdict}."
    JsonLog().write("end", told, level="error" if code else "info", **facts)


def _is_large(files: tuple[str, ...]) -> bool:
    """Say whether workers will be needed: for more than two blocks of lines."""
    return any(Path(name).is_file() and Path(name).stat().st_size > LARGE_BYTES for name in files)


def _asked(files: tuple[str, ...], options: dict[str, Any]) -> "tuple[Ask, tuple[str, ...], tuple[str, ...]]":
    """Give what is asked, and the files: those named, else those that the plan built."""
    from pipeline.preflight.aim import DEFAULT_TARGET, rules_of
    from pipeline.preflight.judge import Ask
    from pipeline.preflight.tally import KEPT

    world = outside()
    plan = _plan(options["plan"])
    names, validation = files, options["validation"]
    if not names and plan:
        folder = Path(options["plan"]).parent / plan.write.folder
        names = (str(folder / "train.jsonl"),)
        validation = validation or tuple(str(path) for path in [folder / "validation.jsonl"] if path.exists())
    if not names:
        raise click.UsageError("name a file: tuneset check train.jsonl, or `-` for standard input.")
    rules = rules_of(
        select=options["select"],
        ignore=options["ignore"],
        severity=dict(_pair(one) for one in options["severity"]),
        base=plan.rules if plan else None,
    )
    target = options["target"] if options["target"] not in (None, "all") else None
    ask = Ask(
        target=target or (plan.target.id if plan else DEFAULT_TARGET),
        method=options["method"] or (plan.target.method if plan else None),
        rules=rules,
        **({"privacy": plan.privacy} if plan else {}),
        offline=_offline(plan, is_asked=options["screen"]),
        max_tokens=options["max_tokens"] or (plan.target.max_tokens if plan and not target else None),
        keep=None if options["show_all"] or options["write_baseline"] else KEPT,
        on=world.today,
        near=options["near"],
        folders=world.vocabularies,
    )
    return ask, names, validation


def _offline(plan: Any, *, is_asked: bool) -> Any:
    """Say what the offline screen does: what the plan says, else nothing unless it is asked for."""
    if is_asked or plan is None:
        return "route" if is_asked else "off"
    return plan.moderation.offline if plan.moderation.enabled else "off"


def _plan(path: str | None) -> Any:
    if path is None:
        return None
    from pipeline.plan import load

    return load(Path(path))


def _pair(text: str) -> tuple[str, str]:
    code, equals, level = text.partition("=")
    if not equals:
        raise click.UsageError(f"--severity {text}: expected CODE=LEVEL, such as tokens.too-long=warning.")
    return code, level


def _level(name: str) -> Any:
    from pipeline.core.finding import Severity

    return None if name == "never" else Severity.named(name)


def _check(names: tuple[str, ...], validation: tuple[str, ...], ask: "Ask", options: dict[str, Any]) -> "Checked":
    """Check, with what the baseline says about it."""
    from pipeline.preflight import baseline
    from pipeline.preflight.judge import check_named

    old = baseline.load(Path(options["baseline"])) if options["baseline"] else baseline.Baseline()
    ask = replace(ask, hidden=old.hidden, suite=Path(options["expect"]) if options["expect"] else None)
    checked = check_named(
        names, validation=validation, ask=ask, stdin=sys.stdin.buffer, when_judged=partial(dismiss_workers, ask.ready)
    )
    if options["write_baseline"]:
        Path(options["write_baseline"]).write_text(baseline.written(checked.keys | old.hidden), encoding="utf-8")
    return baseline.compared(checked, old.rates) if old.rates else checked


def _print(checked: "Checked", names: tuple[str, ...], validation: tuple[str, ...], options: dict[str, Any]) -> None:
    from pipeline.preflight.excerpts import excerpts
    from pipeline.report.findings import Show, faces
    from pipeline.report.findings.face import FIRST_PLACES

    places = None if options["show_all"] else FIRST_PLACES
    show = Show(
        places=places,
        colour=not options["output"] and sys.stdout.isatty(),
        fail_on=_level(options["fail_on"]),
        excerpts=excerpts(checked, (*names, *validation), places=places) if options["show"] else {},
    )
    pieces = faces()[options["form"]].write(checked, show)
    if options["output"]:
        with Path(options["output"]).open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
        return
    for piece in pieces:
        click.echo(piece, nl=False)


def _fix(names: tuple[str, ...], ask: "Ask", options: dict[str, Any]) -> int:
    """Repair every file, or show what would change; 1 where --diff has something to show."""
    from pipeline.preflight import mend
    from pipeline.preflight.judge import goal_of
    from pipeline.preflight.source import opened

    if options["to"] and (len(names) > 1 or options["in_place"]):
        raise click.UsageError("-o names one new file: give one FILE, and not --in-place.")
    changed = False
    for name in names:
        with opened(name, stdin=sys.stdin.buffer) as source:
            limits = goal_of(source, ask).settings.limits
            to = options["to"] or (name if options["in_place"] else None)
            if options["diff"]:
                for piece in mend.differences(source, limits, to=to or str(mend.beside(name))):
                    click.echo(piece, nl=False)
                    changed = True
            elif to == "-":
                counts = mend.stream(source, limits, sys.stdout.buffer)
                _told(name, counts)
            else:
                fixed = mend.fix(source, limits, to=mend.writable(name, to))
                _told(f"{name} -> {fixed.path}", fixed.counts)
    return int(changed)


def _told(title: str, counts: Any) -> None:
    click.echo(f"{title}: {counts.lines_read:,} lines read, {counts.lines_written:,} written", err=True)
    for line in counts.told():
        click.echo(f"  {line}", err=True)


def _portability(names: tuple[str, ...], ask: "Ask", options: dict[str, Any]) -> int:
    """Print for every target whether the files can go there."""
    from pipeline.preflight.portability import as_json, as_text, portability

    assert ask.on is not None
    ways = portability(names, ask=ask, on=ask.on, stdin=sys.stdin.buffer)
    for piece in [as_json(ways)] if options["form"] == "json" else as_text(ways):
        click.echo(piece, nl=False)
    return 0
