"""Choosing, out of what the service measured, the sessions that are comparable with now."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines import CaptureSession, Measurement, Outcome, PlanShape, Samples, Series, SeriesRegistry, Unit
from baselines.from_history import LoadBand, Window, candidates, choose, load_series, mean_between, windows
from tests.baselines.made import CONDITIONS
from tests.clocks import START

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
TRAFFIC = Series("api_performance.requests_per_minute", Unit.COUNT)
CPU = Series("system_resources.cpu_usage", Unit.RATIO)


def measured(series: str, start: datetime, number: int, every: float = 30.0, value: float = 0.01) -> list[Measurement]:
    """So many measurements, `every` so many seconds."""
    instants = [start + timedelta(seconds=every * index) for index in range(number)]
    return [
        Measurement(series=series, intended_at=at, started_at=at, outcome=Outcome.OK, value=value) for at in instants
    ]


def session(at: datetime, *names: str) -> CaptureSession:
    """A session of these series at that instant."""
    return CaptureSession(
        number=1,
        started_at=at,
        finished_at=at + timedelta(minutes=10),
        conditions=CONDITIONS,
        samples={name: Samples.of([0.01] * 20) for name in names},
        cold={},
        plans={name: PlanShape((name,)) for name in names},
    )


def sessions(end: datetime, number: int, *names: str) -> list[CaptureSession]:
    """So many sessions of these series, ten minutes apart, the last one ten minutes before the end."""
    return [session(end - timedelta(minutes=10 * index), *names) for index in range(number, 0, -1)]


def test_the_same_hour_of_earlier_weeks() -> None:
    """An hour to both sides of the instant, the latest week first, cut at the deployment and at what is kept."""
    until, oldest = START - timedelta(minutes=35), START - 2 * WEEK - timedelta(minutes=30)
    assert list(windows(until, START, oldest, weekly=True)) == [
        Window(START - HOUR, until),
        Window(START - WEEK - HOUR, START - WEEK + HOUR),
        Window(oldest, START - 2 * WEEK + HOUR),
    ]


def test_a_week_back_from_the_deployment() -> None:
    """Without the hour of the week: two hours after two hours without a gap, for a week, the instant `like` or not."""
    places = list(windows(START, START + 99 * HOUR, START - 9 * WEEK, weekly=False))
    assert (places[0].end, places[-1].start) == (START, START - WEEK)
    assert all(later.start == earlier.end for later, earlier in pairwise(places))
    assert {one.end - one.start for one in places} == {2 * HOUR}


@given(until=st.integers(-3000, 0), like=st.integers(-3000, 3000), oldest=st.integers(-3000, 0), weekly=st.booleans())
def test_no_window_leaves_its_bounds(until: int, like: int, oldest: int, weekly: bool) -> None:
    """Whatever is asked: nothing after the deployment, nothing older than is kept, never more than two hours at once,
    and weekly never further than an hour from the instant in its week."""
    end, middle, first = START + until * HOUR / 4, START + like * HOUR / 4, START + oldest * HOUR / 4
    for one in windows(end, middle, first, weekly=weekly):
        assert first <= one.start < one.end <= end
        assert one.end - one.start <= 2 * HOUR
        if weekly:
            away = [abs((at - middle) / WEEK - round((at - middle) / WEEK)) for at in (one.start, one.end)]
            assert max(away) * WEEK <= HOUR + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("series", "level", "alike", "unlike"),
    [
        (TRAFFIC, 300.0, [200.0, 300.0, 450.0], [199.0, 451.0, None]),
        (TRAFFIC, 0.0, [0.0], [1.0]),
        (CPU, 0.40, [0.26, 0.54], [0.24, 0.56, None]),
        (CPU, 0.05, [0.0, 0.19], [0.21]),
    ],
)
def test_what_loads_are_alike(
    series: Series, level: float, alike: Sequence[float], unlike: Sequence[float | None]
) -> None:
    """Traffic within a factor of 1.5, a share within 15 points; a load that is not known is like none."""
    band = LoadBand.around(series, level)
    assert all(load in band for load in alike)
    assert all(load not in band for load in unlike)


def test_traffic_tells_the_load_before_the_processors_do() -> None:
    """Whatever its category, and in whatever order they are declared; without either nothing does."""
    suggested = Series("traffic.requests_per_minute", Unit.COUNT)
    assert load_series(SeriesRegistry([CPU, suggested])) is suggested
    assert load_series(SeriesRegistry([Series("q.a"), CPU])) is CPU
    assert load_series(SeriesRegistry([Series("system_resources.portal_cpu_usage", Unit.RATIO)])) is None


def test_the_mean_load_is_of_what_was_measured() -> None:
    """A scrape that failed is no load of zero, and nothing measured is no load at all."""
    ones = measured(TRAFFIC.name, START, 2, every=60, value=100.0) + measured(
        TRAFFIC.name, START + HOUR, 1, value=900.0
    )
    assert mean_between(ones, START, START + timedelta(minutes=5)) == 100.0
    assert mean_between(ones, START + 2 * HOUR, START + 3 * HOUR) is None


def test_a_session_has_the_series_of_its_ten_minutes_and_their_load() -> None:
    """Series of several cadences that were measured at one time are one session, with the load of its time."""
    load = measured("h.load_per_processor", START, 12, every=300, value=0.2)
    load = [replace(one, value=0.8) if one.started_at >= START + timedelta(minutes=40) else one for one in load]
    plan = PlanShape(("Seq Scan on t",))
    found = candidates(
        {"q.a": measured("q.a", START, 120), "q.b": measured("q.b", START, 60, every=60), "q.c": []},
        load,
        CONDITIONS,
        {"q.a": plan, "q.x": plan},
    )
    assert ["".join(sorted(one.samples)) for one in found] == ["q.aq.b", "q.a"] * 3
    assert found[0].conditions.host_load == pytest.approx(0.2)
    assert found[-1].conditions.host_load == pytest.approx(0.8)
    assert found[0].plans == {"q.a": plan}
    assert all(len(samples) == 20 for one in found for samples in one.samples.values())


def test_a_fast_series_gives_one_session_in_ten_minutes() -> None:
    """Thirty runs of an hour at 6 s are six sessions: noise is from session to session."""
    found = candidates({"q.a": measured("q.a", START, 600, every=6)}, [], CONDITIONS, {})
    assert [one.started_at for one in found] == [START + timedelta(minutes=10 * number) for number in range(6)]
    assert found[0].conditions.host_load is None


def test_the_latest_twelve_sessions_before_the_deployment() -> None:
    """Of each series as many as a capture has at most, the latest, in the order of time and counted from one."""
    older, newer = sessions(START - 2 * HOUR, 12, "q.a", "q.b"), sessions(START, 8, "q.a")
    chosen = choose([newer, older], weekly=False)
    assert [one.number for one in chosen] == list(range(1, len(chosen) + 1))
    of_a = [one.started_at for one in chosen if "q.a" in one.samples]
    assert of_a == [one.started_at for one in [*older, *newer]][-12:]
    assert sum("q.b" in one.samples for one in chosen) == 12


def test_each_week_has_its_part() -> None:
    """With the hour of the week three weeks give four sessions each, their latest; one that has two gives two."""
    weeks = [sessions(START - week * WEEK, 12, "q.a") for week in range(3)]
    chosen = choose(weeks, weekly=True)
    assert [one.started_at for one in chosen] == [one.started_at for ones in reversed(weeks) for one in ones[-4:]]
    short = choose([weeks[0][-2:], *weeks[1:]], weekly=True)
    assert [round((START - one.started_at) / WEEK) for one in short] == [2] * 5 + [1] * 5 + [0] * 2


def test_a_series_with_two_sessions_is_left_out() -> None:
    """It would say nothing of noise from session to session; the others stay as they are, without its plans."""
    chosen = choose([[*sessions(START, 3, "q.a"), *sessions(START - HOUR, 2, "q.a", "q.b")]], weekly=False)
    assert [set(one.samples) for one in chosen] == [{"q.a"}] * 5
    assert [set(one.plans) for one in chosen] == [{"q.a"}] * 5
    assert choose([sessions(START, 2, "q.a")], weekly=False) == []
    assert choose([], weekly=True) == []
