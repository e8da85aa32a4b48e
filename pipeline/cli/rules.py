"""tuneset rules: the catalogue."""

import click


@click.command("rules")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def command(form: str) -> None:
    """List every rule with its code, severity and first line."""
    import msgspec

    from pipeline.core.rule import catalogue

    rows = [
        {"code": rule.code, "severity": str(rule.severity), "methods": sorted(rule.methods), "reason": rule.reason}
        for rule in catalogue().values()
    ]
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
        return
    width = max(len(str(row["code"])) for row in rows)
    for row in rows:
        click.echo(f"{row['code']:<{width}}  {row['severity']:<7}  {str(row['reason']).splitlines()[0]}")
    click.echo(f"\n{len(rows)} rules. `tuneset explain CODE` gives the reason and the cure.", err=True)
