"""Alerts put into a store, and a configuration that knows their channels, for the commands that read them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from pydantic import SecretStr

from alerts import AlertRecord, AlertState, ChannelSettings, Evidence, Policy
from alerts.postgres import PostgresAlerts
from baselines import Unit
from tests.monitor.cli.commands import PASSWORD, configuration
from tests.monitor.cli.stored import in_store
from thresholds import Finding, Level, Rule, load_routing

T = TypeVar("T")
# Those of the customer's ladder from tier 2 on; nobody listens there.
CHANNELS = ("slack-alerts", "slack-critical", "phone-call-escalation")
_URL = f"json://watch:{PASSWORD}@127.0.0.1:1"


def finding(level: Level = Level.WARNING, series: str = "q.b", *, route: str = "host", summary: str = "") -> Finding:
    """One that fires at once."""
    return Finding(
        series=series,
        route=route,
        rule=Rule.BASELINE,
        level=level,
        unit=Unit.SECONDS,
        summary=summary or f"{series} is twice as slow",
        since=datetime.now(UTC),
        value=2.0,
        limit=1.25,
    )


def configured(directory: Path, store: str, *, channels: tuple[str, ...] = CHANNELS, **alerts: object) -> Path:
    """A configuration on that store with those channels; further parts of its section `alerts`."""
    urls = {name: {"url": f"{_URL}/{name}"} for name in channels}
    return configuration(directory, store, alerts={"channels": urls, **alerts})


def with_alerts(store: str, act: Callable[[PostgresAlerts], Awaitable[T]]) -> T:
    """What `act` gives on the alerts of a store; one evaluation is enough to fire, and one to resolve."""
    channels = {name: ChannelSettings(url=SecretStr(_URL)) for name in CHANNELS}
    policy = Policy(load_routing(), channels, lambda _: Evidence(1, 1))

    async def on_pool(pool: asyncpg.Pool) -> T:
        return await act(PostgresAlerts(pool, policy))

    return in_store(store, on_pool)


def fire(store: str, *findings: Finding, ago: timedelta = timedelta()) -> list[str]:
    """Evaluate them in their order, so long ago; the id of the newest alert of each."""

    async def act(alerts: PostgresAlerts) -> list[str]:
        at = datetime.now(UTC) - ago
        for number, one in enumerate(findings):
            await alerts.record([one], at + timedelta(microseconds=number))
        records = await alerts.list_alerts(tuple(AlertState), limit=1000)
        newest = {record.alert.fingerprint: record.alert.id for record in reversed(records)}
        return [newest[one.fingerprint] for one in findings]

    return with_alerts(store, act)


def alert_in(store: str, alert_id: str) -> AlertRecord:
    """One alert with its history, as the store has it."""
    record = with_alerts(store, lambda alerts: alerts.find_alert(alert_id))
    assert record is not None
    return record


def events_in(store: str, alert_id: str) -> list[tuple[str, str | None]]:
    """What happened to an alert, and who did it."""
    return [(one.event, one.by) for one in alert_in(store, alert_id).events]


def instant(text: Any) -> datetime:
    """As JSON has it."""
    return datetime.fromisoformat(text)
