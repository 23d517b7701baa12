"""The status page."""

from datetime import UTC, datetime, timedelta

import pytest

from baselines.measurement import Outcome
from baselines.rollup import Hour
from baselines.series import Series, Unit
from baselines.verdict import Verdict
from dashboards import ComponentHealth, Condition, Frame, OpenAlert, SeriesStatus, StatusPage, render_status_page
from dashboards.ages import ago
from dashboards.pages.strip import HOURS, Standing, strip_of
from tests.dashboards.html_checks import read_served
from thresholds.finding import Level

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FRAME = Frame(environment="portal test", path="/", now=NOW)
PUBLIC = Frame(environment="portal test", path="/", now=NOW, is_operator=False)


def status(
    name: str = "api.a",
    *,
    level: Level = Level.OK,
    outcome: Outcome | None = Outcome.OK,
    age_seconds: float | None = 10,
    verdict: Verdict | None = Verdict.WITHIN,
    cadence: float | None = 30.0,
    dry_run: Level = Level.OK,
    service: str = "portal",
) -> SeriesStatus:
    """A series that is fine unless told otherwise."""
    return SeriesStatus(
        series=Series(name, unit=Unit.SECONDS, cadence_seconds=cadence),
        service=service,
        level=level,
        dry_run=dry_run,
        value=0.05,
        outcome=outcome,
        last_run_at=None if age_seconds is None else NOW - timedelta(seconds=age_seconds),
        verdict=verdict,
        ratio=1.02,
    )


def page(*series: SeriesStatus, alerts: int = 0, store: bool = True) -> StatusPage:
    """A page of these series at NOW."""
    alert = OpenAlert(
        series="api.a",
        summary="api.a is slow",
        tier="tier_2_warning",
        state="firing",
        since=NOW - timedelta(minutes=4),
        path="/alerts/1",
    )
    return StatusPage(
        environment="portal test",
        instance="ops-1",
        now=NOW,
        series=series,
        alerts=[alert] * alerts,
        components=[ComponentHealth(name="store", works=store, detail="It refused the connection.")],
    )


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (status(), Condition.OK),
        (status(level=Level.CRITICAL, outcome=Outcome.ERROR), Condition.CRITICAL),
        (status(outcome=Outcome.TIMEOUT, level=Level.WARNING), Condition.FAIL),
        (status(level=Level.WARNING), Condition.WARNING),
        (status(verdict=Verdict.DEGRADED), Condition.WARNING),
        (status(age_seconds=91), Condition.STALE),
        (status(age_seconds=89), Condition.OK),
        (status(age_seconds=1e6, cadence=None), Condition.OK),
        (status(age_seconds=None, outcome=None), Condition.UNKNOWN),
        (status(verdict=None), Condition.OK),
    ],
)
def test_a_series_is_as_bad_as_the_worst_that_is_known(one: SeriesStatus, expected: Condition) -> None:
    """Critical before failing before degraded before stale; without a run nothing is known."""
    assert one.condition(NOW) is expected


def test_fine_is_said_only_when_everything_is_known_to_be() -> None:
    """No series, an old figure, a series that never ran and a store that is away are not fine."""
    assert page(status(), status("api.b")).headline == "All 2 series are fine."
    assert page(status(), status("api.b")).condition is Condition.OK
    assert page().headline == "Nothing is watched yet: no probe is configured."
    assert page().condition is Condition.UNKNOWN
    assert page(status(age_seconds=500)).headline == ("Of 1 series 1 is not measured as often as planned.")
    assert page(status(), store=False).condition is Condition.UNKNOWN
    told = page(status(), status("api.b", level=Level.CRITICAL), status("api.c", outcome=Outcome.ERROR))
    assert told.headline == "Of 3 series 1 is critical, 1 is failing."
    assert told.condition is Condition.CRITICAL


def test_the_page_is_whole_alone_and_renews_itself() -> None:
    """It loads nothing from elsewhere, and says what is wrong; its one script is our own, and it does without."""
    html = render_status_page(page(status(), status("db.b", level=Level.CRITICAL), alerts=1, store=False), FRAME)
    told = read_served(html)
    assert html.count("<script>") == 1
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in html
    assert "api.a is slow" in told.text
    assert "4 min ago" in told.text
    assert "store does not work. It refused the connection." in told.text
    assert "critical" in told.text
    assert "2026-03-01 12:00:00 UTC" in told.text
    assert "refresh" not in render_status_page(page(status()), FRAME, reload=False)


