"""tuneset tokens: the numbers of OpenAI's notebook, by its own formula."""

import click

from pipeline.cli._files import FileOrUrl


@click.command("tokens")
@click.argument("file", type=FileOrUrl())
@click.option(
    "--encoding", default="cl100k_base", show_default=True, help="tiktoken encoding; the notebook has cl100k_base."
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    default=4_096,
    show_default=True,
    help="Length at which an example is cut.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def command(file: str, encoding: str, max_tokens: int, form: str) -> None:
    """Count a chat file as OpenAI's data preparation notebook does.

    Its formula (3 tokens a message, 1 a name, 3 an example) and encoding differ from what is billed; `tuneset check`
    and the report count by the target's own. Use this to compare with numbers that you have from the notebook.
    """
    import msgspec

    from pipeline.cli._outside import outside
    from pipeline.measure.cookbook import cookbook
    from pipeline.preflight.lines import Ends, lines
    from pipeline.preflight.source import opened

    with opened(file) as source:
        batches = lines(source, side="", ends=Ends())
        payloads = (record for batch in batches for record in batch["record"].to_pylist())
        numbers = cookbook(payloads, encoding=encoding, max_tokens=max_tokens, folders=outside().vocabularies)
    if form == "json":
        values = {**msgspec.to_builtins(numbers._asdict()), "billable_tokens_in_all": numbers.billable_tokens_in_all}
        stated = {
            "encoding": encoding,
            "formula": "notebook: 3 a message, 1 a name, 3 an example",
            "max_tokens": max_tokens,
        }
        click.echo(msgspec.json.format(msgspec.json.encode({**stated, **values})).decode())
        return
    click.echo(f"counted in {encoding}, by the notebook's formula: 3 a message, 1 a name, 3 an example")
    for name in ("examples", "without_system", "without_user"):
        click.echo(f"  {name.replace('_', ' '):<26}{getattr(numbers, name):>10,}")
    if numbers.unreadable:
        click.echo(f"  {'no JSON object, left out':<26}{numbers.unreadable:>10,}   `tuneset check` says why")
    for name, spread in (
        ("messages an example", numbers.messages),
        ("tokens an example", numbers.tokens),
        ("assistant tokens", numbers.assistant_tokens),
    ):
        words = f"{spread.least:,} to {spread.most:,}, mean {spread.mean:,.1f}, median {spread.median:,.1f}"
        click.echo(f"  {name:<26}{words}")
    click.echo(f"  {f'over {max_tokens:,} tokens':<26}{numbers.too_long:>10,}")
    click.echo(f"  {'billable tokens an epoch':<26}{numbers.billable_tokens:>10,}")
    click.echo(f"  {'epochs by its rule':<26}{numbers.epochs:>10,}")
    click.echo(f"  {'billable tokens in all':<26}{numbers.billable_tokens_in_all:>10,}")
