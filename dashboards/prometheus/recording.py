"""Recording rules, named level:metric:operation: what panels show and alerts judge is the same recorded series.

Every rule aggregates the instances away, so that two of them watching the same series stay one line, and a comparison
of two recorded series always finds one partner for each.
"""

from dataclasses import dataclass

from dashboards import metrics

# At a probe every 60 s fifteen minutes hold 15 samples, the least that a p95 is worth drawing for.
WINDOW = "15m"
# What the customer calls a success: 99.9 % availability (domain figures, launch health).
OBJECTIVE = 0.999
# Short and long windows in pairs, as the SRE workbook has them ("Alerting on SLOs", table 5-8).
BURN_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """An expression stored under a name."""

    record: str
    expr: str

    def as_rule(self) -> dict[str, object]:
        """The rule as Prometheus' file has it."""
        return {"record": self.record, "expr": self.expr}


def quantile(share: float, buckets: str) -> str:
    """Of rates of buckets. Where nothing was counted there is none, and not something that is no number."""
    return f"histogram_quantile({share}, {buckets}) >= 0"


def _rate(sample: str, by: str, matcher: str = "", window: str = WINDOW) -> str:
    return f"sum by ({by}) (rate({sample}{matcher}[{window}]))"


def _error_ratio(window: str) -> str:
    """Of the runs that came to the target: one that held back says nothing of it."""
    well = _rate(_RUNS, "job, series", '{outcome="ok"}', window)
    all_runs = _rate(_RUNS, "job, series", '{outcome!="skipped"}', window)
    return f"1 - {well} / ({all_runs} > 0)"


_DURATION = metrics.PROBE_DURATION.name
_RUNS = metrics.PROBE_RUNS.name

DURATION_P95 = RecordingRule(
    f"job_series:{_DURATION}:p95_rate{WINDOW}",
    quantile(0.95, _rate(f"{_DURATION}_bucket", "job, series, le")),
)
DURATION_MEAN = RecordingRule(
    f"job_series:{_DURATION}:mean_rate{WINDOW}",
    f"{_rate(f'{_DURATION}_sum', 'job, series')} / ({_rate(f'{_DURATION}_count', 'job, series')} > 0)",
)
ERROR_RATIO = RecordingRule(f"job_series:portalwatch_probe_errors:ratio_rate{WINDOW}", _error_ratio(WINDOW))
SUCCESS = RecordingRule(
    f"job_series:{metrics.PROBE_SUCCESS.name}:max", f"max by (job, series) ({metrics.PROBE_SUCCESS.name})"
)
TO_BASELINE = RecordingRule(
    f"job_series_stat:{metrics.SERIES_TO_BASELINE.name}:max",
    f"max by (job, series, stat) ({metrics.SERIES_TO_BASELINE.name})",
)
TOLERANCE = RecordingRule(
    f"job_series:{metrics.SERIES_TOLERANCE.name}:min", f"min by (job, series) ({metrics.SERIES_TOLERANCE.name})"
)
DRIFT = RecordingRule(
    f"job_series:{metrics.SERIES_DRIFT.name}:max", f"max by (job, series) ({metrics.SERIES_DRIFT.name})"
)
FINDINGS = RecordingRule(
    f"job_series_rule_level:{metrics.FINDINGS.name}:max",
    f"max by (job, series, rule, level) ({metrics.FINDINGS.name})",
)
OWNED = RecordingRule(
    f"job_series_rule:{metrics.ALERTMANAGER_OWNS.name}:max",
    f"max by (job, series, rule) ({metrics.ALERTMANAGER_OWNS.name})",
)
LATENESS_P99 = RecordingRule(
    f"job:{metrics.PROBE_LATENESS.name}:p99_rate{WINDOW}",
    quantile(0.99, _rate(f"{metrics.PROBE_LATENESS.name}_bucket", "job, le")),
)
# 1 spends the budget exactly in the time it is for; the table of windows is what an alert of one's own is written with.
BURN_RATES = tuple(
    RecordingRule(
        f"job_series:portalwatch_probe_error_budget:burn_rate{window}",
        f"({_error_ratio(window)}) / {round(1 - OBJECTIVE, 6)}",
    )
    for window in BURN_WINDOWS
)

RECORDING_RULES = (
    DURATION_P95,
    DURATION_MEAN,
    ERROR_RATIO,
    SUCCESS,
    TO_BASELINE,
    TOLERANCE,
    DRIFT,
    FINDINGS,
    OWNED,
    LATENESS_P99,
)
