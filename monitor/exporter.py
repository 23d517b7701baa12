"""What the service tells Prometheus about itself: the catalogue of metrics filled by the pipeline."""

import platform
from collections import Counter as Counts
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from alerts import AlertState
from alerts.notification import Outcome as DeliveryOutcome
from alerts.notification import Reason
from baselines.measurement import Measurement, Outcome
from baselines.series import Direction, Series
from baselines.verdict import Answer, Comparison, Question, SeriesComparison
from baselines.vital import Vital
from baselines.watcher import Drift
from dashboards import metrics
from dashboards.metrics import CATALOGUE, Metric
from monitor.deployment.deployment import Deployment
from monitor.exposition import Exposition, Format
from thresholds.check_report import CheckReport
from thresholds.finding import Finding, Level, Rule

OPENMETRICS = "application/openmetrics-text"
# OpenMetrics allows 128 characters for an exemplar's names and values together.
EXEMPLAR_LABEL = "correlation_id"
LONGEST_EXEMPLAR = 128 - len(EXEMPLAR_LABEL)
# The label `reason` of a run that ended well: an empty label would be the same as none.
NO_REASON = "none"
NO_FALLBACK = "none"
_OF_A_DEPLOYMENT = (
    metrics.DEPLOYMENT_STAGE,
    metrics.DEPLOYMENT_PHASE_STATUS,
    metrics.DEPLOYMENT_PHASE_STARTED,
    metrics.DEPLOYMENT_PHASE_EXPECTED,
    metrics.DEPLOYMENT_GATE,
    metrics.DEPLOYMENT_USERS,
    metrics.DEPLOYMENT_HEALTH,
    metrics.DEPLOYMENT_ADVICE,
)
OPEN_LEVELS = (Level.WARNING, Level.CRITICAL)


