"""Puts the alert room together from the settings."""

from random import Random

import asyncpg

from alerts import Alert, AlertObserver, Alerts, ChannelError, DeliveryWorker, Evidence, Links, Policy
from alerts.channels import Channel, open_channels
from alerts.postgres import PostgresAlerts
from baselines import Clock, Series, SeriesRegistry
from monitor.comparing import Figures
from monitor.errors import ConfigurationError
from monitor.settings import Settings
from thresholds import Finding, Rule


def configured_channels(settings: Settings, observer: AlertObserver) -> dict[str, Channel]:
    """The channels, ready to send. Raises ConfigurationError where one can't be used; no URL is shown."""
    try:
        return open_channels(settings.alerts.channels, observer)
    except ChannelError as error:
        raise ConfigurationError(f"alerts.channels: {error}") from error


def alert_policy(settings: Settings, figures: Figures, series: SeriesRegistry) -> Policy:
    """Who is told of what, after as much evidence as the matrix asks for."""

    def evidence_of(finding: Finding) -> Evidence:
        limits = figures.matrix.limits_of(series.get(finding.series) or Series(finding.series, finding.unit))
        # A comparison has looked more than once already.
        bad = 1 if finding.rule is Rule.BASELINE else limits.bad_evaluations
        return Evidence(bad_evaluations=bad, good_evaluations=limits.good_evaluations)

    return Policy(figures.routing, settings.alerts.channels, evidence_of)


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
