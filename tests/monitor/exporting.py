"""An exporter that has seen something of everything."""

from datetime import UTC, datetime, timedelta

from baselines.measurement import Measurement, Outcome, Reason
from baselines.series import Series, SeriesRegistry, Unit
from baselines.verdict import Comparison, Verdict
from baselines.watcher import Drift
from monitor.exporter import Exporter
from tests.dashboards.examples import SLOW, compared, finding
from thresholds.finding import Level, Rule

NOW = datetime.now(UTC)
REGISTRY = SeriesRegistry(
    [
        Series(SLOW, cadence_seconds=30.0),
        Series("api_endpoints.client_groups", cadence_seconds=60.0),
        Series("system_resources.cpu_usage", unit=Unit.RATIO, cadence_seconds=30.0),
        Series("system_resources.database_connections", unit=Unit.RATIO, cadence_seconds=30.0),
        Series("portal_usage.concurrent_users", unit=Unit.COUNT),
    ]
)


def measured(series: str, value: float | None = 0.05, reason: Reason | None = None, **other: object) -> Measurement:
    """One run that ended well, or in an error of that reason."""
    at = datetime.now(UTC)
    return Measurement(
        series=series,
        intended_at=at - timedelta(milliseconds=20),
        started_at=at,
        outcome=Outcome.OK if reason is None else Outcome.ERROR,
        value=value if reason is None else None,
        reason=reason,
        **other,  # type: ignore[arg-type]
    )


def exporter() -> Exporter:
    """Without any call yet."""
    return Exporter(REGISTRY, version="0.1.0")


def busy_exporter() -> Exporter:
    """After one call of every method."""
    busy = exporter()
    busy.baseline_compared(
        Comparison(
            before="pre",
            after="live",
            series=[compared(SLOW, Verdict.DEGRADED, 7.31), compared("api_endpoints.client_groups", Verdict.WITHIN)],
        )
    )
    busy.limits(
        {
            SLOW: {Level.WARNING: 0.25, Level.CRITICAL: 0.5},
            "api_endpoints.client_groups": {Level.WARNING: 0.3, Level.CRITICAL: 1.0},
            "system_resources.cpu_usage": {Level.WARNING: 0.7, Level.CRITICAL: 0.85},
        }
    )
    busy.findings(SLOW, [finding(SLOW), finding(SLOW, Level.CRITICAL, Rule.ABSOLUTE)])
    busy.until_limit(SLOW, {"warning": 86400.0, "critical": None})
    busy.changed("fired", "tier_3_critical", 0.0)
    busy.delivered("slack-critical", "delivered", 0.4)
    busy.delivered_late("slack-critical")
    busy.lease_lost("slack-critical")
    busy.dead_lettered("slack-critical", None)
    busy.failed("steps")
    busy.outbox(2)
    busy.dropped()
    busy.spooled(3)
    busy.store(up=True)
    busy.restarted("probing")
    busy.probing_heard(NOW)
    busy.process("service", cpu_seconds=1.5, resident_bytes=90e6)
    busy.process("probing", cpu_seconds=0.5, resident_bytes=60e6)
    busy.expect(channels=["slack-critical", "email-ops-team"], tiers=["tier_2_warning", "tier_3_critical"])
    busy.alerts({("tier_3_critical", "firing"): 1})
    busy.overdue(0.0)
    busy.standing_by(False)
    busy.merged("slack-critical", 3)
    busy.heartbeat(True)
    busy.acknowledged("tier_3_critical", 240.0)
    busy.alertmanager_owns([(SLOW, Rule.BASELINE)])
    busy.drift(SLOW, Drift.SUSPECTED, 1.2)
    busy.captured(kept=True)
    busy.deployed("r2", NOW)
    busy.observe(measured("nobody.knows_it"))
    watch(busy)
    return busy


def watch(watched: Exporter) -> None:
    """One run of each probe, and one that failed."""
    watched.observe(measured(SLOW, 0.301, correlation_id="pw-1", phases={"prepare": 0.002}))
    watched.observe(measured("api_endpoints.client_groups"))
    watched.observe(measured("api_endpoints.client_groups", reason=Reason.STATUS))
    watched.observe(measured(SLOW, 0.301, reason=Reason.SQL_ERROR))
    watched.observe(measured("system_resources.cpu_usage", 0.42))
    watched.observe(measured("system_resources.database_connections", 0.2))
    watched.observe(measured("portal_usage.concurrent_users", 3.0))
    watched.observe(measured(SLOW, 0.4, prober_delay_seconds=0.3))
