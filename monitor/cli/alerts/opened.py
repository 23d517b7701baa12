"""The alert room as a command opens it: on the store, deciding as the service does, delivering nothing."""

import asyncpg

from alerts import Policy
from alerts.postgres import PostgresAlerts
from monitor.alerting import alert_policy
from monitor.comparing import Figures
from monitor.configuration import Configuration
from probes import series_of


def policy_of(configuration: Configuration) -> Policy:
    """Who is told of what, under that configuration. Raises ConfigurationError."""
    series = series_of(configuration.settings.probes)
    return alert_policy(configuration.settings, Figures.load(configuration, series), series)


def stored_alerts(configuration: Configuration, pool: asyncpg.Pool) -> PostgresAlerts:
    """The alerts of the store. Raises ConfigurationError."""
    return PostgresAlerts(pool, policy_of(configuration))
