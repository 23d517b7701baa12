"""The catalogue of exported metrics: name, kind, help, labels and buckets of each, declared once.

The exporter builds its objects from it, panels and rules are checked against it. Conventions are those of Prometheus
(https://prometheus.io/docs/practices/naming/): base units in the name, `_total` on counters. A statistic is the label
`stat`, never `quantile`, which belongs to summaries alone. A value whose unit depends on its series is a family of
one metric a unit, so that no name lies about what it holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from baselines.series import Unit

# From a fast query (1 ms) to the longest deadline (30 s), in steps of 2 to 3: an interpolated p95 is off by less.
DURATION_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# The goal for lateness is 100 ms at p99: most of the resolution lies below it.
LATENESS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)
# A sample is disturbed from 1 ms on: half of the steps lie below it.
LOOP_DELAY_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0)
# From somebody who sits in front of it to the longest an acknowledgement counts.
ACKNOWLEDGE_BUCKETS = (15.0, 60.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 86_400.0)
DELIVERY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class MetricKind(StrEnum):
    """What Prometheus calls the type of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One exported metric. `name` is the full name as it is queried (a histogram's without `_bucket` and so on)."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.startswith("portalwatch_"):
            raise ValueError(f"metric {self.name!r}: a name starts with portalwatch_")
        if (self.kind is MetricKind.COUNTER) != self.name.endswith("_total"):
            raise ValueError(f"metric {self.name!r}: _total goes with counters, and only with them")
        if (self.kind is MetricKind.INFO) != self.name.endswith("_info"):
            raise ValueError(f"metric {self.name!r}: _info goes with infos, and only with them")
        if (self.kind is MetricKind.HISTOGRAM) != bool(self.buckets):
            raise ValueError(f"metric {self.name!r}: buckets go with histograms, and only with them")
        if "quantile" in self.labels or "le" in self.labels:
            raise ValueError(f"metric {self.name!r}: the labels quantile and le are Prometheus' own; say stat")

    @property
    def sample_names(self) -> tuple[str, ...]:
        """The names an expression may use."""
        if self.kind is MetricKind.HISTOGRAM:
            return (f"{self.name}_bucket", f"{self.name}_sum", f"{self.name}_count")
        return (self.name,)


def _counter(name: str, help_text: str, *labels: str) -> Metric:
    return Metric(name=name, kind=MetricKind.COUNTER, help=help_text, labels=labels)


def _gauge(name: str, help_text: str, *labels: str) -> Metric:
    return Metric(name=name, kind=MetricKind.GAUGE, help=help_text, labels=labels)


def _histogram(name: str, help_text: str, buckets: tuple[float, ...], *labels: str) -> Metric:
    return Metric(name=name, kind=MetricKind.HISTOGRAM, help=help_text, labels=labels, buckets=buckets)


def _gauge_by_unit(name: str, help_text: str, *labels: str) -> Mapping[Unit, Metric]:
    """One gauge a unit; a plain number has no unit in its name (`_count` belongs to histograms)."""
    return {
        unit: _gauge(
            name if unit is Unit.COUNT else f"{name}_{unit}",
            f"{help_text}, {'a plain number' if unit is Unit.COUNT else f'in {unit}'}.",
            *labels,
        )
        for unit in Unit
    }


PROBE_DURATION = _histogram(
    "portalwatch_probe_duration_seconds",
    "Durations of probes that answered or timed out, without those the prober itself disturbed.",
    DURATION_BUCKETS,
    "series",
)
PROBE_PHASE = _counter(
    "portalwatch_probe_phase_seconds_total",
    "Time spent in each phase of the runs that the durations are of.",
    "series",
    "phase",
)
PROBE_RUNS = _counter(
    "portalwatch_probe_runs_total", "Runs of probes by how they ended.", "series", "outcome", "reason"
)
PROBE_SUCCESS = _gauge(
    "portalwatch_probe_success", "Whether the last run of the probe ended well (1) or not (0).", "series"
)
PROBE_LAST_RUN = _gauge(
    "portalwatch_probe_last_run_timestamp_seconds", "When the probe last started, in Unix time.", "series"
)
PROBE_INTERVAL = _gauge(
    "portalwatch_probe_interval_seconds", "How far apart the runs of the probe are scheduled.", "series"
)
PROBE_LATENESS = _histogram(
    "portalwatch_probe_lateness_seconds",
    "How much later than intended probes started, or gave up waiting for their turn.",
    LATENESS_BUCKETS,
)
PROBE_LOOP_DELAY = _histogram(
    "portalwatch_probe_loop_delay_seconds",
    "Longest delay of the prober's own event loop while a target was timed.",
    LOOP_DELAY_BUCKETS,
)
PROBE_DISTURBED = _counter(
    "portalwatch_probe_disturbed_total",
    "Runs that are not judged because the prober itself was delayed.",
    "series",
)
SERIES_VALUE = _gauge_by_unit("portalwatch_series_value", "Last value of the series", "series")
SERIES_BASELINE = _gauge_by_unit(
    "portalwatch_series_baseline", "Figure of the baseline the series is compared with", "series", "stat"
)
SERIES_LIMIT = _gauge_by_unit("portalwatch_series_limit", "Absolute limit of the series", "series", "level")
SERIES_TO_BASELINE = _gauge(
    "portalwatch_series_to_baseline_ratio",
    "Typical value now divided by that of the baseline: the estimate and the ends of its 95 % interval.",
    "series",
    "stat",
)
SERIES_TO_REFERENCE = _gauge(
    "portalwatch_series_to_reference_ratio",
    "The last fifteen calls of a watched series divided by its reference, the fastest of each five.",
    "series",
)
SERIES_DRIFT = _gauge(
    "portalwatch_series_drift",
    "How a watched series stands to its reference: 0 quiet, 1 suspected, 2 degraded.",
    "series",
)
SERIES_TOLERANCE = _gauge(
    "portalwatch_series_tolerance_ratio", "Ratio to the baseline above which the series is degraded.", "series"
)
SERIES_UNTIL_LIMIT = _gauge(
    "portalwatch_series_until_limit_seconds",
    "How long until the series crosses its warning or critical limit or its tolerance, at the pace of the last five "
    "weeks, at the earliest.",
    "series",
    "limit",
)
SCHEDULED_CAPTURES = _counter(
    "portalwatch_scheduled_captures_total", "Baselines that were due by the schedule, by how that ended.", "outcome"
)
CHECK_STATUS = _gauge(
    "portalwatch_check_status",
    "How the latest kept run of a check ended for a component: 0 PASS, 1 WARNING, 2 FAIL.",
    "check",
    "component",
)
CHECK_RUN = _gauge(
    "portalwatch_check_run_timestamp_seconds", "When the latest kept run of a check began, in Unix time.", "check"
)
FINDINGS = _gauge(
    "portalwatch_findings", "Open findings of the series by this rule at this level.", "series", "rule", "level"
)
FINDINGS_DRY_RUN = _gauge(
    "portalwatch_findings_dry_run",
    "The same of a series in a dry run: nobody is told of them.",
    "series",
    "rule",
    "level",
)
ALERTMANAGER_OWNS = _gauge(
    "portalwatch_alertmanager_owns",
    "1 where findings of the series by this rule are delivered by Alertmanager and not by portalwatch.",
    "series",
    "rule",
)
ALERTS = _gauge("portalwatch_alerts", "Alerts that are not resolved, by tier and state.", "tier", "state")
ALERT_CHANGES = _counter("portalwatch_alert_changes_total", "Changes of alerts, by reason and tier.", "reason", "tier")
ALERT_LATENESS = _histogram(
    "portalwatch_alert_step_lateness_seconds", "How much later than due alerts changed by the clock.", LATENESS_BUCKETS
)
ALERT_OVERDUE = _gauge(
    "portalwatch_alert_step_overdue_seconds",
    "How long the longest due escalation or reminder has been waiting, 0 where none is.",
)
ALERT_ACKNOWLEDGE = _histogram(
    "portalwatch_alert_acknowledge_seconds",
    "How long after it fired an alert was acknowledged.",
    ACKNOWLEDGE_BUCKETS,
    "tier",
)
ALERTS_BY_MEMORY = _gauge(
    "portalwatch_alerts_by_memory", "Whether alerts are decided without the store (1), because it is away, or not (0)."
)
ALERT_ROUNDS_FAILED = _counter(
    "portalwatch_alert_rounds_failed_total", "Rounds of a loop of the alerts that failed and are tried again.", "loop"
)
DELIVERIES = _counter("portalwatch_deliveries_total", "Attempts to deliver a notification.", "channel", "outcome")
DELIVERY_DURATION = _histogram(
    "portalwatch_delivery_duration_seconds", "How long attempts to deliver took.", DELIVERY_BUCKETS, "channel"
)
DELIVERIES_LATE = _counter(
    "portalwatch_deliveries_late_total", "Attempts given up on that delivered after all: they arrive twice.", "channel"
)
LEASES_LOST = _counter(
    "portalwatch_delivery_leases_lost_total", "Deliveries by a claim that had lapsed: they may arrive twice.", "channel"
)
DEAD_LETTERS = _counter(
    "portalwatch_dead_letters_total", "Notifications given up on, and the channel they fell to.", "channel", "fallback"
)
DIGESTS = _counter(
    "portalwatch_digests_total", "Messages that merged several notifications, so as not to flood a channel.", "channel"
)
DIGESTED = _counter(
    "portalwatch_digested_notifications_total", "Notifications that arrived merged with others.", "channel"
)
HEARTBEATS = _counter(
    "portalwatch_heartbeats_total", "Signals sent to whoever calls when they stay away, by how that ended.", "outcome"
)
OUTBOX = _gauge("portalwatch_outbox_notifications", "Notifications written and not yet delivered.")
MEASUREMENTS_DROPPED = _counter(
    "portalwatch_measurements_dropped_total", "Measurements lost because the queue between the processes was full."
)
MEASUREMENTS_SPOOLED = _counter(
    "portalwatch_measurements_spooled_total", "Measurements written to the spool because the store was away."
)
MEASUREMENTS_UNREGISTERED = _counter(
    "portalwatch_measurements_unregistered_total", "Measurements of a series that the configuration does not have."
)
INGEST_REQUESTS = _counter(
    "portalwatch_ingest_requests_total", "Requests to send something in by how they ended.", "kind", "outcome"
)
INGEST_DROPPED = _counter(
    "portalwatch_ingest_dropped_total", "What was sent in and accepted, and could not be written in time.", "kind"
)
VITAL_P75: Mapping[Unit, Metric] = {
    unit: _gauge(
        f"portalwatch_web_vital_p75{suffix}",
        f"Web vitals of real visits in the last hour at p75, {told}.",
        "metric",
        "route",
        "device",
    )
    for unit, suffix, told in ((Unit.SECONDS, "_seconds", "in seconds"), (Unit.COUNT, "", "a plain number"))
}
VITAL_SAMPLES = _counter(
    "portalwatch_web_vital_samples_total",
    "Values of web vitals that browsers sent and that were kept.",
    "metric",
    "device",
)
VITAL_DROPPED = _counter(
    "portalwatch_web_vital_dropped_total", "What browsers sent of web vitals and was not kept, by why.", "reason"
)
ERRORS = _counter("portalwatch_errors_total", "Errors that were sent in, repetitions left out.", "class")
STORE_UP = _gauge("portalwatch_store_up", "Whether the store answers (1) or not (0).")
PROBING_HEARD = _gauge(
    "portalwatch_probing_heartbeat_timestamp_seconds",
    "When the process that probes last showed a sign of life, in Unix time.",
)
PROCESS_CPU = _counter("portalwatch_process_cpu_seconds_total", "Processor time of our own processes.", "process")
PROCESS_MEMORY = _gauge("portalwatch_process_resident_memory_bytes", "Memory of our own processes.", "process")
PROCESS_RESTARTS = _counter("portalwatch_process_restarts_total", "Restarts of a supervised process.", "process")
BUILD = Metric(
    name="portalwatch_build_info", kind=MetricKind.INFO, help="What is running.", labels=("version", "python_version")
)
DEPLOYMENT = _gauge(
    "portalwatch_deployment_timestamp_seconds", "When the latest deployment started, in Unix time.", "release"
)
DEPLOYMENT_STAGE = _gauge(
    "portalwatch_deployment_stage",
    "1 for the part of its life that the deployment is in: under_way, rolling_back, watching or finished.",
    "deployment",
    "stage",
)
DEPLOYMENT_PHASE_STATUS = _gauge(
    "portalwatch_deployment_phase_status",
    "1 for the present status of each phase: pending, started, completed, failed or rolled_back.",
    "deployment",
    "phase",
    "status",
)
DEPLOYMENT_PHASE_STARTED = _gauge(
    "portalwatch_deployment_phase_started_timestamp_seconds",
    "When the phase began last, in Unix time.",
    "deployment",
    "phase",
)
DEPLOYMENT_PHASE_EXPECTED = _gauge(
    "portalwatch_deployment_phase_expected_seconds",
    "The shortest and the longest that the phase is expected to take.",
    "deployment",
    "phase",
    "bound",
)
DEPLOYMENT_GATE = _gauge(
    "portalwatch_deployment_gate_state",
    "1 for the state of the gate that is due: open, closed or inconclusive.",
    "deployment",
    "gate",
    "state",
)
DEPLOYMENT_USERS = _gauge(
    "portalwatch_deployment_users_allowed",
    "How many users the running phase allows, where it says so.",
    "deployment",
    "phase",
)
DEPLOYMENT_HEALTH = _gauge(
    "portalwatch_deployment_health_score",
    "The system health score as it was read last, 0 to 100; from 90 on it passes.",
    "deployment",
)
DEPLOYMENT_ADVICE = _gauge(
    "portalwatch_deployment_advice",
    "1 for the last rollback advice: continue, hold, rollback or undecided.",
    "deployment",
    "action",
)

CATALOGUE: tuple[Metric, ...] = (
    PROBE_DURATION,
    PROBE_PHASE,
    PROBE_RUNS,
    PROBE_SUCCESS,
    PROBE_LAST_RUN,
    PROBE_INTERVAL,
    PROBE_LATENESS,
    PROBE_LOOP_DELAY,
    PROBE_DISTURBED,
    *SERIES_VALUE.values(),
    *SERIES_BASELINE.values(),
    *SERIES_LIMIT.values(),
    SERIES_TO_BASELINE,
    SERIES_TO_REFERENCE,
    SERIES_DRIFT,
    SERIES_TOLERANCE,
    SERIES_UNTIL_LIMIT,
    SCHEDULED_CAPTURES,
    CHECK_STATUS,
    CHECK_RUN,
    FINDINGS,
    FINDINGS_DRY_RUN,
    ALERTMANAGER_OWNS,
    ALERTS,
    ALERT_CHANGES,
    ALERT_LATENESS,
    ALERT_OVERDUE,
    ALERT_ACKNOWLEDGE,
    ALERTS_BY_MEMORY,
    ALERT_ROUNDS_FAILED,
    DELIVERIES,
    DELIVERY_DURATION,
    DELIVERIES_LATE,
    LEASES_LOST,
    DEAD_LETTERS,
    DIGESTS,
    DIGESTED,
    HEARTBEATS,
    OUTBOX,
    MEASUREMENTS_DROPPED,
    MEASUREMENTS_SPOOLED,
    MEASUREMENTS_UNREGISTERED,
    INGEST_REQUESTS,
    INGEST_DROPPED,
    *VITAL_P75.values(),
    VITAL_SAMPLES,
    VITAL_DROPPED,
    ERRORS,
    STORE_UP,
    PROBING_HEARD,
    PROCESS_CPU,
    PROCESS_MEMORY,
    PROCESS_RESTARTS,
    BUILD,
    DEPLOYMENT,
    DEPLOYMENT_STAGE,
    DEPLOYMENT_PHASE_STATUS,
    DEPLOYMENT_PHASE_STARTED,
    DEPLOYMENT_PHASE_EXPECTED,
    DEPLOYMENT_GATE,
    DEPLOYMENT_USERS,
    DEPLOYMENT_HEALTH,
    DEPLOYMENT_ADVICE,
)
