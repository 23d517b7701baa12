"""What the rules say of one series today, out of the store: the figures, and whom they would wake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
from baselines.location import level_of
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from monitor.alerting import alert_policy
from monitor.comparing import LIVE_WINDOW, Comparing, Figures, compare_live, live_capture
from monitor.configuration import Configuration
from monitor.counting import Counting
from monitor.creep import Creep, Forecast
from monitor.drifting import Drifting, Held, Unarmed
from thresholds import AppliedRule, Finding, SeriesLimits, baseline_findings, evaluate


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The figures of the last hour, in the base unit of the series; None for what is not known.

    `latest` is the latest measurement as it is judged: the count of the whole window where the limit goes by time.
    `hour` has all calls of the hour, `low` the location that is judged (of durations only). `baseline` names the active
    baseline, `baseline_level` is its location. `compared` is the hour against it. `watched` is how it stands to its
    reference, where it is watched. `forecasts` is what it will cross within a year. `alerts` is what the evaluations of
    the hour lead to, pending and firing, had nothing been open before; of a series in a dry run what they would.
    """

    latest: Measurement | None
    hour: Summary | None
    low: float | None
    baseline: str | None
    baseline_level: float | None
    compared: SeriesComparison | None
    watched: Held | Unarmed | None
    forecasts: Sequence[Forecast]
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
    watched = await _watched(Drifting(figures, pool), series, now)
    if isinstance(watched, Held):  # then the baseline does not speak for it
        findings += watched.findings(series, figures.routing, now)
    elif comparison is not None:
        found = baseline_findings(comparison, figures.routing, now)
        findings += [one for one in found if one.series == series.name]
    creep = Creep(figures, configuration.settings.environment, pool)
    samples = _samples(hour)
    return Today(
        latest=judged[-1] if judged else None,
        hour=None if samples is None or not len(samples) else summarise([samples]),
        low=level_of([samples]) if samples is not None and series.is_duration else None,
        baseline=None if baseline is None else baseline.name,
        baseline_level=None if baseline is None else level_of(_sessions(baseline, series)),
        compared=None if comparison is None else _of(comparison, series),
        watched=watched,
        forecasts=[one async for _, forecasts in creep.forecasts([series], now) for one in forecasts],
        alerts=_led_to(findings, alert_policy(configuration.settings, figures, registry)),
    )


def limit_today(today: Today | None, rule: AppliedRule) -> float | None:
    """What a rule's tolerated ratio means in base units, over the reference of the series or the active baseline."""
    if today is None or rule.tolerance is None:
        return None
    if rule.watched:
        return today.watched.limit if isinstance(today.watched, Held) else None
    return None if today.baseline_level is None else today.baseline_level * rule.tolerance


async def _measured(
    measurements: PostgresMeasurements, series: Series, limits: SeriesLimits, now: datetime
) -> list[Measurement]:
    window = timedelta(seconds=limits.window_seconds or 0.0) if series.increment else timedelta()
    stored = await measurements.since([series.name], now - max(window, LIVE_WINDOW))
    return stored.get(series.name, [])


async def _watched(drifting: Drifting, series: Series, now: datetime) -> Held | Unarmed | None:
    """None for a series that can't be held against itself."""
    if not series.is_watchable:
        return None
    held = await drifting.held([series])
    return held.get(series.name) or await drifting.unarmed(series, now)


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


def _of(comparison: Comparison, series: Series) -> SeriesComparison | None:
    return next((one for one in comparison.series if one.series.name == series.name), None)