def test_the_public_is_led_to_no_page_of_operators() -> None:
    """Alerts are told to everybody, and lead only operators to their pages."""
    shown, public = (render_status_page(page(status(), alerts=1), one) for one in (FRAME, PUBLIC))
    for path in ("/alerts/1", "/baselines", "/system", "/deployment"):
        assert f'href="{path}"' in shown
        assert f'href="{path}"' not in public
    assert "api.a is slow" in read_served(public).text
    assert 'href="/login?next=/"' in public


def test_series_stand_in_their_service_and_category_with_the_worst_on_top() -> None:
    """What needs a look is the first row of the first branch."""
    told = page(
        status("b.x", service="portal"),
        status("a.y", service="portal"),
        status("a.z", service="portal", level=Level.WARNING),
        status("a.q", service="database"),
    )
    assert [one.name for one in told.services] == ["portal", "database"]
    assert [(name, [one.series.metric for one in group]) for name, group in told.services[0].categories] == [
        ("a", ["z", "y"]),
        ("b", ["x"]),
    ]
    assert told.services[0].told == "3 series, 1 not fine"
    assert told.counts == [(Condition.WARNING, 1), (Condition.OK, 3)]


def test_a_long_tree_opens_where_there_is_something_to_see() -> None:
    """Of many series, a service that is fine is one line."""
    fine = [status(f"a.s{number}", service="quiet") for number in range(50)]
    html = render_status_page(page(*fine, status("b.x", service="loud", level=Level.WARNING)), FRAME)
    loud, quiet = html.split('<details class="service card"')[1:]
    assert " open" in loud.partition(">")[0]
    assert " open" not in quiet.partition(">")[0]


def hours(*told: tuple[int, int, int, float | None]) -> list[Hour]:
    """Hours by how many lie between them and now, with calls, failed ones and the median."""
    return [Hour(NOW - timedelta(hours=ago), n, failed, median) for ago, n, failed, median in told]


def test_a_strip_tells_hours_apart_by_shape_and_in_words() -> None:
    """An hour with a failed call, one over its limit, one that is well and one without a call are four shapes."""
    drawn = strip_of(
        Series("a.b"), hours((3, 120, 2, 0.1), (2, 120, 0, 0.3), (1, 120, 0, 0.1), (30, 9, 9, None)), NOW, limit=0.2
    )
    assert len(drawn.standings) == HOURS
    assert drawn.standings[-4:] == [Standing.FAILED, Standing.OVER, Standing.WELL, Standing.NOTHING]
    assert len({path for _, path in drawn.paths}) == 4
    assert drawn.label == (
        "Hours of the last 24 of a.b: 1 with failed calls, 1 beyond a limit, 1 well, 21 not measured; "
        "medians 100 ms to 300 ms."
    )


def test_hostile_words_stay_words() -> None:
    """Names and texts from elsewhere close no tag."""
    hostile = 'a.<script>alert("1")</script>'
    assert "alert" in read_served(render_status_page(page(status(hostile)), FRAME)).text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "now"), (1, "1 s ago"), (59, "59 s ago"), (60, "1 min ago"), (7200, "2 h ago"), (90_000, "1 d ago")],
)
def test_ages_are_told_in_the_largest_unit_that_fits(seconds: int, expected: str) -> None:
    """Short enough for a cell of a phone."""
    assert ago(NOW - timedelta(seconds=seconds), NOW) == expected


def test_a_dry_run_is_shown_and_changes_no_condition() -> None:
    """The page is as well as before, and says what the rule would."""
    quiet, trying = page(status()), page(status(dry_run=Level.CRITICAL))
    assert (trying.condition, trying.headline) == (quiet.condition, quiet.headline)
    assert "dry run: critical" in render_status_page(trying, FRAME)
    assert "dry run" not in render_status_page(quiet, FRAME)
