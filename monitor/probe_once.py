"""One probe, now and in this process: what an engineer asks in an incident, with everything there is to see."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from baselines import Clock, Inspection, Measurement, Outcome, Reason
from monitor.comparing import Figures
from monitor.errors import ConfigurationError, ExitCode
from probes import ProbeRun, ProbeSet
from thresholds import Finding, Level, evaluate

# Runs in a row leave the target this much air: somebody may be in trouble there already.
PAUSE_SECONDS = 0.2

# The target was not reached, or the prober was at fault: nothing was found out about it.
UNREACHED = frozenset(
    {Reason.REFUSED, Reason.DNS, Reason.TLS, Reason.CONNECT_TIMEOUT, Reason.ADDRESS, Reason.TOO_MANY_CONNECTIONS}
    | {Reason.INTERNAL}
)


@dataclass(frozen=True, slots=True)
class Look:
    """One run: what was measured, what the limits say of it, and what the run kept; None where it was left out."""

    measurements: Sequence[Measurement]
    findings: Sequence[Finding]
    run: ProbeRun | None

    @property
    def code(self) -> ExitCode:
        """Unreachable before a finding before what can't be judged; a broken warning limit alone is no finding."""
        if any(one.reason in UNREACHED for one in self.measurements):
            return ExitCode.CANNOT_RUN
        if any(one.level is Level.CRITICAL for one in self.findings) or any(
            one.outcome not in (Outcome.OK, Outcome.SKIPPED) for one in self.measurements
        ):
            return ExitCode.FINDING
        if any(not one.says_something for one in self.measurements):
            return ExitCode.INCONCLUSIVE
        return ExitCode.WELL


def code_of(looks: Sequence[Look]) -> ExitCode:
    """Of several runs: unreachable, or not to be judged, only where every run was; a finding where any failed."""
    codes = {one.code for one in looks}
    if len(codes) == 1:
        return codes.pop()
    return ExitCode.FINDING if codes & {ExitCode.FINDING, ExitCode.CANNOT_RUN} else ExitCode.WELL


async def look_repeatedly(
    probes: ProbeSet, figures: Figures, name: str, count: int, clock: Clock
) -> AsyncIterator[Look]:
    """So many runs, one after the other."""
    for number in range(count):
        if number:
            await clock.sleep(PAUSE_SECONDS)
        seen = await probes.observe(name, clock.now())
        findings = [finding for one in seen.measurements for finding in _judged(probes, figures, one)]
        yield Look(seen.measurements, findings, seen.run)


async def look_inside(probes: ProbeSet, name: str, last: Look) -> Inspection | None:
    """How the target carries the probe out, where it does so at the moment: a target in trouble is left alone."""
    if any(one.outcome is not Outcome.OK for one in last.measurements):
        return None
    return await probes.inspect(name)


def probe_named(probes: ProbeSet, word: str) -> str:
    """The probe of that name, or the one that measures the series of that name, as an alert shows it.

    Raises ConfigurationError that names the closest.
    """
    if word in probes.names:
        return word
    for name in probes.names:
        if any(series.name == word for series in probes.series_of(name)):
            return name
    if not probes.names:
        raise ConfigurationError("the configuration has no probes")
    closest = get_close_matches(word, probes.names, n=1)
    hint = f"did you mean {closest[0]}? " if closest else ""
    raise ConfigurationError(f"there is no probe {word!r}; {hint}there are: {', '.join(sorted(probes.names))}")


def _judged(probes: ProbeSet, figures: Figures, measurement: Measurement) -> list[Finding]:
    """The broken limits of one measurement; that it failed is told by its outcome already."""
    series = probes.series[measurement.series]
    findings = evaluate(series, figures.matrix.limits_of(series), measurement, figures.routing)
    return [one for one in findings if one.level is not Level.OK and one.limit is not None]
