"""The command `portalwatch`: each command is a file of this folder, imported when it is called."""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

import click

from monitor.errors import ExitCode, MonitorError

# Module and attribute of each command. `judge` answers in a pipe, and must not wait for what the others import.
_COMMANDS = {
    "demo": "demo",
    "serve": "serve",
    "check": "check",
    "probe": "probe",
    "baseline": "baseline",
    "compare": "compare",
    "replay": "replay",
    "duel": "duel",
    "load": "load",
    "drift": "drift",
    "explain": "explain",
    "snapshot": "snapshot",
    "judge": "judge",
    "alerts": "alerts",
    "errors": "errors",
    "deploy": "deploy",
    "dashboards": "dashboards",
    "config": "config",
    "store": "store",
    "token": "token",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"monitor.cli.{_COMMANDS[cmd_name]}"), cmd_name)
        return command


@click.group(cls=_Lazy, epilog="Start with: portalwatch demo --once")
@click.version_option(version("portalwatch"), prog_name="portalwatch")
def portalwatch() -> None:
    """Is the portal slower or more broken than before, how sure are we, why, and who must know now?"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with an exit code of the house."""
    try:
        # Not `portalwatch.main`: it ends with 1 where the reader of a pipe has gone, which would read as a finding.
        given = list(sys.argv[1:] if arguments is None else arguments)
        with portalwatch.make_context("portalwatch", given) as context:
            code = portalwatch.invoke(context)
            sys.stdout.flush()
    except click.exceptions.Exit as end:  # --help and --version
        code = end.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except click.Abort:
        code = 130
    except KeyboardInterrupt:
        code = 130
    except MonitorError as error:
        click.echo(f"portalwatch: {error}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains on its way out
        code = ExitCode.CANNOT_RUN
    except Exception:
        # Python's own answer to a crash is 1, and a script would read that as a finding.
        traceback.print_exc()
        code = ExitCode.CANNOT_RUN
    sys.exit(int(code or 0))
