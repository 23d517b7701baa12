"""`portalwatch demo`."""

import signal
import sys
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from monitor.cli.options import unread_config_option
from monitor.cli.progress import TerminalProgress
from monitor.demo.faults import Fault
from monitor.demo.story import tell
from monitor.errors import ConfigurationError, ExitCode
from monitor.logs import configure_logs

NO_FAULT = "none"


@click.command(epilog="Example: portalwatch demo --once --fault slow-endpoint")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    type=click.Choice([NO_FAULT, *(one.value for one in Fault)]),
    help="What the deployment leaves behind; may be repeated [default: missing-index].",
)
@unread_config_option
@click.option("--once", is_flag=True, help="End after the verdict: 1 where a fault was found, 0 where there was none.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("portalwatch-demo"),
    show_default=True,
    help="Where report, dashboards and configuration are written.",
)
def demo(faults: tuple[str, ...], once: bool, directory: Path) -> ExitCode:
    """See the whole product do its job on real parts: PostgreSQL, a portal, a deployment, a verdict, an alert."""
    if NO_FAULT in faults and len(faults) > 1:
        raise ConfigurationError("--fault none stands alone")
    chosen = frozenset(Fault(one) for one in faults or (Fault.MISSING_INDEX,) if one != NO_FAULT)
    configure_logs(sys.stderr, level="WARNING")
    signal.signal(signal.SIGTERM, _stop)
    return tell(chosen, directory, once=once, console=Console(), progress=TerminalProgress())


def _stop(_number: int, _frame: FrameType | None) -> None:
    """End as after Ctrl-C, so that nothing is left behind."""
    raise KeyboardInterrupt
