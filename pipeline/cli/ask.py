"""tuneset ask: the tuned model's first answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli._platform import jobs_folder_option
from pipeline.core.errors import TunesetError

if TYPE_CHECKING:
    from pipeline.submit.ledger import Book, Sent
    from pipeline.submitting import Trial
    from pipeline.submitting.first import Asked


@click.command("ask")
@click.argument("question", required=False, metavar="[QUESTION]")
@click.option(
    "--model", metavar="NAME", help="A job or tuned model of the folder, or a deployment. [default: the newest job's]"
)
@jobs_folder_option
@click.option(
    "--system", metavar="TEXT", help="System prompt above QUESTION. [default: the one that the examples share]"
)
@click.option(
    "--examples",
    "count",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="Without QUESTION: validation examples to answer.",
)
@click.option(
    "--base/--no-base", "with_base", default=None, help="Ask the model before tuning as well. [default: for examples]"
)
@click.option("--max-tokens", type=click.IntRange(1), default=1_000, show_default=True, help="Of one answer.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def command(question: str | None, **options: Any) -> None:
    """Ask the tuned model QUESTION; without one, validation examples beside their references and the untuned model.

    \b
    tuneset ask "Where is my parcel?"
    tuneset ask --examples 5
    tuneset ask --model my-deployment "Where is my parcel?"       where a tuned model must be deployed first

    Answers are printed, so this shows what validation.jsonl says.
    """
    from pipeline.cli._platform import book_of, opened
    from pipeline.submitting import trials

    folder: Path = options["folder"]
    book = book_of(folder)
    sent, model = _whom(book, options["model"])
    asked = _asked(question, folder, options)
    with_base = options["with_base"] if options["with_base"] is not None else question is None
    with opened(sent.platform) as platform:
        if model is None:
            from pipeline.submitting.watch import look

            sent = book.note(sent.seen(look(platform, str(sent.job))))
            model = _tuned(sent)
        answers = trials(
            asked, platform, tuned=model, base=sent.model if with_base else None, max_tokens=options["max_tokens"]
        )
        _print(answers, model, options["form"])


def _whom(book: "Book", name: str | None) -> "tuple[Sent, str | None]":
    """Give a job, and the model to ask; None: the one that the job made. A name of no job is asked where the newest ran."""
    from pipeline.cli._platform import sent_of

    known = book.read().named(name) if name else None
    if known is None:
        return sent_of(book, None), name
    return known, None if known.job == name else name


def _tuned(sent: "Sent") -> str:
    if sent.tuned and sent.status == "succeeded":
        return sent.tuned
    raise TunesetError(f"{sent.job}: is {sent.status}, and has no model to ask. `tuneset jobs --watch` waits for it.")


def _asked(question: str | None, folder: Path, options: dict[str, Any]) -> "list[Asked]":
    from pipeline.submitting import first

    if question is None:
        found = first.examples(folder / "validation.jsonl", count=options["count"])
        if not found:
            raise TunesetError(
                f"{folder / 'validation.jsonl'}: no example that ends in an answer of text. Ask a question."
            )
        return found
    system = options["system"]
    if system is None and (train := folder / "train.jsonl").exists():
        system = first.shared_system(train)
    return [first.question(question, system=system)]


def _print(answers: "Iterator[Trial]", model: str, form: str) -> None:
    if form == "json":
        import json

        told = [
            {
                **trial._asdict(),
                "model": model,
                "tuned": trial.tuned._asdict(),
                "base": trial.base._asdict() if trial.base else None,
            }
            for trial in answers
        ]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for number, trial in enumerate(answers):
        if number:
            click.echo()
        for line in _lines(trial):
            click.echo(line)


def _lines(trial: "Trial") -> Iterator[str]:
    from pipeline.submit.said import plain_lines

    if trial.name is None:
        yield plain_lines(trial.tuned.text)
    else:
        yield click.style(trial.name, bold=True)
        yield _block("asked", _said(trial.turns[-1]))
        yield _block("reference", trial.reference or "")
        yield _block("tuned", trial.tuned.text)
    if trial.base is not None:
        yield _block("untuned", trial.base.text)
    if trial.tuned.is_cut:
        yield "  (cut at --max-tokens)"


def _said(turn: dict[str, Any]) -> str:
    content = turn.get("content")
    if isinstance(content, list):
        return " ".join(str(part.get("text", f"[{part.get('type')}]")) for part in content if isinstance(part, dict))
    return str(content or "")


def _block(word: str, text: str) -> str:
    from pipeline.submit.said import plain_lines

    lines = plain_lines(text).splitlines() or [""]
    return "\n".join([f"  {word:<11}{lines[0]}", *(f"  {'':<11}{line}" for line in lines[1:])])
