"""One system health validation: every component held against its limits now, PASS, WARNING or FAIL with its figures."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from baselines import Clock, Measurement, Outcome, Reason
from monitor.comparing import Figures
from monitor.settings import Settings
from probes import HttpTarget, PostgresTarget, ProbeSet
from thresholds import Level, evaluate, written

# Long enough for the processors' share since the first run to say something of the host, and not of this process.
_SETTLING_SECONDS = 2.0
# Categories that are a component of their own, whatever they look at.
_OWN_COMPONENT = {"frontend_performance": "front end", "security": "security"}
# A target that fails like this was reached all the same.
_ANSWERS = (Reason.SQL_ERROR, Reason.LOCK_TIMEOUT, Reason.STATEMENT_TIMEOUT, Reason.BODY_TOO_LARGE)
# As a capture does.
_REPEATS = 3


class Status(StrEnum):
    """What a check can say."""

    PASS = "PASS"
    WARNING = "WARNING"
    FAIL = "FAIL"


# Worst first.
_SEVERITY = (Status.FAIL, Status.WARNING, Status.PASS)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a component: what was looked at, how it is, and the figure or the reason."""

    name: str
    status: Status
    detail: str


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the system with its checks; it is as good as the worst of them."""

    name: str
    checks: Sequence[Check]

    @property
    def status(self) -> Status:
        """The worst of the checks."""
        return min((one.status for one in self.checks), key=_SEVERITY.index)


@dataclass(frozen=True, slots=True)
class Health:
    """The whole validation. `unreachable` names targets none of whose probes got an answer."""

    components: Sequence[Component]
    unreachable: Sequence[str]


async def validate(settings: Settings, figures: Figures, probes: ProbeSet, clock: Clock) -> Health:
    """Run every probe once, and a second time for the figure: no cold connect is judged, and no moment of the host."""
    checks = defaultdict[str, list[Check]](list)
    answered = dict.fromkeys(settings.targets, False)
    for name in settings.probes:
        await probes.run(name, clock.now())
    await clock.sleep(_SETTLING_SECONDS)
    for name, probe in settings.probes.items():
        measurements = await _undisturbed(probes, name, clock)
        if probe.target and any(_is_answer(one) for one in measurements):
            answered[probe.target] = True
        component = _OWN_COMPONENT.get(probe.category) or _component(settings, probe.target)
        checks[component] += [_check(figures, probes, one) for one in measurements]
    probed = {probe.target for probe in settings.probes.values()}
    return Health(
        [Component(name, ones) for name, ones in checks.items()],
        [target for target, reached in answered.items() if not reached and target in probed],
    )


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


def _check(figures: Figures, probes: ProbeSet, measurement: Measurement) -> Check:
    series = probes.series[measurement.series]
    findings = evaluate(series, figures.matrix.limits_of(series), measurement, figures.routing)
    levels = {one.level for one in findings}
    status = Status.FAIL if Level.CRITICAL in levels else Status.WARNING if Level.WARNING in levels else Status.PASS
    wrong = [one.summary for one in findings if one.level is not Level.OK]
    if wrong:
        return Check(series.name, status, "; ".join(wrong))
    if measurement.value is None:
        return Check(series.name, Status.FAIL, f"no answer: {measurement.reason}")
    figure = written(measurement.value, series.unit)
    if measurement.disturbed:
        return Check(series.name, Status.WARNING, f"{figure}, not judged: this machine is too busy to measure it")
    return Check(series.name, status, figure)
