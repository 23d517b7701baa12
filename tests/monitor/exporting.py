"""An exporter that has seen something of everything."""

from datetime import UTC, datetime, timedelta
from itertools import cycle

from baselines.measurement import Measurement, Outcome, Reason
from baselines.series import SeriesRegistry, Unit
from baselines.verdict import Comparison, Verdict
from baselines.vital import Vital
from baselines.watcher import Drift
from monitor.exporter import Exporter
from tests.dashboards.examples import SLOW, compared, finding
from tests.dashboards.inventories import EVERYTHING
from tests.deployments.small import running_a_phase, waiting_at_a_gate
from thresholds.check_report import CheckKind, CheckLine, CheckReport, CheckStatus
from thresholds.finding import Level, Rule

NOW = datetime.now(UTC)
REGISTRY = SeriesRegistry(one.series for one in EVERYTHING.series)
# A gate is due only while no phase runs: Prometheus sees the one now and the other then.
_DEPLOYMENTS = cycle((waiting_at_a_gate(NOW), running_a_phase(NOW)))
# What each unit is measured as.
VALUES = {Unit.SECONDS: 0.05, Unit.RATIO: 0.42, Unit.BYTES: 2_000_000.0, Unit.COUNT: 3.0}


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
    durations = [one.series for one in EVERYTHING.series if one.series.is_duration]
    busy.baseline_compared(
        Comparison(
            before="pre",
            after="live",
            series=[
                compared(one.name, Verdict.DEGRADED, 7.31) if one.name == SLOW else compared(one.name, Verdict.WITHIN)
                for one in durations
            ],
        )
    )
    busy.limits({one.series.name: one.limits for one in EVERYTHING.series if one.limits})
    busy.findings(SLOW, [finding(SLOW), finding(SLOW, Level.CRITICAL, Rule.ABSOLUTE)])
    busy.until_limit(SLOW, {"warning": 86400.0, "critical": None})
    busy.delivered_late("slack-critical")
    busy.lease_lost("slack-critical")
    busy.dead_lettered("slack-critical", None)
    busy.failed("steps")
    busy.outbox(2)
    busy.dropped()
    busy.spooled(3)
    busy.ingested("errors", "accepted")
    busy.ingest_dropped("errors", 1)
    for vital in Vital:
        busy.vital_counted(vital, "mobile")
    busy.vitals({(vital, "/clients/:id", "mobile"): 0.2 for vital in Vital})
    busy.vital_dropped("bot")
    busy.errors("authorization", 1)
    busy.store(up=True)
    busy.restarted("probing")
    busy.process("service", cpu_seconds=1.5, resident_bytes=90e6)
    busy.process("probing", cpu_seconds=0.5, resident_bytes=60e6)
    busy.expect(
        channels={"slack-critical": ["email-ops-team"], "email-ops-team": []},
        tiers=["tier_2_warning", "tier_3_critical"],
    )
    busy.alerts({("tier_3_critical", "firing"): 1})
    busy.overdue(0.0)
    busy.standing_by(False)
    busy.merged("slack-critical", 3)
    busy.heartbeat(True)
    busy.alertmanager_owns([(SLOW, Rule.BASELINE)])
    busy.drift(SLOW, Drift.SUSPECTED, 1.2)
    busy.deployed("r2", NOW)
    line = CheckLine("database", "portal.connect", CheckStatus.WARNING, "slow")
    busy.checked([CheckReport(kind, NOW, [line]) for kind in CheckKind])
    busy.observe(measured("nobody.knows_it"))
    watch(busy)
    return busy


def watch(watched: Exporter) -> None:
    """One run of each probe that ended well, of some one that did not, and an alert that came and went."""
    for one in REGISTRY.values():
        if one.name != SLOW:
            watched.observe(measured(one.name, VALUES[one.unit], phases={"first_byte": 0.03, "transfer": 0.01}))
    watched.observe(measured(SLOW, 0.301, correlation_id="pw-1", phases={"prepare": 0.002}))
    watched.observe(measured("api_endpoints.client_groups", reason=Reason.STATUS))
    watched.observe(measured(SLOW, 0.301, reason=Reason.SQL_ERROR))
    watched.observe(measured(SLOW, 0.4, prober_delay_seconds=0.3))
    for reason in ("fired", "escalated", "acknowledged", "resolved"):
        watched.changed(reason, "tier_3_critical", 0.2)
    watched.acknowledged("tier_3_critical", 240.0)
    for channel in ("slack-critical", "email-ops-team"):
        watched.delivered(channel, "delivered", 0.4)
    watched.captured(kept=True)
    watched.deployment(next(_DEPLOYMENTS), datetime.now(UTC), score=85.0)
    watched.probing_heard(datetime.now(UTC))
