"""Puts the alert room together from the settings."""

from random import Random

import asyncpg

from alerts import (
    Alert,
    AlertObserver,
    Alerts,
    ChannelError,
    DeliveryWorker,
    Evidence,
    Links,
    Policy,
    evidence_by_limits,
)
from alerts.channels import Channel, open_channels
from alerts.postgres import PostgresAlerts
from baselines import Clock, Series, SeriesRegistry
from monitor.comparing import Figures
from monitor.errors import ConfigurationError
from monitor.settings import Settings
from thresholds import Finding, SeriesLimits


def configured_channels(settings: Settings, observer: AlertObserver) -> dict[str, Channel]:
    """The channels, ready to send. Raises ConfigurationError where one can't be used; no URL is shown."""
    try:
        return open_channels(settings.alerts.channels, observer)
    except ChannelError as error:
        raise ConfigurationError(f"alerts.channels: {error}") from error


def alert_policy(settings: Settings, figures: Figures, series: SeriesRegistry) -> Policy:
    """Who is told of what, after as much evidence as the matrix asks for."""

    def limits_of(finding: Finding) -> SeriesLimits:
        return figures.matrix.limits_of(series.get(finding.series) or Series(finding.series, finding.unit))

    return Policy(figures.routing, settings.alerts.channels, evidence_by_limits(limits_of))


def comparison_policy(settings: Settings, figures: Figures) -> Policy:
    """The same for what a comparison of two captures found: it has made sure already, so everything fires at once."""
    return Policy(figures.routing, settings.alerts.channels, lambda _: Evidence(1, 1))


def open_alerts(
    pool: asyncpg.Pool,
    settings: Settings,
    figures: Figures,
    series: SeriesRegistry,
    *,
    clock: Clock,
    observer: AlertObserver,
    instance: str,
) -> Alerts:
    """The alert room on a pool of connections to the store. Raises ConfigurationError for a channel of no use."""
    store = PostgresAlerts(pool, alert_policy(settings, figures, series), instance)
    worker = DeliveryWorker(
        store,
        configured_channels(settings, observer),
        clock=clock,
        observer=observer,
        random=Random(),
        links_of=lambda alert: _links(settings, alert),
    )
    return Alerts(store, worker, clock=clock, observer=observer)


def _links(settings: Settings, alert: Alert) -> Links:
    if settings.public_url is None:
        return Links()
    base = str(settings.public_url).rstrip("/")
    return Links(alert=f"{base}/#alert-{alert.id}", series=f"{base}/#series-{alert.series}")
