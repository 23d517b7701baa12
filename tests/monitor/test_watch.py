"""What the service saw last, and what keeps it from being ready."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from baselines import Measurement, Outcome, Reason, Series, SeriesRegistry, Unit
from monitor.link import Heartbeat
from monitor.watch import Watch
from tests.clocks import START
from thresholds import Finding, Level, Rule

SERIES = SeriesRegistry([Series("q.a", cadence_seconds=30.0), Series("q.b", cadence_seconds=600.0), Series("q.free")])


def later(seconds: float) -> datetime:
    """So long after the service started."""
    return START + timedelta(seconds=seconds)


def measured(series: str, at: datetime) -> Measurement:
    """A run that ended well at that moment."""
    return Measurement(series=series, intended_at=at, started_at=at, outcome=Outcome.OK, value=0.01)


def finding(rule: Rule = Rule.ABSOLUTE, level: Level = Level.WARNING, series: str = "q.a") -> Finding:
    """A finding of a series."""
    return Finding(series=series, route="r", rule=rule, level=level, unit=Unit.SECONDS, summary="s", since=START)


@pytest.mark.parametrize(("seconds", "silent"), [(0, []), (150, []), (151, ["q.a"]), (1861, ["q.a", "q.b"])])
def test_a_probe_that_never_ran_is_silent_after_three_intervals_and_a_minute(seconds: float, silent: list[str]) -> None:
    """Each by its own interval; a series without a schedule never is."""
    watch = Watch(SERIES, START)
    assert [name for name in SERIES if watch.is_silent(name, later(seconds))] == silent


def test_a_measurement_ends_the_silence() -> None:
    """The time counts from the last run; one that a spool brings from before the start counts from the start."""
    watch = Watch(SERIES, START)
    watch.saw(measured("q.a", later(100)))
    assert not watch.is_silent("q.a", later(250))
    assert watch.is_silent("q.a", later(251))
    watch.saw(measured("q.a", later(-5000)))
    assert not watch.is_silent("q.a", later(150))


def test_a_paused_probe_is_not_silent() -> None:
    """While a deployment lets nobody work nothing is missing; three intervals and a minute after that it is."""
    watch = Watch(SERIES, START)
    at = later(1000)
    watch.saw(Measurement(series="q.a", intended_at=at, started_at=at, outcome=Outcome.SKIPPED, reason=Reason.PAUSED))
    assert not watch.is_silent("q.a", later(1150))
    assert watch.measured_at("q.a") is None
    assert watch.is_silent("q.a", later(1151))


def test_the_prober_is_running_for_three_heartbeats() -> None:
    """Without one, and 15 s after the last one, it is not."""
    watch = Watch(SERIES, START)
    assert not watch.prober_is_running(START)
    watch.heartbeat, watch.heartbeat_at = Heartbeat(0, 0), later(10)
    assert watch.prober_is_running(later(24.9))
    assert not watch.prober_is_running(later(25))


def test_every_obstacle_is_told() -> None:
    """Store, prober and silent probes by name, a sentence each; none where all is well."""
    watch = Watch(SERIES, START, store_up=False)
    assert watch.obstacles(later(151)) == [
        "the store can't be reached; measurements are spooled",
        "the probing process shows no sign of life",
        "not measured for three intervals: q.a",
    ]
    watch.store_up, watch.heartbeat_at = True, later(151)
    watch.saw(measured("q.a", later(151)))
    assert watch.obstacles(later(151)) == []


def test_what_is_well_again_is_forgotten() -> None:
    """An ok of one rule ends the finding of that rule only, and only of that series."""
    watch = Watch(SERIES, START)
    watch.judged([finding(), finding(Rule.AVAILABILITY), finding(series="q.b")])
    watch.judged([finding(level=Level.OK)])
    assert [one.rule for one in watch.findings_of("q.a")] == [Rule.AVAILABILITY]
    assert [one.rule for one in watch.findings_of("q.b")] == [Rule.ABSOLUTE]


def test_news_is_what_was_not_as_bad_before() -> None:
    """A finding that stays is none; one that became critical is, and one that comes again after it was well."""
    watch = Watch(SERIES, START)
    warning, critical, well = (finding(level=one) for one in (Level.WARNING, Level.CRITICAL, Level.OK))
    assert [watch.judged([one]) for one in (warning, warning, critical, critical, warning, well, warning)] == [
        *([warning], [], [critical], [], []),
        *([], [warning]),
    ]


def test_a_finding_that_stays_is_kept_once_in_its_latest_form() -> None:
    """The second evaluation replaces the first."""
    watch = Watch(SERIES, START)
    watch.judged([finding()])
    watch.judged([replace(finding(), level=Level.CRITICAL, summary="worse")])
    assert [(one.level, one.summary) for one in watch.findings_of("q.a")] == [(Level.CRITICAL, "worse")]
