"""Puts the alert room together from the settings."""

from collections.abc import Mapping
from random import Random

import asyncpg
import httpx

from alerts import (
    AlertObserver,
    Alerts,
    BookSpool,
    Briefer,
    ChannelError,
    DeliveryWorker,
    Evidence,
    LinkSigner,
    Policy,
    Standby,
    evidence_by_limits,
)
from alerts.channels import Channel, open_channels
from alerts.postgres import PostgresAlerts
from alerts.postgres_library import PostgresLibrary
from alerts.postgres_outbox import PostgresOutbox
from alerts.watchdog import Watchdog
from baselines import Clock, Series, SeriesRegistry
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.dependencies import foundations, names_of_places
from monitor.errors import CannotRunError, ConfigurationError
from monitor.settings import Settings
from monitor.store import data_directory
from thresholds import Delivery, Finding, Routing, Rule, SeriesLimits


def configured_channels(configuration: Configuration, observer: AlertObserver) -> dict[str, Channel]:
    """The channels, ready to send. Raises ConfigurationError where one can't be used; no URL is shown."""
    try:
        return open_channels(configuration.settings.alerts.channels, observer)
    except ChannelError as error:
        raise ConfigurationError(configuration.at(("alerts", "channels"), str(error))) from error


def alert_policy(settings: Settings, figures: Figures, series: SeriesRegistry) -> Policy:
    """Who is told of what, after as much evidence as the matrix asks for."""

    def limits_of(finding: Finding) -> SeriesLimits:
        return figures.matrix.limits_of(series.get(finding.series) or Series(finding.series, finding.unit))

    names = names_of_places(settings)
    targets = {
        one.name: names[probe.target]
        for probe in settings.probes.values()
        if probe.target is not None
        for one in probe.series()
    }
    return Policy(
        figures.routing,
        settings.alerts.channels,
        evidence_by_limits(limits_of),
        target_of=targets.get,
        stands_on=foundations(settings, names),
    )


def comparison_policy(settings: Settings, figures: Figures) -> Policy:
    """The same for what a comparison of two captures found: it has made sure already, so everything fires at once."""
    return Policy(figures.routing, settings.alerts.channels, lambda _: Evidence(1, 1))


def handed_over(series: SeriesRegistry, routing: Routing) -> list[tuple[str, Rule]]:
    """The series and rules whose findings the user's own Alertmanager delivers."""
    return [
        (one.name, rule)
        for one in series.values()
        for rule in Rule
        if routing.delivered_by(routing.route_of(one, rule)) is Delivery.ALERTMANAGER
    ]


def link_signer(settings: Settings) -> LinkSigner | None:
    """Makes the links that acknowledge; None where no address or no key for them is configured."""
    if settings.public_url is None or settings.signing_key is None:
        return None
    return LinkSigner(settings.signing_key, str(settings.public_url))


def open_alerts(
    pool: asyncpg.Pool,
    settings: Settings,
    figures: Figures,
    series: SeriesRegistry,
    *,
    channels: Mapping[str, Channel],
    client: httpx.AsyncClient,
    briefer: Briefer,
    clock: Clock,
    observer: AlertObserver,
    instance: str,
) -> Alerts:
    """The alert room on a pool of connections to the store, and without it while it is away.

    Raises CannotRunError where there is no room on the disk for the time without a store.
    """
    policy, links = alert_policy(settings, figures, series), link_signer(settings)
    path = data_directory(settings.store) / "spool" / "alerts.json"
    try:
        spool = BookSpool(path)
    except OSError as error:
        raise CannotRunError(f"{path.parent} can't be made: {error.strerror}; set store.directory") from error
    standby = Standby(
        PostgresAlerts(pool, policy),
        PostgresOutbox(pool, policy, instance),
        PostgresLibrary(pool),
        policy,
        spool,
        clock=clock,
        observer=observer,
        instance=instance,
    )
    worker = DeliveryWorker(
        standby,
        channels,
        policy=policy,
        clock=clock,
        observer=observer,
        random=Random(),
        briefer=briefer,
        links=links,
    )
    watchdog = Watchdog(settings.alerts.watchdog, channels, client, clock=clock, observer=observer, instance=instance)
    return Alerts(standby, standby, worker, clock=clock, observer=observer, links=links, watchdog=watchdog)