class Exporter:
    """Holds every metric of the catalogue on a registry of its own.

    Labels named `series` come from the configuration's series alone, so what is exported is bounded by it: a
    measurement of any other is counted and otherwise left out. Not to be shared between processes.
    """

    def __init__(self, series: Mapping[str, Series], *, version: str) -> None:
        self._series = series
        self._exposition = Exposition(CATALOGUE)
        build = self._exposition.family(metrics.BUILD).child()
        build.info({"version": version, "python_version": platform.python_version()})
        self._alerts: set[tuple[str, str]] = set()
        for outcome in ("delivered", "failed"):
            self._counter(metrics.HEARTBEATS, outcome)
        for outcome in ("kept", "failed"):
            self._counter(metrics.SCHEDULED_CAPTURES, outcome)
        for name, one in series.items():
            # From zero, so that rate() sees the first run, and no finding reads 0 and not "no data".
            self._counter(metrics.PROBE_RUNS, name, Outcome.OK, NO_REASON)
            self._counter(metrics.PROBE_DISTURBED, name)
            if one.cadence_seconds is not None:
                self._gauge(metrics.PROBE_INTERVAL, name).set(one.cadence_seconds)
            for rule, level in _possible_findings(one):
                self._gauge(metrics.FINDINGS, name, rule, level).set(0)
                self._gauge(metrics.FINDINGS_DRY_RUN, name, rule, level).set(0)

    @property
    def registry(self) -> CollectorRegistry:
        """prometheus_client's own view of the same state."""
        return self._exposition.registry

    def observe(self, measurement: Measurement) -> None:
        """Counts one run of a probe. A time-out is a duration too; a disturbed one is counted but no duration, and of
        one that was skipped nothing is shown but that it was.
        """
        series = self._series.get(measurement.series)
        if series is None:
            self._counter(metrics.MEASUREMENTS_UNREGISTERED).inc()
            return
        outcome = measurement.outcome
        self._counter(metrics.PROBE_RUNS, series.name, outcome, measurement.reason or NO_REASON).inc()
        self._histogram(metrics.PROBE_LATENESS).observe(measurement.lateness_seconds)
        if outcome is Outcome.SKIPPED:
            return
        self._gauge(metrics.PROBE_SUCCESS, series.name).set(outcome is Outcome.OK)
        self._gauge(metrics.PROBE_LAST_RUN, series.name).set(measurement.started_at.timestamp())
        self._histogram(metrics.PROBE_LOOP_DELAY).observe(measurement.prober_delay_seconds)
        if measurement.disturbed:
            self._counter(metrics.PROBE_DISTURBED, series.name).inc()
        elif measurement.value is not None:
            self._gauge(metrics.SERIES_VALUE[series.unit], series.name).set(measurement.value)
            if series.is_duration:
                self._histogram(metrics.PROBE_DURATION, series.name).observe(measurement.value, _exemplar(measurement))
                for phase, seconds in measurement.phases.items():
                    self._counter(metrics.PROBE_PHASE, series.name, phase).inc(max(0.0, seconds))

    def baseline_compared(self, comparison: Comparison) -> None:
        """Takes over ratios, tolerances and baseline figures; a figure that is None now disappears."""
        for one in comparison.series:
            if one.series.name in self._series:
                self._baseline_compared(one)

    def baseline_gone(self) -> None:
        """Nothing is compared any more: ratios, tolerances and baseline figures disappear."""
        for metric in (metrics.SERIES_TOLERANCE, metrics.SERIES_TO_BASELINE, *metrics.SERIES_BASELINE.values()):
            self._exposition.family(metric).clear()

    def drift(self, series: str, drift: Drift, ratio: float | None) -> None:
        """How a watched series stands to its reference; infinitely slow where its last calls timed out."""
        self._gauge(metrics.SERIES_DRIFT, series).set(list(Drift).index(drift))
        self._set_or_remove(metrics.SERIES_TO_REFERENCE, ratio, series)

    def until_limit(self, series: str, seconds: Mapping[str, float | None]) -> None:
        """How long until a series crosses each limit; one that it does not approach disappears."""
        for limit, until in seconds.items():
            self._set_or_remove(metrics.SERIES_UNTIL_LIMIT, until, series, limit)

    def captured(self, *, kept: bool) -> None:
        """A capture of the schedule has ended, and was kept or failed."""
        self._counter(metrics.SCHEDULED_CAPTURES, "kept" if kept else "failed").inc()

    def checked(self, reports: Iterable[CheckReport]) -> None:
        """The latest run of each check; they replace those told before, with components that are no more."""
        self._exposition.family(metrics.CHECK_STATUS).clear()
        self._exposition.family(metrics.CHECK_RUN).clear()
        for report in reports:
            self._gauge(metrics.CHECK_RUN, report.kind).set(report.at.timestamp())
            for component, status in report.statuses.items():
                self._gauge(metrics.CHECK_STATUS, report.kind, component).set(status.severity)

    def _baseline_compared(self, one: SeriesComparison) -> None:
        name, before = one.series.name, one.before
        typical = one.answer(Question.TYPICAL) or Answer(question=Question.TYPICAL, verdict=one.verdict)
        ratios = {"estimate": typical.ratio, "low": typical.ci_low, "high": typical.ci_high}
        figures = {"mean": None, "median": None, "p95": None, "p99": None} if before is None else {
            "mean": before.mean, "median": before.median, "p95": before.p95, "p99": before.p99,
        }  # fmt: skip
        self._gauge(metrics.SERIES_TOLERANCE, name).set(one.tolerance)
        for stat, ratio in ratios.items():
            self._set_or_remove(metrics.SERIES_TO_BASELINE, ratio, name, stat)
        for stat, figure in figures.items():
            self._set_or_remove(metrics.SERIES_BASELINE[one.series.unit], figure, name, stat)

    def limits(self, limits: Mapping[str, Mapping[Level, float]]) -> None:
        """The absolute limits by series and level, in the series' base unit; unknown series are left out."""
        for name, by_level in limits.items():
            if series := self._series.get(name):
                for level, limit in by_level.items():
                    self._gauge(metrics.SERIES_LIMIT[series.unit], name, level).set(limit)

    def findings(self, series: str, findings: Iterable[Finding]) -> None:
        """The findings of one series that are open now; they replace those told before."""
        if series not in self._series:
            return
        found = list(findings)
        for metric, dry_run in ((metrics.FINDINGS, False), (metrics.FINDINGS_DRY_RUN, True)):
            counts = Counts((one.rule, one.level) for one in found if one.dry_run is dry_run)
            family = self._exposition.family(metric)
            for rule, level in product(Rule, OPEN_LEVELS):
                if counts[rule, level] or family.has(series, rule, level):
                    family.child(series, rule, level).set(counts[rule, level])

    def alertmanager_owns(self, pairs: Iterable[tuple[str, Rule]]) -> None:
        """The series and rules whose findings the user's Alertmanager delivers; they replace those told before."""
        family = self._exposition.family(metrics.ALERTMANAGER_OWNS)
        family.clear()
        for series, rule in pairs:
            if series in self._series:
                family.child(series, rule).set(1)

    def expect(self, *, channels: Mapping[str, Iterable[str]], tiers: Iterable[str]) -> None:
        """What may be counted, from zero: so that rate() sees the first, and nothing is no gap.

        `channels` have their fallbacks.
        """
        self._counter(metrics.PROCESS_RESTARTS, "probing")
        for loop in ("steps", *channels):
            self._counter(metrics.ALERT_ROUNDS_FAILED, loop)
        for channel, fallbacks in channels.items():
            for outcome in DeliveryOutcome:
                self._counter(metrics.DELIVERIES, channel, outcome)
            for metric in (metrics.DELIVERIES_LATE, metrics.LEASES_LOST, metrics.DIGESTS, metrics.DIGESTED):
                self._counter(metric, channel)
            for fallback in (NO_FALLBACK, *fallbacks):
                self._counter(metrics.DEAD_LETTERS, channel, fallback)
            self._histogram(metrics.DELIVERY_DURATION, channel)
        for tier in tiers:
            for reason in Reason:
                self._counter(metrics.ALERT_CHANGES, reason, tier)
            self._histogram(metrics.ALERT_ACKNOWLEDGE, tier)
            self._alerts |= {(tier, state) for state in AlertState if state is not AlertState.RESOLVED}
        self.alerts({})

    def alerts(self, counts: Mapping[tuple[str, str], int]) -> None:
        """The alerts by (tier, state); a pair told before and absent now reads 0."""
        self._alerts |= counts.keys()
        for tier, state in self._alerts:
            self._gauge(metrics.ALERTS, tier, state).set(counts.get((tier, state), 0))

    def delivered(self, channel: str, outcome: str, seconds: float) -> None:
        """One attempt to deliver. `channel` is the configured name, never its URL; `outcome` is of a closed list."""
        self._counter(metrics.DELIVERIES, channel, outcome).inc()
        self._histogram(metrics.DELIVERY_DURATION, channel).observe(seconds)

    def changed(self, reason: str, tier: str, late_seconds: float) -> None:
        """One change of an alert; `late_seconds` after it was due, where it came by the clock."""
        self._counter(metrics.ALERT_CHANGES, reason, tier).inc()
        self._histogram(metrics.ALERT_LATENESS).observe(late_seconds)

    def delivered_late(self, channel: str) -> None:
        """One attempt that was given up on and delivered after all."""
        self._counter(metrics.DELIVERIES_LATE, channel).inc()

    def lease_lost(self, channel: str) -> None:
        """One notification delivered by a claim that had lapsed."""
        self._counter(metrics.LEASES_LOST, channel).inc()

    def dead_lettered(self, channel: str, fallback: str | None) -> None:
        """One notification given up on, and the channel it fell to."""
        self._counter(metrics.DEAD_LETTERS, channel, fallback or NO_FALLBACK).inc()

    def failed(self, loop: str) -> None:
        """One round of a loop of the alerts that failed."""
        self._counter(metrics.ALERT_ROUNDS_FAILED, loop).inc()

    def overdue(self, seconds: float) -> None:
        """How long the longest due escalation or reminder has been waiting, 0 where none is."""
        self._gauge(metrics.ALERT_OVERDUE).set(seconds)

    def acknowledged(self, tier: str, seconds: float) -> None:
        """One acknowledgement, so long after the alert fired."""
        self._histogram(metrics.ALERT_ACKNOWLEDGE, tier).observe(seconds)

    def standing_by(self, on: bool) -> None:
        """Whether alerts are decided without the store, because it is away."""
        self._gauge(metrics.ALERTS_BY_MEMORY).set(on)

    def merged(self, channel: str, notifications: int) -> None:
        """One message that merged so many notifications."""
        self._counter(metrics.DIGESTS, channel).inc()
        self._counter(metrics.DIGESTED, channel).inc(notifications)

    def heartbeat(self, ok: bool) -> None:
        """One signal to whoever calls when they stay away."""
        self._counter(metrics.HEARTBEATS, "delivered" if ok else "failed").inc()

    def outbox(self, waiting: int) -> None:
        """How many notifications are written and not yet delivered."""
        self._gauge(metrics.OUTBOX).set(waiting)

    def dropped(self, count: int = 1) -> None:
        """Measurements lost between the processes."""
        self._counter(metrics.MEASUREMENTS_DROPPED).inc(count)

    def spooled(self, count: int = 1) -> None:
        """Measurements that went to the spool and not to the store."""
        self._counter(metrics.MEASUREMENTS_SPOOLED).inc(count)

    def ingested(self, kind: str, outcome: str) -> None:
        """A request to send something in ended like that."""
        self._counter(metrics.INGEST_REQUESTS, kind, outcome).inc()

    def ingest_dropped(self, kind: str, count: int) -> None:
        """Of what was accepted, so much was not written."""
        self._counter(metrics.INGEST_DROPPED, kind).inc(count)

    def vital_counted(self, metric: str, device: str) -> None:
        """One value of a web vital was kept."""
        self._counter(metrics.VITAL_SAMPLES, metric, device).inc()

    def vital_dropped(self, reason: str) -> None:
        """Something of a visit was not kept."""
        self._counter(metrics.VITAL_DROPPED, reason).inc()

    def vitals(self, p75: Mapping[tuple[Vital, str, str], float]) -> None:
        """Web vitals by (vital, route, device); they replace those told before."""
        for metric in metrics.VITAL_P75.values():
            self._exposition.family(metric).clear()
        for (vital, route, device), value in p75.items():
            self._gauge(metrics.VITAL_P75[vital.unit], vital, route, device).set(value)

    def errors(self, error_class: str, count: int) -> None:
        """Errors of a class that were sent in; 0 to begin with, so that rate() sees the first."""
        self._counter(metrics.ERRORS, error_class).inc(count)

    def store(self, *, up: bool) -> None:
        """Whether the store answers."""
        self._gauge(metrics.STORE_UP).set(up)

    def probing_heard(self, at: datetime) -> None:
        """The process that probes has shown a sign of life."""
        self._gauge(metrics.PROBING_HEARD).set(at.timestamp())

    def process(self, name: str, *, cpu_seconds: float, resident_bytes: float) -> None:
        """What one of our processes has used since it was asked last, and its memory now."""
        self._counter(metrics.PROCESS_CPU, name).inc(max(0.0, cpu_seconds))
        self._gauge(metrics.PROCESS_MEMORY, name).set(resident_bytes)

    def restarted(self, process: str) -> None:
        """One restart of a supervised process."""
        self._counter(metrics.PROCESS_RESTARTS, process).inc()

    def deployed(self, release: str, at: datetime) -> None:
        """The latest deployment, the only one exported; its time is the value, so that a chart can mark it."""
        self._exposition.family(metrics.DEPLOYMENT).clear()
        self._gauge(metrics.DEPLOYMENT, release).set(at.timestamp())

    def deployment(self, deployment: Deployment | None, now: datetime, *, score: float | None = None) -> None:
        """How the deployment that is open, or was last, stands; series of an earlier one and words that no longer hold
        disappear. The users are those of the running phase: nobody is limited while none runs. `score`: its health from
        0 to 100, where it was read.
        """
        for metric in _OF_A_DEPLOYMENT:
            self._exposition.family(metric).clear()
        if deployment is None:
            return
        name, running, gate = deployment.name, deployment.running, deployment.due_gate
        self._gauge(metrics.DEPLOYMENT_STAGE, name, deployment.stage).set(1)
        for one in deployment.phases.values():
            self._gauge(metrics.DEPLOYMENT_PHASE_STATUS, name, one.name, one.status).set(1)
            if one.started_at is not None:
                self._gauge(metrics.DEPLOYMENT_PHASE_STARTED, name, one.name).set(one.started_at.timestamp())
            for bound, seconds in zip(("shortest", "longest"), one.plan.expected_seconds, strict=True):
                self._gauge(metrics.DEPLOYMENT_PHASE_EXPECTED, name, one.name, bound).set(seconds)
        if running is not None and running.plan.users is not None:
            self._gauge(metrics.DEPLOYMENT_USERS, name, running.name).set(running.plan.users)
        if gate is not None:
            self._gauge(metrics.DEPLOYMENT_GATE, name, str(gate), deployment.gate_state(gate, now)).set(1)
        if score is not None:
            self._gauge(metrics.DEPLOYMENT_HEALTH, name).set(score)
        if deployment.advice is not None:
            self._gauge(metrics.DEPLOYMENT_ADVICE, name, str(deployment.advice["action"])).set(1)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The exposition and its content type: OpenMetrics where the Accept header names it, else Prometheus text."""
        # The library's own choice raises on a version that is no number, and promises any that is.
        written = Format.OPENMETRICS if OPENMETRICS in accept else Format.TEXT
        return self._exposition.render(written), written.value

    def _counter(self, metric: Metric, *labels: str) -> Counter:
        child: Counter = self._exposition.family(metric).child(*labels)
        return child

    def _gauge(self, metric: Metric, *labels: str) -> Gauge:
        child: Gauge = self._exposition.family(metric).child(*labels)
        return child

    def _histogram(self, metric: Metric, *labels: str) -> Histogram:
        child: Histogram = self._exposition.family(metric).child(*labels)
        return child

    def _set_or_remove(self, metric: Metric, value: float | None, *labels: str) -> None:
        """A figure that is gone must not stand there as if it still held."""
        if value is None:
            self._exposition.family(metric).remove(*labels)
        else:
            self._gauge(metric, *labels).set(value)


def _possible_findings(series: Series) -> Iterator[tuple[Rule, Level]]:
    """What can be found of a series: these read 0 and not "no data" while all is well."""
    for level in OPEN_LEVELS:
        yield Rule.AVAILABILITY, level
        yield Rule.FLOOR if series.direction is Direction.FLOOR else Rule.ABSOLUTE, level
    if series.is_duration:
        yield Rule.BASELINE, Level.WARNING


def _exemplar(measurement: Measurement) -> dict[str, str] | None:
    """The correlation id leads from a point of a latency panel to the log lines of that one call."""
    identity = measurement.correlation_id
    return {EXEMPLAR_LABEL: identity} if 0 < len(identity) <= LONGEST_EXEMPLAR else None
