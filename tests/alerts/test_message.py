"""What people read."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from alerts import Alert, ChannelSettings, Evidence, Links, Notification, Policy, Reason, Tone, compose, decide
from alerts.message import TITLE_LENGTH, format_duration, format_figure
from baselines.series import Unit
from tests.alerts.house import START, finding
from thresholds.finding import Level, Rule
from thresholds.routing import Routing


@pytest.fixture
def told(routing: Routing) -> tuple[Alert, Notification]:
    """A critical alert that just fired, and the message to its first channel."""
    channels = {"slack-critical": ChannelSettings(url=SecretStr("json://localhost"))}
    policy = Policy(routing, channels, evidence_of=lambda _: Evidence(1, 1))
    transition = decide(None, finding(Level.CRITICAL, value=1.25), policy, START)
    assert transition is not None
    assert transition.after is not None
    return transition.after, transition.notifications[0]


def test_a_message_says_what_since_when_how_much_and_which(told: tuple[Alert, Notification]) -> None:
    """Title and body hold the level, the series, the figure against its limit, since when, and the id with the
    sequence that makes duplicates one.
    """
    message = compose(*told, Links(runbook="https://wiki.example/slow"))
    assert message.title == "CRITICAL: api_endpoints.client_groups 1250 ms, limit 300 ms"
    assert message.tone is Tone.FAILURE
    assert message.body.splitlines() == [
        "api_endpoints.client_groups takes 1250 ms",
        "Critical since 2026-03-02 09:00:00 UTC, for 0 s so far",
        "Value: 1250 ms, limit 300 ms",
        "Tier: tier_3_critical",
        "Runbook: https://wiki.example/slow",
        f"Alert {told[0].id}, message 1.0 (fired)",
    ]


def test_a_resolved_message_says_how_long_it_lasted(told: tuple[Alert, Notification]) -> None:
    """The end names the beginning, the end and the time between."""
    alert, notification = told
    ended = replace(alert, resolved_at=START + timedelta(minutes=72))
    message = compose(ended, replace(notification, reason=Reason.RESOLVED, step=1), Links())
    assert message.title.startswith("RESOLVED: api_endpoints.client_groups")
    assert message.tone is Tone.SUCCESS
    assert "until 2026-03-02 10:12:00 UTC, lasted 1 h 12 min" in message.body
    assert message.body.endswith("message 1.1 (resolved)")


def test_an_alert_without_a_figure_says_what_happened(told: tuple[Alert, Notification]) -> None:
    """Where there is nothing to measure, the title holds the sentence of the finding."""
    alert, notification = told
    failed = replace(alert, value=None, value_limit=None, summary="reachability.portal failed (refused)")
    message = compose(failed, notification, Links())
    assert message.title == "CRITICAL: reachability.portal failed (refused)"
    assert "Value" not in message.body


def test_a_long_name_leaves_the_value_in_the_title(told: tuple[Alert, Notification]) -> None:
    """Where name, value and limit are too long together, the limit goes first and the value stays."""
    alert, notification = told
    slow = replace(
        alert,
        series="database_queries.portfolio_valuation_aggregation",
        rule=Rule.BASELINE,
        value=9.27,
        value_limit=1.25,
    )
    title = compose(slow, notification, Links()).title
    assert title == "CRITICAL: database_queries.portfolio_valuation_aggregation ×9.27"


def test_a_title_fits_into_an_sms(told: tuple[Alert, Notification]) -> None:
    """A title is one line of 70 characters at most, however long the name of the series."""
    alert, notification = told
    title = compose(replace(alert, series="api_endpoints." + "x" * 100), notification, Links()).title
    assert len(title) == TITLE_LENGTH
    assert "\n" not in title


@pytest.mark.parametrize(
    ("value", "unit", "rule", "written"),
    [
        (0.45, Unit.SECONDS, Rule.ABSOLUTE, "450 ms"),
        (12.0, Unit.SECONDS, Rule.ABSOLUTE, "12 s"),
        (0.0123, Unit.SECONDS, Rule.ABSOLUTE, "12.3 ms"),
        (0.9999, Unit.RATIO, Rule.FLOOR, "99.99 %"),
        (1.316, Unit.SECONDS, Rule.BASELINE, "1.32 × the baseline"),
        (3.1e9, Unit.BYTES, Rule.ABSOLUTE, "3.1 GB"),
        (5e6, Unit.BYTES, Rule.ABSOLUTE, "5 MB"),
        (7, Unit.COUNT, Rule.ABSOLUTE, "7"),
        (12345, Unit.COUNT, Rule.ABSOLUTE, "12345"),
    ],
)
def test_figures_are_written_for_people(value: float, unit: Unit, rule: Rule, written: str) -> None:
    """Base units become what people write, with no digit more than there is to say."""
    assert format_figure(value, unit, rule) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0 s"), (0.4, "0 s"), (45, "45 s"), (60, "1 min"), (725, "12 min 5 s"), (12000, "3 h 20 min"),
     (3601, "1 h"), (86400, "1 d"), (187200, "2 d 4 h")],
)  # fmt: skip
def test_durations_are_written_in_their_two_largest_units(seconds: float, written: str) -> None:
    """A length of time is as short as it can be read at a glance."""
    assert format_duration(seconds) == written
