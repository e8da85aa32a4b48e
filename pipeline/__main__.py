"""`python -m pipeline` and the command `tuneset`: one exit code for each kind of trouble."""

import os
import sys
from typing import Final

import click

from pipeline.cli import tuneset
from pipeline.core.errors import TunesetError

BUG: Final = 3
INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line; see `run` for the exit codes."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Give the exit code: 0 clean, 1 findings, 2 set-up, 3 bug, 4 a provider gave up, 130 interrupted."""
    try:
        code = tuneset.main(arguments, prog_name="tuneset", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return TunesetError.exit_code
    except TunesetError as error:
        click.echo(str(error), err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted. What was published before is untouched; run the command again to go on.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of the pipe left: not our trouble
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort: told apart from every known trouble, and shown whole
        error.add_note("This is a bug in tuneset: nothing was published. Report it with the lines above and the plan.")
        sys.excepthook(type(error), error, error.__traceback__)
        return BUG
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
