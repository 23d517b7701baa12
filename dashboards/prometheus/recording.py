"""Recording rules, named level:metric:operation: what panels show and alerts judge is the same recorded series.

Every rule aggregates the instances away, so that two of them watching the same series stay one line, and a comparison
of two recorded series always finds one partner for each.
"""

from dataclasses import dataclass

from dashboards import metrics

# At a probe every 60 s fifteen minutes hold 15 samples, the least that a p95 is worth drawing for.
WINDOW = "15m"


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """An expression stored under a name."""

    record: str
    expr: str

    def as_rule(self) -> dict[str, object]:
        """The rule as Prometheus' file has it."""
        return {"record": self.record, "expr": self.expr}


def _rate(sample: str, by: str, matcher: str = "") -> str:
    return f"sum by ({by}) (rate({sample}{matcher}[{WINDOW}]))"


_DURATION = metrics.PROBE_DURATION.name
_ENDED_WELL = '{outcome="ok"}'
_RUNS = metrics.PROBE_RUNS.name

DURATION_P95 = RecordingRule(
    f"job_series:{_DURATION}:p95_rate{WINDOW}",
    f"histogram_quantile(0.95, {_rate(f'{_DURATION}_bucket', 'job, series, le')})",
)
DURATION_MEAN = RecordingRule(
    f"job_series:{_DURATION}:mean_rate{WINDOW}",
    f"{_rate(f'{_DURATION}_sum', 'job, series')} / {_rate(f'{_DURATION}_count', 'job, series')}",
)
ERROR_RATIO = RecordingRule(
    f"job_series:portalwatch_probe_errors:ratio_rate{WINDOW}",
    f"1 - {_rate(_RUNS, 'job, series', _ENDED_WELL)} / {_rate(_RUNS, 'job, series')}",
)
TO_BASELINE = RecordingRule(
    f"job_series_stat:{metrics.SERIES_TO_BASELINE.name}:max",
    f"max by (job, series, stat) ({metrics.SERIES_TO_BASELINE.name})",
)
TOLERANCE = RecordingRule(
    f"job_series:{metrics.SERIES_TOLERANCE.name}:min", f"min by (job, series) ({metrics.SERIES_TOLERANCE.name})"
)
FINDINGS = RecordingRule(
    f"job_series_level:{metrics.FINDINGS.name}:max", f"max by (job, series, level) ({metrics.FINDINGS.name})"
)
LATENESS_P99 = RecordingRule(
    f"job:{metrics.PROBE_LATENESS.name}:p99_rate{WINDOW}",
    f"histogram_quantile(0.99, {_rate(f'{metrics.PROBE_LATENESS.name}_bucket', 'job, le')})",
)

RECORDING_RULES = (DURATION_P95, DURATION_MEAN, ERROR_RATIO, TO_BASELINE, TOLERANCE, FINDINGS, LATENESS_P99)
