"""tuneset explain: why a finding matters and how to cure it."""

import difflib

import click


@click.command("explain")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
def command(codes: tuple[str, ...]) -> None:
    """Say why a finding matters and how to cure it."""
    from pipeline.core.rule import catalogue
    from pipeline.core.trouble import CAUSES

    known = sorted([*catalogue(), *CAUSES])
    for code in codes:
        if code in CAUSES:
            kind = (
                "the row cannot become an example"
                if code.startswith(("read.", "compose.", "run."))
                else "found by `tuneset check`"
            )
            click.echo(f"{code}  ({kind})\n\n{CAUSES[code]}\n")
        elif code in catalogue():
            rule = catalogue()[code]
            methods = ", ".join(sorted(rule.methods))
            click.echo(f"{code}  ({rule.severity}; {methods})\n\n{rule.reason}\n")
        else:
            near = difflib.get_close_matches(code, known, n=3)
            hint = f"Did you mean {', '.join(near)}?" if near else "`tuneset rules` lists them."
            raise click.UsageError(f"no rule is named `{code}`. {hint}")
