"""Whether anything is over a critical limit right now: looked at more than once before it is said."""

from collections.abc import Sequence

from baselines import Clock, Outcome
from monitor.comparing import Figures
from probes import ProbeSet
from thresholds import Finding, Level, evaluate

# A single value accuses nobody: what is critical is looked at again, so often and so far apart.
LOOKS = 3
PAUSE_SECONDS = 2.0


async def look_at_limits(probes: ProbeSet, figures: Figures, clock: Clock) -> tuple[list[Finding], int]:
    """What is critical in each of three looks, by the last of them, and how many series said something at all."""
    measured: set[str] = set()
    wanted: Sequence[str] = probes.names
    critical: dict[str, list[Finding]] = {}
    for look in range(LOOKS):
        if look:
            await clock.sleep(PAUSE_SECONDS)
        known = {one.fingerprint for found in critical.values() for one in found}
        before = frozenset(measured)
        critical = {name: await _critical(probes, name, figures, clock, measured) for name in wanted}
        # One probe may have several series: one that was well the look before is not critical for being so once.
        critical = {
            name: [one for one in found if one.fingerprint in known or one.series not in before]
            for name, found in critical.items()
        }
        # What there was nothing to say of at first (a rate needs two readings) is looked at again, too.
        wanted = [name for name in wanted if critical[name] or not _said(probes, name, measured)]
        if not wanted:
            return [], len(measured)
    return [finding for found in critical.values() for finding in found], len(measured)


async def _critical(probes: ProbeSet, name: str, figures: Figures, clock: Clock, measured: set[str]) -> list[Finding]:
    found = []
    for one in await probes.run(name, clock.now()):
        if one.outcome is Outcome.SKIPPED:
            continue
        series = probes.series[one.series]
        measured.add(series.name)
        findings = evaluate(series, figures.matrix.limits_of(series), one, figures.routing)
        dry_run = figures.matrix.limits_of(series).dry_run
        found += [finding for finding in findings if finding.level is Level.CRITICAL and not dry_run]
    return found


def _said(probes: ProbeSet, name: str, measured: set[str]) -> bool:
    return any(series.name in measured for series in probes.series_of(name))
