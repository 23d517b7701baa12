"""A probe that is not running is a fault itself: silence made a finding, so that it goes the way of all findings."""

from datetime import datetime

from baselines import Reason, Series
from monitor.watch import Watch
from thresholds import Finding, Level, Routing, Rule

# The one line that stands for all probes: a prober that has died is one finding, not one for each of its probes.
PROBING = Series("portalwatch.probing")


def silence_findings(watch: Watch, routing: Routing, now: datetime) -> list[Finding]:
    """What is not being measured, by the availability rule; to be asked again and again.

    A silent probe is a warning, which its next good measurement ends. Nothing is said of one whose target was out of
    reach when it was last measured: that is told already, and graver. A prober without a sign of life, and one all of
    whose probes are silent, is one critical finding under a name of the service's own.
    """
    scheduled = [one for one in watch.series.values() if one.cadence_seconds is not None]
    if not scheduled:
        return []
    if not watch.prober_is_running(now):
        since = watch.heartbeat_at or watch.started_at
        return [_of_all(routing, now, f"nothing is measured: the prober has shown no sign of life since {_at(since)}")]
    silent = [one for one in scheduled if watch.is_silent(one.name, now) and not _is_down(watch, one)]
    if len(silent) == len(scheduled) > 1:
        return [_of_all(routing, now, "nothing is measured: the prober lives, and none of its probes runs")]
    idle = [one for one in scheduled if one not in silent and _has_too_little(watch, one)]
    return [
        _of_all(routing, now),
        *(_finding(routing, one, Level.WARNING, _sentence(watch, one), now) for one in silent),
        # No measurement will say that these are well.
        *(_finding(routing, one, Level.OK, f"{one.name} has too little to judge", now) for one in idle),
    ]


def _is_down(watch: Watch, series: Series) -> bool:
    return any(one.rule is Rule.AVAILABILITY and one.level is Level.CRITICAL for one in watch.findings_of(series.name))


def _has_too_little(watch: Watch, series: Series) -> bool:
    left_out = watch.left_out.get(series.name)
    return left_out is not None and left_out.reason is Reason.TOO_LITTLE


def _sentence(watch: Watch, series: Series) -> str:
    last = watch.measured_at(series.name)
    since = f"the service started at {_at(watch.started_at)}" if last is None else _at(last)
    left_out = watch.left_out.get(series.name)
    why = "the prober does not run it" if left_out is None else left_out.detail or str(left_out.reason)
    return f"{series.name} has not been measured since {since}: {why}"


def _of_all(routing: Routing, now: datetime, trouble: str | None = None) -> Finding:
    return _finding(routing, PROBING, Level.CRITICAL if trouble else Level.OK, trouble or "probes are running", now)


def _finding(routing: Routing, series: Series, level: Level, summary: str, now: datetime) -> Finding:
    return Finding(
        series=series.name,
        route=routing.route_of(series, Rule.AVAILABILITY),
        rule=Rule.AVAILABILITY,
        level=level,
        unit=series.unit,
        summary=summary,
        since=now,
    )


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
