"""What the rules say of one series today, out of the store: the figures, and whom they would wake."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from asyncpg import Pool

from alerts import Alert, AlertState, Policy, decide
from baselines import (
    Baseline,
    BaselineError,
    Comparison,
    Measurement,
    SampleError,
    Samples,
    Series,
    SeriesComparison,
    SeriesRegistry,
    Summary,
    summarise,
)
from baselines.location import judged_band, log_locations
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from monitor.alerting import alert_policy
from monitor.comparing import LIVE_WINDOW, Comparing, Figures, compare_live, live_capture
from monitor.configuration import Configuration
from monitor.counting import Counting
from thresholds import Finding, SeriesLimits, baseline_findings, evaluate


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The figures of the last hour, in the base unit of the series; None for what is not known.

    `latest` is the latest measurement as it is judged: the count of the whole window where the limit goes by time.
    `hour` has all calls of the hour, `low` the location that is judged (of durations only). `baseline` names the active
    baseline, `baseline_level` is its location. `compared` is the hour against it. `alerts` is what the evaluations of
    the hour lead to, pending and firing, had nothing been open before; of a series in a dry run what they would.
    """

    latest: Measurement | None
    hour: Summary | None
    low: float | None
    baseline: str | None
    baseline_level: float | None
    compared: SeriesComparison | None
    alerts: Sequence[Alert]

    @property
    def firing(self) -> Sequence[Alert]:
        """Those that somebody would be told of."""
        return [one for one in self.alerts if one.state is AlertState.FIRING]


async def look_at_today(
    configuration: Configuration, figures: Figures, registry: SeriesRegistry, series: Series, pool: Pool, now: datetime
) -> Today:
    """The figures of one series. All of them are compared with the baseline, as the service does: they are a family.

    Raises what the store raises.
    """
    limits = figures.matrix.limits_of(series)
    measured = await _measured(PostgresMeasurements(pool), series, limits, now)
    baseline, comparison = await _compared(configuration, figures, registry, pool, now)
    counting = Counting({series.name: series}, {series.name: limits})
    judged = [counting.of_window(one) for one in measured]
    hour = [one for one in judged if one.started_at >= now - LIVE_WINDOW]
    findings = [one for measurement in hour for one in evaluate(series, limits, measurement, figures.routing)]
    if comparison is not None:
        found = baseline_findings(comparison, figures.routing, now)
        findings += [one for one in found if one.series == series.name]
    samples = _samples(hour)
    return Today(
        latest=judged[-1] if judged else None,
        hour=None if samples is None or not len(samples) else summarise([samples]),
        low=_location([samples]) if samples is not None and series.is_duration else None,
        baseline=None if baseline is None else baseline.name,
        baseline_level=None if baseline is None else _location(_sessions(baseline, series)),
        compared=None if comparison is None else _of(comparison, series),
        alerts=_led_to(findings, alert_policy(configuration.settings, figures, registry)),
    )


def limit_by_baseline(today: Today | None, tolerance: float | None) -> float | None:
    """What a tolerated ratio means against the active baseline, in base units."""
    if today is None or today.baseline_level is None or tolerance is None:
        return None
    return today.baseline_level * tolerance


async def _measured(
    measurements: PostgresMeasurements, series: Series, limits: SeriesLimits, now: datetime
) -> list[Measurement]:
    window = timedelta(seconds=limits.window_seconds or 0.0) if series.increment else timedelta()
    stored = await measurements.since([series.name], now - max(window, LIVE_WINDOW))
    return stored.get(series.name, [])


async def _compared(
    configuration: Configuration, figures: Figures, registry: SeriesRegistry, pool: Pool, now: datetime
) -> tuple[Baseline | None, Comparison | None]:
    """The active baseline and the last hour against it; None where there is none, or too little."""
    store, ledger = PostgresBaselines(pool), PostgresLedger(pool)
    name = await store.active(configuration.settings.environment)
    if name is None:
        return None, None
    baseline = await store.load(name)
    live = await live_capture(PostgresMeasurements(pool), ledger, registry, configuration, now)
    if live is None:
        return baseline, None
    try:
        comparing = Comparing(figures=figures, store=store, ledger=ledger)
        return baseline, await compare_live(comparing, baseline, live, now)
    except BaselineError:  # nothing in common
        return baseline, None


def _led_to(findings: Sequence[Finding], policy: Policy) -> list[Alert]:
    """What the alert room makes of these evaluations, one after the other, by its own rules."""
    alerts: dict[str, Alert] = {}
    for finding in findings:
        transition = decide(alerts.pop(finding.fingerprint, None), finding, policy, finding.since)
        after = None if transition is None else transition.after
        if after is not None and after.state is not AlertState.RESOLVED:
            alerts[finding.fingerprint] = after
    return list(alerts.values())


def _samples(hour: Sequence[Measurement]) -> Samples | None:
    try:
        return Samples.of_measurements(hour)
    except SampleError:  # a level below zero, of which there are no quantiles as of calls
        return None


def _sessions(baseline: Baseline, series: Series) -> Sequence[Samples]:
    return baseline.samples_of(series.name) if series.name in baseline.series and series.is_duration else ()


def _location(sessions: Sequence[Samples]) -> float | None:
    """The judged location over sessions: the geometric mean of theirs; None where no session has one."""
    bands = np.array([judged_band(sessions)] * len(sessions)).reshape(-1, 2)
    known = [one for one in log_locations(sessions, bands) if math.isfinite(one)]
    return math.exp(float(np.mean(known))) if known else None


def _of(comparison: Comparison, series: Series) -> SeriesComparison | None:
    return next((one for one in comparison.series if one.series.name == series.name), None)
