"""System health validation: five components, each probe held against its limits, and a look at what no probe tells."""

from collections.abc import Iterator, Sequence

from baselines import Clock, Measurement, Outcome, Reason
from monitor.checks.direct import (
    FRONT_END_CATEGORY,
    SECURITY_CATEGORY,
    look_at_databases,
    look_at_portals,
    order,
)
from monitor.comparing import Figures
from monitor.settings import Settings
from probes import HttpTarget, PostgresTarget, ProbeSet
from probes.kinds.host import HostSettings
from thresholds import (
    CheckKind,
    CheckLine,
    CheckReport,
    CheckStatus,
    HealthValidation,
    Level,
    evaluate,
    load_health_validation,
    not_looked_at,
    written,
)

# Long enough for the processors' share since the first run to say something of the host, and not of this process.
_SETTLING_SECONDS = 2.0
# Categories that are a component of their own, whatever they look at.
_OWN_COMPONENT = {FRONT_END_CATEGORY: "front end", SECURITY_CATEGORY: "security"}
# A target that fails like this was reached all the same.
_ANSWERS = (Reason.SQL_ERROR, Reason.LOCK_TIMEOUT, Reason.STATEMENT_TIMEOUT, Reason.BODY_TOO_LARGE)
# As a capture does.
_REPEATS = 3


async def validate_health(settings: Settings, figures: Figures, probes: ProbeSet, clock: Clock) -> CheckReport:
    """All five components. Every probe runs once, and a second time for the figure: no cold connect is judged, and no
    moment of the host.
    """
    rules, at = load_health_validation(), clock.now()
    databases = await look_at_databases(settings, rules, clock)
    portals = await look_at_portals(settings, rules, clock)
    lines, reached = [*databases.lines, *portals.lines], databases.reached | portals.reached
    host = HostSettings(name="host", kind="host", category="host")
    async with ProbeSet({"host": host}, {}, clock) as own:
        for name in settings.probes:
            await probes.run(name, clock.now())
        await own.run("host", clock.now())
        await clock.sleep(_SETTLING_SECONDS)
        of_host: Sequence[Measurement] = await own.run("host", clock.now())
    for name, probe in settings.probes.items():
        measurements = await _undisturbed(probes, name, clock)
        if probe.target and any(_is_answer(one) for one in measurements):
            reached.add(probe.target)
        if isinstance(probe, HostSettings):
            of_host = measurements
        component = _OWN_COMPONENT.get(probe.category) or _component(settings, probe.target)
        lines += [_line(component, figures, probes, one) for one in measurements]
    lines += _resources(rules, of_host)
    unreachable = [name for name in settings.targets if name not in reached]
    return CheckReport(CheckKind.SYSTEM_HEALTH, at, order(lines, rules.components), unreachable)


async def _undisturbed(probes: ProbeSet, name: str, clock: Clock) -> Sequence[Measurement]:
    """One run, made again where this process disturbed it: such a figure is held against no limit."""
    measurements = await probes.run(name, clock.now())
    for _ in range(_REPEATS):
        if not any(one.disturbed for one in measurements):
            break
        measurements = await probes.run(name, clock.now())
    return measurements


def _is_answer(measurement: Measurement) -> bool:
    return measurement.outcome in (Outcome.OK, Outcome.FAILED_ASSERTION) or measurement.reason in _ANSWERS


def _component(settings: Settings, target: str | None) -> str:
    match settings.targets.get(target or ""):
        case PostgresTarget():
            return "database"
        case HttpTarget():
            return "backend API"
        case _:
            return "performance"


def _line(component: str, figures: Figures, probes: ProbeSet, measurement: Measurement) -> CheckLine:
    series = probes.series[measurement.series]
    if measurement.outcome is Outcome.SKIPPED:
        return not_looked_at(component, series.name, measurement.detail or str(measurement.reason))
    findings = evaluate(series, figures.matrix.limits_of(series), measurement, figures.routing)
    worst = max((CheckStatus.of(one.level) for one in findings), key=lambda one: one.severity, default=CheckStatus.PASS)
    value = measurement.value
    wrong = [one.summary for one in findings if one.level is not Level.OK]
    if wrong:
        return CheckLine(component, series.name, worst, "; ".join(wrong), value, series.unit)
    if value is None:
        return CheckLine(component, series.name, CheckStatus.FAIL, f"no answer: {measurement.reason}")
    figure = written(value, series.unit)
    if measurement.disturbed:
        told = f"{figure}, not judged: this machine is too busy to measure it"
        return CheckLine(component, series.name, CheckStatus.WARNING, told, value, series.unit)
    return CheckLine(component, series.name, worst, figure, value, series.unit)


def _resources(rules: HealthValidation, measurements: Sequence[Measurement]) -> Iterator[CheckLine]:
    """What the validation itself asks of the host, beside the limits of the matrix."""
    by_metric = {one.series.partition(".")[2]: one for one in measurements}
    for name in rules.resources:
        measured = by_metric.get(name)
        if measured is None or measured.value is None:
            yield not_looked_at(
                "performance", name, "the probe of this host does not tell" if measured is None else measured.detail
            )
        else:
            yield rules.resource(name, measured.value)
