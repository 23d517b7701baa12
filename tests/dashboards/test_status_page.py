"""The status page."""

from datetime import UTC, datetime, timedelta

import pytest

from baselines.measurement import Outcome
from baselines.series import Series, Unit
from baselines.verdict import Verdict
from dashboards import (
    ComponentHealth,
    Condition,
    OpenAlert,
    SeriesStatus,
    StatusPage,
    content_security_policy,
    render_status_page,
)
from dashboards.status_page import ago
from tests.dashboards.html_checks import read
from thresholds.finding import Level

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def status(
    name: str = "api.a",
    *,
    level: Level = Level.OK,
    outcome: Outcome | None = Outcome.OK,
    age_seconds: float | None = 10,
    verdict: Verdict | None = Verdict.WITHIN,
    cadence: float | None = 30.0,
    dry_run: Level = Level.OK,
) -> SeriesStatus:
    """A series that is fine unless told otherwise."""
    return SeriesStatus(
        series=Series(name, unit=Unit.SECONDS, cadence_seconds=cadence),
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
        series="api.a", summary="api.a is slow", tier="tier_2_warning", state="firing", since=NOW - timedelta(minutes=4)
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


def test_the_page_is_whole_alone_and_reloads_itself() -> None:
    """It works without a script, loads nothing, says its policy, and comes again by itself."""
    html = render_status_page(page(status(), status("db.b", level=Level.CRITICAL), alerts=1, store=False))
    told = read(html)
    assert ("meta", "content", content_security_policy()) in told.attributes
    assert ("meta", "http-equiv", "refresh") in told.attributes
    assert "api.a is slow" in told.text
    assert "4 min ago" in told.text
    assert "store does not work. It refused the connection." in told.text
    assert "critical" in told.text
    assert "2026-03-01 12:00:00 UTC" in told.text


def test_series_stand_in_their_category_with_the_worst_on_top() -> None:
    """What needs a look is the first row of its table."""
    groups = page(status("b.x"), status("a.y"), status("a.z", level=Level.WARNING)).groups()
    assert [(category, [one.series.metric for one in group]) for category, group in groups] == [
        ("a", ["z", "y"]),
        ("b", ["x"]),
    ]


def test_hostile_words_stay_words() -> None:
    """Names and texts from elsewhere close no tag."""
    hostile = 'a.<script>alert("1")</script>'
    assert "alert" in read(render_status_page(page(status(hostile)))).text


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
    assert "dry run: critical" in render_status_page(trying)
    assert "dry run" not in render_status_page(quiet)
