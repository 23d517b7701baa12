"""What `portalwatch explain` shows: rules with the lines they stand in, today's figures, and who would be told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import click

from alerts import Alert, AlertState
from baselines import Direction, Measurement, Outcome, Question, Series, SeriesComparison, Summary, Unit
from monitor.cli.tables import print_table
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.drift_report import standing_told
from monitor.explaining import Today, limit_today
from probes import ProbeSettings
from thresholds import (
    AppliedRule,
    GradeBands,
    SeriesLimits,
    Source,
    Tier,
    bands_of,
    rules_of,
    shipped_line,
    standing_of,
    written,
)
from thresholds.grade import FILE as GRADES_FILE
from thresholds.matrix import FILE as MATRIX_FILE

_LABEL = 12

Line = tuple[str, str]


@dataclass(frozen=True)
class Explanation:
    """One series with everything that is to be said of it; `today` is None where the store can't be asked."""

    configuration: Configuration
    figures: Figures
    series: Series
    today: Today | None

    @cached_property
    def limits(self) -> SeriesLimits:
        """What the matrix says of the series."""
        return self.figures.matrix.limits_of(self.series)

    @cached_property
    def rules(self) -> list[AppliedRule]:
        """Every rule that is held against it."""
        return rules_of(self.series, self.figures.matrix, self.figures.routing)

    @property
    def probe(self) -> ProbeSettings:
        """The probe that measures it."""
        probes = self.configuration.settings.probes.values()
        return next(one for one in probes if any(series.name == self.series.name for series in one.series()))

    @property
    def alerts(self) -> list[Alert]:
        """What today's evaluations lead to."""
        return [] if self.today is None else list(self.today.alerts)

    @property
    def would_wake(self) -> bool:
        """Whether anybody would be told."""
        return any(one.state is AlertState.FIRING for one in self.alerts) and not self.limits.dry_run

    @property
    def standing(self) -> str | None:
        """The customer's word for the latest value, where there is one."""
        latest = None if self.today is None else self.today.latest
        if latest is None or latest.value is None:
            return None
        return standing_of(self.series, self.limits, self.figures.grades, latest.value)

    def place(self, source: Source | None) -> str | None:
        """File and line of a figure; None for one that stands nowhere."""
        if source is None:
            return None
        return (
            f"{MATRIX_FILE}:{shipped_line(MATRIX_FILE, source.key)}"
            if source.shipped
            else self.configuration.place(source.key)
        )

    def place_of(self, figure: str) -> str | None:
        """File and line of a figure of the matrix, by its name; None where nothing says it."""
        return self.place(self.limits.sources.get(figure))

    @property
    def grade_bands(self) -> GradeBands | None:
        """The bands of a benchmark query."""
        return bands_of(self.series, self.figures.grades)

    @property
    def place_of_grades(self) -> str:
        """Where those bands stand."""
        metric = self.series.metric
        if metric in self.configuration.settings.grades:
            return self.configuration.place(("grades", metric))
        return f"{GRADES_FILE}:{shipped_line(GRADES_FILE, ('queries', metric))}"

    def channels(self, tier: Tier) -> tuple[list[str], list[str]]:
        """The channels of a tier, by name: those that are configured, and those that are not."""
        known = self.configuration.settings.alerts.channels
        return [one for one in tier.channels if one in known], [one for one in tier.channels if one not in known]

    def written(self, value: float | None) -> str:
        """A value of this series for people."""
        return "unknown" if value is None else written(value, self.series.unit)


def print_explanation(one: Explanation) -> None:
    """The series, its rules, today's figures, and who would be told."""
    click.secho(one.series.name, bold=True)
    _print_lines((*_what_it_is(one), *_settings(one)))
    print_table(
        ["rule", "level", "broken", "from", "tells"],
        [
            [_name(rule), rule.level, _when(one, rule), one.place(rule.source) or "", _told(one, rule.tier)]
            for rule in one.rules
        ],
    )
    click.secho("today", bold=True)
    _print_lines(_today(one))
    if one.today is not None:
        click.secho("would fire", bold=True)
        for line in _would_fire(one):
            click.echo(f"  {line}")


def _print_lines(lines: Iterable[Line]) -> None:
    for label, text in lines:
        click.echo(click.style(f"  {label:{_LABEL}}", dim=True) + text)


def _what_it_is(one: Explanation) -> Iterator[Line]:
    series, limit = one.series, one.limits.warning or one.limits.critical
    worse = "less" if series.direction is Direction.FLOOR else "more"
    cadence = "" if series.cadence_seconds is None else f", every {written(series.cadence_seconds, Unit.SECONDS)}"
    yield "measures", f"{series.unit}, {worse} is worse{cadence}, by the probe {one.probe.name} ({one.probe.kind})"
    if series.increment and limit is not None and limit.window is not None:
        yield "counts", f"what is new since the run before; the sum of the last {limit.window} is judged"
    if series.minimum_traffic is not None:
        yield "traffic", f"with fewer than {series.minimum_traffic:g} events its probe judges nothing"


