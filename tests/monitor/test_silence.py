"""What is not being measured becomes a finding, once, and ends by being measured."""

from datetime import datetime, timedelta
from pathlib import Path

from baselines import Measurement, Outcome, Reason, Series, SeriesRegistry
from monitor.link import Heartbeat
from monitor.silence import silence_findings
from monitor.watch import Watch
from tests.clocks import START
from tests.monitor.cli.stored import SERIES
from tests.monitor.test_pipeline import House, visit
from thresholds import Finding, Level, Rule, load_routing

ROUTING = load_routing()
NAMES = ("database_queries.a", "database_queries.b", "api_performance.rate")
# Three intervals of 30 s and the minute that is_silent grants.
SILENT_AFTER = 151.0


def later(seconds: float) -> datetime:
    """So long after the service started."""
    return START + timedelta(seconds=seconds)


def watching() -> Watch:
    """Three probes every 30 s and a series that no schedule measures."""
    return Watch(SeriesRegistry([*(Series(name, cadence_seconds=30.0) for name in NAMES), Series("q.free")]), START)


def measured(watch: Watch, series: str, seconds: float, reason: Reason | None = None, detail: str = "") -> None:
    """A run at that time: a good one, one skipped for a reason of ours, or one refused."""
    outcome = Outcome.OK if reason is None else Outcome.ERROR if reason is Reason.REFUSED else Outcome.SKIPPED
    at = later(seconds)
    value = None if reason else 0.01
    watch.saw(
        Measurement(
            series=series, intended_at=at, started_at=at, outcome=outcome, value=value, reason=reason, detail=detail
        )
    )


def asked(watch: Watch, seconds: float, *, alive: bool = True) -> dict[str, Finding]:
    """The findings by series at that time, of a prober that is alive or is not."""
    if alive:
        watch.heard(Heartbeat(0, 0), later(seconds))
    findings = silence_findings(watch, ROUTING, later(seconds))
    watch.judged(findings)
    return {one.series: one for one in findings}


def kept_alive(watch: Watch, until: float) -> None:
    """Heartbeats every 5 s."""
    for seconds in range(0, int(until), 5):
        watch.heard(Heartbeat(0, 0), later(seconds))


def test_a_silent_probe_is_a_warning_with_its_reason() -> None:
    """Since when, and why: because it backs off."""
    watch = watching()
    kept_alive(watch, SILENT_AFTER)
    for name in NAMES:
        measured(watch, name, 0)
    for name in NAMES[1:]:
        measured(watch, name, 150)
    measured(watch, NAMES[0], 120, Reason.BACKING_OFF, "holding back after gave way")
    found = asked(watch, SILENT_AFTER)
    assert found.keys() == {"portalwatch.probing", NAMES[0]}
    silent = found[NAMES[0]]
    assert (silent.rule, silent.level, silent.route) == (Rule.AVAILABILITY, Level.WARNING, "database_performance")
    assert silent.summary == (
        "database_queries.a has not been measured since 2026-03-02 09:00 UTC: holding back after gave way"
    )


def test_one_that_never_ran_says_so() -> None:
    """Nothing came of it since the service started."""
    watch = watching()
    kept_alive(watch, SILENT_AFTER)
    for name in NAMES[1:]:
        measured(watch, name, 150)
    summary = asked(watch, SILENT_AFTER)[NAMES[0]].summary
    assert summary == (
        "database_queries.a has not been measured since the service started at 2026-03-02 09:00 UTC: "
        "the prober does not run it"
    )


def test_a_measurement_ends_it() -> None:
    """Nothing more is said by silence; the good measurement speaks for itself."""
    watch = watching()
    kept_alive(watch, SILENT_AFTER)
    for name in NAMES[1:]:
        measured(watch, name, 150)
    assert NAMES[0] in asked(watch, SILENT_AFTER)
    measured(watch, NAMES[0], 155)
    assert NAMES[0] not in asked(watch, 160)


