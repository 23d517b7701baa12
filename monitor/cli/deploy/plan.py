"""`portalwatch deploy plan`."""

import click

from monitor.cli.options import unread_config_option
from monitor.errors import ConfigurationError
from thresholds.deployment.plan import shipped_plan_text, shipped_plans


@click.command(epilog="Example: portalwatch deploy plan migration > migration.yml")
@click.argument("name", required=False)
@unread_config_option
def plan(name: str | None) -> None:
    """The plans that come along, or the text of the one called NAME, to begin one's own with."""
    if name is None:
        for one in shipped_plans():
            click.echo(one)
        return
    try:
        click.echo(shipped_plan_text(name), nl=False)
    except KeyError:
        known = ", ".join(shipped_plans())
        raise ConfigurationError(f"there is no plan {name}; plans that come along are: {known}") from None
