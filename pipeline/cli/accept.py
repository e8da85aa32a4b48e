"""tuneset accept: a person lets a version pass."""

import click

from pipeline.cli._options import dataset_option
from pipeline.cli._shelf import shelf


@click.command("accept")
@click.argument("version", required=False)
@dataset_option
@click.option("--by", default=None, metavar="NAME", help="Who accepts it. [default: the user of this process]")
@click.option(
    "--wait", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Wait so long for a run at work."
)
def command(version: str | None, named: str, by: str | None, wait: float) -> None:
    """Publish a version and compare later builds with it.

    Without VERSION: the one that was held back because it drifted; if none was, the published one. An older version may
    be named as well (`tuneset versions` lists them): the dataset goes back to it, whole, in one step.
    """
    from pipeline.cli._outside import outside
    from pipeline.publish import Acceptance, accept, find, locked, versions, waiting

    world = outside()
    with (
        shelf(named, world.cache) as folder,
        locked(folder, wait_seconds=wait, waits=lambda sentence: click.echo(sentence, err=True)),
    ):
        held = waiting(versions(folder))
        chosen = find(folder, version or (held.name if held else "latest"))
        accept(chosen, folder=folder, acceptance=Acceptance(by=by or world.user, at=world.stamp))
    went = "stays published" if chosen.is_latest else "is published"
    click.echo(f"{chosen.name} {went}, and later builds are compared with it.")