def test_one_whose_target_is_down_is_not_told_twice() -> None:
    """It failed when it was last measured, which is critical; holding back since then does not make it a warning."""
    watch = watching()
    kept_alive(watch, SILENT_AFTER)
    for name in NAMES[1:]:
        measured(watch, name, 150)
    critical = Finding(
        series=NAMES[0],
        route="r",
        rule=Rule.AVAILABILITY,
        level=Level.CRITICAL,
        unit=watch.series[NAMES[0]].unit,
        summary="failed",
        since=START,
    )
    watch.judged([critical])
    assert NAMES[0] not in asked(watch, SILENT_AFTER)
    assert watch.findings_of(NAMES[0]) == [critical]


def test_too_little_traffic_is_no_silence_and_makes_good() -> None:
    """At night a ratio is not judged for hours: its probe runs all the same, and what was silent before is well."""
    watch = watching()
    kept_alive(watch, 10_000)
    for name in NAMES:
        measured(watch, name, 10_000, Reason.TOO_LITTLE if name == NAMES[2] else None)
    found = asked(watch, 10_010)
    assert found.keys() == {"portalwatch.probing", NAMES[2]}
    assert {one.level for one in found.values()} == {Level.OK}


def test_a_dead_prober_is_one_finding() -> None:
    """Not one for each of its probes; critical, because nobody watches; and well once it lives again."""
    watch = watching()
    for name in NAMES:
        measured(watch, name, 0)
    kept_alive(watch, 31)
    (dead,) = asked(watch, 3600, alive=False).values()
    assert (dead.series, dead.level) == ("portalwatch.probing", Level.CRITICAL)
    assert dead.summary == "nothing is measured: the prober has shown no sign of life since 2026-03-02 09:00 UTC"
    (well,) = asked(watch, 3700).values()
    assert (well.fingerprint, well.level) == (dead.fingerprint, Level.OK)


def test_a_prober_that_is_back_gets_time_for_its_first_round() -> None:
    """No storm of silent probes while each waits for its beat; the patience begins anew."""
    watch = watching()
    kept_alive(watch, 31)
    asked(watch, 3600, alive=False)
    for seconds in range(3600, 3750, 10):
        assert asked(watch, seconds).keys() == {"portalwatch.probing"}


def test_a_prober_that_lives_and_runs_nothing_is_one_finding() -> None:
    """Heartbeats alone are no measurement."""
    watch = watching()
    kept_alive(watch, SILENT_AFTER)
    (found,) = asked(watch, SILENT_AFTER).values()
    assert (found.series, found.level) == ("portalwatch.probing", Level.CRITICAL)
    assert "none of its probes runs" in found.summary


def test_without_a_schedule_nothing_is_missing() -> None:
    """A service that only takes in what others send needs no prober."""
    watch = Watch(SeriesRegistry([Series("q.free")]), START)
    assert silence_findings(watch, ROUTING, later(10_000)) == []


def test_a_silent_probe_fires_and_resolves(store: str, tmp_path: Path) -> None:
    """After three rounds in silence an alert; two good measurements later it is over."""

    async def act(house: House) -> None:
        # The only probe there is: its own silence, not that of all.
        await house.measure(0.01)
        for _ in range(40):
            house.clock.advance(5)
            house.watch.heard(Heartbeat(0, 0), house.clock.now())
        told = []
        for _ in range(3):
            await house.pipeline.listen_for_silence()
            told.append([state for _, state in await house.states()])
        for _ in range(2):
            await house.measure(0.01)
            told.append([state for _, state in await house.states()])
        assert told == [["pending"], ["pending"], ["firing"], ["firing"], ["resolved"]]
        assert house.watch.findings_of(SERIES) == []

    visit(store, tmp_path, act)


def test_a_dead_prober_is_one_alert(store: str, tmp_path: Path) -> None:
    """Critical, under the service's own name, and resolved by its next signs of life."""

    async def act(house: House) -> None:
        house.clock.advance(3600)
        for _ in range(3):
            await house.pipeline.listen_for_silence()
        (record,) = await house.alerts.list_alerts()
        assert (record.alert.series, record.alert.tier) == ("portalwatch.probing", "tier_3_critical")
        house.watch.heard(Heartbeat(0, 1), house.clock.now())
        for _ in range(2):
            await house.pipeline.listen_for_silence()
        assert [state for _, state in await house.states()] == ["resolved"]

    visit(store, tmp_path, act)
