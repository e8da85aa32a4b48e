"""tuneset review: a language model reads examples and judges them by rubrics."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli._options import usd
from pipeline.core.errors import PlanError, ProviderGaveUp, SourceError

if TYPE_CHECKING:
    from pipeline.core.settings import ReviewSettings
    from pipeline.reviewing import Reviewed, Task

LEVELS = ["error", "warning", "info", "never"]


@click.command("review")
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option("--rubric", "rubrics", multiple=True, metavar="NAME", help="Question to ask; repeat it for several.")
@click.option(
    "--rubrics-from",
    "folders",
    multiple=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Folder with rubrics of your own, NAME.toml.",
)
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Review N examples, the same ones each time.")
@click.option("--all", "everything", is_flag=True, help="Review every example.")
@click.option("--model", metavar="MODEL", help="The reviewer.")
@click.option("--base-url", metavar="URL", help="Address that speaks OpenAI's protocol. [default: OPENAI_BASE_URL]")
@click.option("--budget", metavar="USD", help="The most that this run may cost; never passed.")
@click.option("--price", metavar="IN/OUT", help="The model's price in dollars for a million tokens in and out.")
@click.option("--estimate", "is_estimate", is_flag=True, help="Say what it would cost, and ask nothing.")
@click.option("--batch", "is_batch", is_flag=True, help="Ask by the Batch API at half the price; run again to collect.")
@click.option(
    "--calibrate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="LABELS",
    help="CSV with name, rubric, label by people: review just those and tell the agreement.",
)
@click.option(
    "--sources",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="JSONL",
    help="Source text of examples, lines with name and text, for the rubric `facts`.",
)
@click.option(
    "--plan", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Take `[review]` from it."
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="[default: review.jsonl beside the first file]",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="error",
    show_default=True,
    help="Exit 1 from this severity on; and when an example is held, unless never.",
)
@click.option("--quiet", is_flag=True, help="No progress.")
def command(files: tuple[str, ...], **options: Any) -> int:
    """Let a language model judge the examples in FILE... by rubrics, within a budget.

    \b
    tuneset review train.jsonl --rubric safety --price 0.40/1.60 --budget 2
    tuneset review train.jsonl validation.jsonl --rubric instruction --all --batch --price 0.40/1.60 --budget 20
    tuneset review train.jsonl --rubric safety --calibrate labels.csv --price 0.40/1.60 --budget 1

    A verdict is kept with the digest of its example, the rubric and the model: asked once, ever. OPENAI_API_KEY is
    taken from the environment; OPENAI_BASE_URL or --base-url names another server.
    """
    from pipeline.cli._light import without_pandas

    without_pandas()
    from rich.console import Console

    from pipeline.cli._progress import for_console
    from pipeline.reviewing import review

    reviewed = review(_task(files, options), for_console(Console(stderr=True), quiet=options["quiet"]))
    _print(reviewed, options["form"])
    if reviewed.review.unfinished:
        return ProviderGaveUp.exit_code
    return int(_fails(reviewed, options["fail_on"]))


def _task(files: tuple[str, ...], options: dict[str, Any]) -> "Task":
    import time

    from pipeline.cli._outside import outside
    from pipeline.review.agreement import read_labels
    from pipeline.review.rubric import load
    from pipeline.reviewing import Task
    from pipeline.reviewing.rows import read_sources

    world = outside()
    settings, names, root = _planned(files, options["plan"])
    settings = _settings(settings, options)
    folders = [*(root / folder for folder in settings.folders), *options["folders"]]
    rubrics = load(options["rubrics"] or settings.rubrics, folders=folders, about=settings.about)
    calibrate: Path | None = options["calibrate"]
    labels = read_labels(_text(calibrate), path=str(calibrate), rubrics=rubrics) if calibrate else []
    if calibrate and not labels:
        raise PlanError(f"{calibrate}: no label for {', '.join(rubric.name for rubric in rubrics)}.")
    return Task(
        files=names,
        rubrics=rubrics,
        settings=settings,
        cache_folder=world.cache,
        api_key=world.api_key,
        base_url=options["base_url"] or world.base_url,
        output=None if options["is_estimate"] else options["output"] or Path(names[0]).parent / "review.jsonl",
        labels=labels,
        sources=read_sources(options["sources"]) if options["sources"] else {},
        is_batch=options["is_batch"],
        is_estimate=options["is_estimate"],
        clock=time.time,
    )


def _planned(files: tuple[str, ...], path: Path | None) -> "tuple[ReviewSettings, tuple[str, ...], Path]":
    """Give the settings, the files (those named, else those that the plan built), and the folder of the plan."""
    from pipeline.core.settings import ReviewSettings
    from pipeline.plan import load

    if path is None:
        if not files:
            raise click.UsageError("name a file: tuneset review train.jsonl, or a plan: --plan dataset.toml.")
        return ReviewSettings(), tuple(dict.fromkeys(files)), Path()
    plan = load(path)
    folder = path.parent / plan.write.folder
    built = [folder / f"{side}.jsonl" for side in ("train", "validation")]
    names = tuple(dict.fromkeys(files)) or tuple(str(one) for one in built if one.exists())
    if not names:
        raise SourceError(f"{folder}: no train.jsonl. Run `tuneset build` first, or name a file.")
    return plan.review, names, path.parent


def _settings(settings: "ReviewSettings", options: dict[str, Any]) -> "ReviewSettings":
    """Give the plan's settings with what the command line says instead."""
    new: dict[str, Any] = {}
    if options["model"]:
        new["model"] = options["model"]
    if options["budget"] is not None:
        new["budget_usd"] = usd(options["budget"], "--budget")
    if options["price"] is not None:
        given, slash, made = options["price"].partition("/")
        if not slash:
            raise PlanError("--price: expected IN/OUT, such as 0.40/1.60, or 0/0 for a server of your own.")
        new["input_usd_per_million_tokens"] = usd(given, "--price")
        new["output_usd_per_million_tokens"] = usd(made, "--price")
    if options["sample"] and options["everything"]:
        raise PlanError("--sample and --all exclude each other. Give one.")
    if options["sample"] or options["everything"]:
        new["sample"] = options["sample"]
    return settings.model_copy(update=new)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as UTF-8 text. Name a CSV file.") from error


def _print(reviewed: "Reviewed", form: str) -> None:
    from pipeline.review.face import text

    if form == "text":
        click.echo(text(reviewed.review, reviewed.findings))
        return
    import msgspec

    findings = [{**one._asdict(), "severity": str(one.severity)} for one in reviewed.findings]
    value = {**reviewed.review.model_dump(mode="json"), "findings": findings}
    click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


def _fails(reviewed: "Reviewed", level: str) -> bool:
    from pipeline.core.finding import Severity

    if level == "never":
        return False
    is_held = any(count.held for count in reviewed.review.rubrics)
    return is_held or any(one.severity >= Severity.named(level) for one in reviewed.findings)
