"""`portalwatch deploy`: the deployment companion, from the first baseline to the end of the watch."""

import click

from monitor.cli.deploy.advise import advise
from monitor.cli.deploy.checklist import checklist, score, sign
from monitor.cli.deploy.finish import finish, rollback
from monitor.cli.deploy.gate import gate
from monitor.cli.deploy.message import message
from monitor.cli.deploy.phase import phase
from monitor.cli.deploy.plan import plan
from monitor.cli.deploy.report import report
from monitor.cli.deploy.start import start
from monitor.cli.deploy.status import status


@click.group(
    commands=[start, phase, gate, status, advise, checklist, sign, score, message, rollback, finish, report, plan],
    epilog="Example: portalwatch deploy start v42 --plan migration",
)
def deploy() -> None:
    """Where a deployment stands, whether the next phase may start, and whether to roll back."""
