"""The command line: every file of this folder is one command, found by its name."""

from importlib import import_module
from pathlib import Path

import click


class Commands(click.Group):
    """A group whose commands are the files beside this one; nothing heavy is imported before it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Give the commands by name."""
        return sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's file and give its `command`."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"pipeline.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tuneset", prog_name="tuneset")
def tuneset() -> None:
    """Turn raw CSV and text into chat fine-tuning files that are checked, counted and costed.

    \b
    tuneset init --from faq.csv    propose a plan for your file
    tuneset build                  read, compose, check, split and write, as dataset.toml says
    tuneset submit                 check, price, upload, and start a training job, once
    tuneset explain CODE           say why a finding matters and how to cure it

    Exit codes: 0 clean, 1 findings, 2 wrong set-up, 3 a bug, 4 a provider gave up (run again to go on).
    """
