"""`portalwatch serve`."""

import sys
from pathlib import Path

import click

from monitor.cli.context import configured
from monitor.cli.options import config_option
from monitor.errors import ExitCode
from monitor.logs import configure_logs
from monitor.supervisor import serve as supervise


@click.command(epilog="Example: portalwatch serve --config portalwatch.yml")
@config_option
def serve(config: Path | None) -> ExitCode:
    """Run the service: probes, evaluation, alerts, HTTP on 127.0.0.1:9464 by default."""
    configuration = configured(config)
    log = configuration.settings.log
    configure_logs(sys.stdout, log.format, log.level, process="supervisor")
    return supervise(configuration)
