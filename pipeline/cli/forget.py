"""tuneset forget: erase a person's rows from the next versions, and say which versions still hold them."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli._options import plan_option

if TYPE_CHECKING:
    from pipeline.forget.ask import Answer
    from pipeline.forget.search import Holding
    from pipeline.submit.ledger import Ledger

_SHOWN = 5


@click.command("forget")
@plan_option
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Every row with this value in this column.")
@click.option("--row", "rows", multiple=True, metavar="FILE:LINE", help="This row, wherever it stands later.")
@click.option("--digest", "digests", multiple=True, metavar="HEX", help="The row that makes this example.")
@click.option(
    "--purge", is_flag=True, help="Delete the versions that hold such rows; never the published or the accepted one."
)
@click.option("--doubtful", is_flag=True, help="With --purge: also versions of which it cannot be known.")
@click.option("--yes", is_flag=True, help="Do not ask before anything is deleted.")
def command(
    path: Path,
    where: tuple[str, ...],
    rows: tuple[str, ...],
    digests: tuple[str, ...],
    *,
    purge: bool,
    doubtful: bool,
    yes: bool,
) -> int:
    """Erase rows from every later build, and say which versions of the dataset still hold them.

    The request is kept as a salted hash in forget.jsonl beside the plan; with TUNESET_SALT set when the file is made,
    nobody without that secret can try values on it. Without a request, only the report is given.

    \b
    tuneset forget --where user_id=42       every row with 42 in the column user_id
    tuneset forget --row faq.csv:118        one row, by its content, wherever it stands later
    tuneset forget --purge                  delete the versions that still hold such rows

    Exit codes: 0 no version holds such rows, 1 some do or may.
    """
    from pipeline.cli._light import without_pandas

    without_pandas()
    from pipeline.cli._outside import outside
    from pipeline.forget import ask as forget
    from pipeline.plan import load
    from pipeline.remember import keeping

    world, plan = outside(), load(path)
    place = forget.Place(path.absolute().parent, world.salt, world.today, secrets.token_bytes(32))
    answer = forget.ask(plan, forget.Wish(where, rows, digests), place)
    if answer.added:
        keeping.clear(world.cache / "rows")  # it may hold the rows; another run works out again what it misses
    folder = path.parent / plan.write.folder
    _tell(answer, plan.forget.file, folder, is_asked=bool(where or rows or digests), is_keyed=world.salt is not None)
    going = answer.to_purge(doubtful=doubtful) if purge else ()
    if going:
        names = ", ".join(one.version.name for one in going)
        if not yes:
            click.confirm(f"Delete for good: {names}?", abort=True, err=True)
        forget.purge(plan, place.root, going)
        click.echo(f"Deleted: {names}.")
    return int(any((one.holds or one.unsure) and one not in going for one in answer.holdings))


def _tell(answer: "Answer", file: str, folder: Path, *, is_asked: bool, is_keyed: bool) -> None:
    """Print what was written and what is where."""
    from pipeline.submit.ledger import Book, Ledger

    if answer.added:
        kind = "keyed with TUNESET_SALT" if is_keyed else "salted: who has the file can try values on them"
        click.echo(f"{file}: {len(answer.added)} new ({', '.join(answer.added)}). The hashes are {kind}.")
    elif is_asked:
        click.echo(f"{file}: was asked before; nothing new.")
    if not answer.names and not answer.holdings:
        click.echo("Nothing is asked to be erased, or no source and no version has such rows.")
        return
    click.echo(f"Rows of the sources that are meant: {len(answer.names):,}{_first(answer.names)}")
    if answer.names:
        click.echo("Builds leave them out from now on. The sources still hold them: remove them there too.")
    ledger = Book(folder).read() if any(one.lines or one.unsure for one in answer.holdings) else Ledger()
    for one in answer.holdings:
        click.echo(f"  {one.version.name} ({one.version.state}): {_held(one)}")
        for told in _went(folder, ledger, one):
            click.echo(f"    {told}")


def _went(folder: Path, ledger: "Ledger", one: "Holding") -> Iterator[str]:
    """Say which jobs trained on a version that holds such rows, and whose uploads still do."""
    if not (one.lines or one.unsure):
        return
    for sent in ledger.jobs:
        if sent.dataset == one.version.name and sent.job:
            yield f"{sent.job} at {sent.platform} was trained on it, and its model has learned from it."
            if ledger.uploads_of(sent):
                yield f"Its files are still there: tuneset jobs {sent.job} --folder {folder} --delete-uploads"


def _held(one: "Holding") -> str:
    from pipeline.report.figures import plural

    told = [f"{plural(len(one.lines), 'training line')}{_first(one.lines)}"] if one.lines else []
    told += [f"{plural(one.rejected, 'original')} in rejected.jsonl"] if one.rejected else []
    told = told or ["none found"]
    if one.unsure:
        told.append(f"what {', '.join(one.unsure[:_SHOWN])} had when it was built cannot be known any more")
    return "; ".join(told)


def _first(names: tuple[str, ...]) -> str:
    return f" ({', '.join(names[:_SHOWN])}{', ...' if len(names) > _SHOWN else ''})" if names else ""
