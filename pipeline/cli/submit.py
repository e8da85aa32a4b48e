"""tuneset submit: check, price, upload, and start the training job, once."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli._options import usd
from pipeline.core.errors import PlanError, SourceError

if TYPE_CHECKING:
    from pipeline.core.example import Json
    from pipeline.core.finding import Severity
    from pipeline.submitting import Going, Proposal, Task

NAMED = 3
"""Codes that are named when nothing is sent."""
LEVELS = ["error", "warning", "info", "never"]


@click.command("submit")
@click.argument("file", required=False, metavar="[FILE]", type=click.Path(dir_okay=False))
@click.option("--validation", type=click.Path(dir_okay=False), metavar="FILE", help="The validation file.")
@click.option("--target", metavar="ID", help="Where to tune (`tuneset targets`). [default: the plan's]")
@click.option("--model", metavar="NAME", help="The model as the platform calls it. [default: the target's]")
@click.option("--method", type=click.Choice(["sft", "dpo"]), help="Method of training. Left out: recognised.")
@click.option("--suffix", metavar="TEXT", help="Part of the tuned model's name.")
@click.option(
    "--epochs", type=click.IntRange(1), metavar="N", help="Passes over the data. Left out: the platform's choice."
)
@click.option(
    "--seed", type=click.IntRange(0), metavar="N", help="Makes the platform's training repeatable, as far as it is."
)
@click.option(
    "--set", "more", multiple=True, metavar="KEY=VALUE", help="A setting in the platform's own words; repeat it."
)
@click.option("--max-usd", metavar="USD", help="Send nothing that may cost more.")
@click.option(
    "--plan",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The plan. [default: dataset.toml, without FILE]",
)
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="error",
    show_default=True,
    help="Send nothing when the check finds this.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent and what it may cost; needs no key.")
@click.option(
    "--again", "is_again", is_flag=True, help="Start a second job though one of the same files and settings is there."
)
@click.option("--wait", is_flag=True, help="Stay until the job has ended.")
@click.option("--yes", is_flag=True, help="Do not ask before it costs money.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the job, or with --dry-run what would be sent.",
)
def command(file: str | None, **options: Any) -> int:
    """Check FILE, say the price, upload it and start a training job.

    \b
    tuneset submit                                   what the plan built: train.jsonl and validation.jsonl
    tuneset submit --dry-run                         only the check and the price
    tuneset submit train.jsonl --target openai/gpt-4.1-mini --epochs 3 --max-usd 5 --yes --wait

    The key is read from the platform's own environment variable (docs/submit.md). A file that is there is not uploaded
    again, and equal files, model and settings make one job, however often this runs.
    """
    from pipeline.cli._outside import outside
    from pipeline.submitting import propose

    task = _task(file, options)
    proposal = propose(task)
    for word, fact in proposal.face():
        click.echo(f"  {word:<10}{fact}", err=True)
    why = _refused(proposal, options)
    if options["form"] == "json" and (why or options["dry_run"]):
        import json

        click.echo(json.dumps(proposal.told(why), ensure_ascii=False, indent=2))
    if why is not None:
        click.echo(f"Nothing was sent: {why}", err=True)
        return 1
    if options["dry_run"]:
        return 0
    going = _sent(proposal, options, outside().stamp)
    if options["wait"]:
        from pipeline.cli.jobs import follow

        return follow(proposal.folder, going.sent, options["form"])
    _print(going, proposal, options["form"])
    return 0


def _refused(proposal: "Proposal", options: dict[str, Any]) -> str | None:
    """Say why the proposal must not be sent; None: it may."""
    from pipeline.core.finding import Severity

    level = options["fail_on"]
    if level != "never" and proposal.checked.reaches(Severity.named(level)):
        return _flaws(proposal, Severity.named(level))
    if not proposal.life.can_train:
        return f"{proposal.target.id} is {proposal.life.sentence}. `tuneset targets` lists others."
    most = options["max_usd"]
    return proposal.over(usd(most, "--max-usd") if most is not None else None)


def _flaws(proposal: "Proposal", level: "Severity") -> str:
    from pipeline.core.finding import Severity

    grave = [one for one in proposal.checked.summary.counts if Severity.named(one.severity) >= level]
    found = ", ".join(f"{one.code} ({one.count:,})" for one in grave[:NAMED]) + ", ..." * (len(grave) > NAMED)
    files = " --validation ".join(str(file.path) for file in (proposal.training, proposal.validation) if file)
    return f"{found}. `tuneset check {files} --target {proposal.target.id}` shows where."


def _sent(proposal: "Proposal", options: dict[str, Any], stamp: str) -> "Going":
    from pipeline.cli._platform import opened
    from pipeline.submitting import send

    with opened(proposal.kind.name) as platform:
        _agreed(f"Upload to {platform.address} and start the job?", is_agreed=options["yes"])
        return send(
            proposal,
            platform,
            submitted=stamp,
            sleep=time.sleep,
            told=lambda line: click.echo(f"  {'':<10}{line}", err=True),
            is_again=options["is_again"],
        )


def _agreed(question: str, *, is_agreed: bool) -> None:
    """Ask before it costs money; where nobody can answer, demand that it was answered beforehand."""
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise PlanError("a job costs money, and nobody is here to agree. Say --yes, best with --max-usd.")
    click.confirm(question, abort=True, err=True)


def _print(going: "Going", proposal: "Proposal", form: str) -> None:
    if form == "json":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(going.sent.model_dump(mode="json"))).decode())
        return
    how = "started" if going.is_new else "is there already, for the same files, model and settings"
    click.echo(f"{going.job.id} {how}: {going.job.said}")
    click.echo(f"tuneset jobs --folder {proposal.folder} --watch     follows it", err=True)


def _task(file: str | None, options: dict[str, Any]) -> "Task":
    """Give what is asked, by the plan where there is one, and by the command line above it."""
    from pipeline.cli._outside import outside
    from pipeline.plan import load
    from pipeline.preflight.aim import DEFAULT_TARGET
    from pipeline.submitting import Task

    world = outside()
    path = options["plan"] or (None if file else Path("dataset.toml"))
    plan = load(path) if path else None
    validation = options["validation"]
    if file is None:
        assert plan is not None
        assert path is not None
        file, validation = _built(path.parent / plan.write.folder, validation)
    values: dict[str, Any] = {}
    if plan is not None:
        values = {"rules": plan.rules, "privacy": plan.privacy, "costs": plan.cost, "method": plan.target.method}
        if options["target"] in (None, plan.target.id):
            values["max_tokens"] = plan.target.max_tokens
        else:  # window and price of the plan are those of its own target
            values["costs"] = plan.cost.model_copy(update={"training_usd_per_million_tokens": None})
    if options["epochs"]:
        from pipeline.core.settings import CostSettings

        values["costs"] = values.get("costs", CostSettings()).model_copy(update={"epochs": options["epochs"]})
    if options["method"]:
        values["method"] = options["method"]
    return Task(
        training=file,
        validation=validation,
        target=options["target"] or (plan.target.id if plan else DEFAULT_TARGET),
        on=world.today,
        model=options["model"],
        suffix=options["suffix"],
        seed=options["seed"],
        settings=dict(_setting(one) for one in options["more"]),
        folders=world.vocabularies,
        **values,
    )


def _built(folder: Path, validation: str | None) -> tuple[str, str | None]:
    """Give the files that the plan built."""
    train, beside = folder / "train.jsonl", folder / "validation.jsonl"
    if not train.exists():
        raise SourceError(f"{folder}: no train.jsonl. Run `tuneset build` first, or name a file.")
    return str(train), validation or (str(beside) if beside.exists() and beside.stat().st_size else None)


def _setting(text: str) -> "tuple[str, Json]":
    """Give one setting; a value that is JSON is taken as such, anything else as text."""
    import json

    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.UsageError(f"--set {text}: expected KEY=VALUE, such as batch_size=8.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