def _settings(one: Explanation) -> Iterator[Line]:
    limits = one.limits
    at_once = "; by the baseline at once" if one.series.is_duration else ""
    yield (
        "fires",
        f"after {limits.bad_evaluations} bad evaluations in a row ({one.place_of('bad_evaluations')}){at_once}",
    )
    yield "resolves", f"after {limits.good_evaluations} good ones ({one.place_of('good_evaluations')})"
    if limits.action is not None:
        yield "action", f"{limits.action} ({one.place_of('action')})"
    if limits.dry_run:
        yield "dry run", f"judged and shown, and nobody is told ({one.place_of('dry_run')})"
    if bands := one.grade_bands:
        figures = f"{_ms(bands.excellent_seconds)}, {_ms(bands.good_seconds)}, {_ms(bands.acceptable_seconds)}"
        yield "grades", f"EXCELLENT, GOOD, ACCEPTABLE under {figures} ({one.place_of_grades})"


def _ms(seconds: float) -> str:
    return written(seconds, Unit.SECONDS)


def _name(rule: AppliedRule) -> str:
    if rule.watched:
        return f"{rule.rule}, watched"
    return rule.rule if rule.profile is None else f"{rule.rule}, {rule.profile}"


def _when(one: Explanation, rule: AppliedRule) -> str:
    limit = limit_today(one.today, rule)
    return rule.when if limit is None else f"{rule.when}: {one.written(limit)}"


def _told(one: Explanation, tier: Tier) -> str:
    if one.limits.dry_run:
        return "nobody: dry run"
    configured, missing = one.channels(tier)
    names = [*configured, *(f"{name} (not configured)" for name in missing)]
    return f"{tier.name}: {', '.join(names)}"


def _today(one: Explanation) -> Iterator[Line]:
    today = one.today
    if today is None:
        yield "", "unknown: the store can't be asked"
        return
    if today.latest is None:
        yield "", "nothing was measured in the last hour"
    else:
        yield "latest", f"{_latest(one, today.latest)}, {today.latest.started_at:%H:%M:%S} UTC"
    if today.hour is not None:
        yield "last hour", _hour(one, today.hour, today.low)
    if one.series.is_duration:
        yield "baseline", _baseline(one, today)
    if today.watched is not None:
        yield "reference", standing_told(today.watched)
    for forecast in today.forecasts:
        yield "forecast", forecast.sentence(one.series.unit)


def _baseline(one: Explanation, today: Today) -> str:
    if today.baseline is None:
        return "none is active; capture one with `portalwatch baseline capture NAME`"
    if today.baseline_level is None:
        return f"{today.baseline} does not have this series"
    return f"{today.baseline}: {one.written(today.baseline_level)}; {_compared(today.compared)}"


def _latest(one: Explanation, latest: Measurement) -> str:
    if latest.value is None:
        return f"{latest.outcome} ({str(latest.reason).replace('_', ' ')})"
    at_least = "at least " if latest.outcome is Outcome.TIMEOUT else ""
    return f"{at_least}{one.written(latest.value)}" + (f" ({one.standing})" if one.standing else "")


def _hour(one: Explanation, hour: Summary, low: float | None) -> str:
    lost = hour.failed + hour.timed_out
    figures = {"low": low, "median": hour.median, "p95": hour.p95}
    told = [f"{name} {one.written(figure)}" for name, figure in figures.items() if figure is not None]
    return ", ".join([f"{hour.n} calls", *told, f"{written(lost / hour.n, Unit.RATIO)} failed"])


def _compared(compared: SeriesComparison | None) -> str:
    if compared is None:
        return "too little was measured to compare with it"
    typical = compared.answer(Question.TYPICAL)
    if typical is None or typical.ratio is None or typical.ci_low is None or typical.ci_high is None:
        return f"{compared.verdict}: {compared.reason}"
    interval = f"95 % interval {typical.ci_low:.3g} to {typical.ci_high:.3g}"
    return f"now {typical.ratio:.3g} × ({interval}), {compared.verdict}"


def _would_fire(one: Explanation) -> Iterator[str]:
    if not one.alerts:
        yield "nothing"
    for alert in one.alerts:
        needed = one.limits.bad_evaluations
        how = "fires" if alert.state is AlertState.FIRING else f"{alert.bad_count} of {needed} bad evaluations"
        yield f"{alert.rule} {alert.level}: {how} → {_told(one, one.figures.routing.tiers[alert.tier])}"
        yield f"  {alert.summary}"
