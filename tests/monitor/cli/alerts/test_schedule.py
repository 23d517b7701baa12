"""`portalwatch alerts schedule`: what is ahead of an alert if nobody does anything."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.monitor.cli.alerts.fired import alert_in, configured, finding, fire, instant
from tests.monitor.cli.commands import portalwatch
from thresholds import Level

LADDER = [
    (60, "escalated", "tier_3_critical", ["slack-critical"]),
    (75, "escalated", "tier_4_emergency", ["phone-call-escalation"]),
    (90, "exhausted", "tier_4_emergency", ["phone-call-escalation"]),
    (105, "reminded", "tier_4_emergency", ["phone-call-escalation"]),
]


def ahead(path: Path, alert_id: str, *more: str) -> list[dict[str, Any]]:
    """The steps, as JSON has them."""
    answer = portalwatch("alerts", "schedule", alert_id, "--format", "json", *more, "--config", path)
    assert answer.code == 0
    steps: list[dict[str, Any]] = answer.json()
    return steps


def test_the_ladder_is_printed_to_its_end_and_beyond(store: str, tmp_path: Path) -> None:
    """Each step with its minute, its tier and whom it reaches; the end repeats, so many steps as are asked for."""
    path = configured(tmp_path, store)
    (alert_id,) = fire(store, finding(), ago=timedelta(minutes=7))
    fired_at = alert_in(store, alert_id).alert.fired_at
    assert fired_at is not None
    steps = ahead(path, alert_id)
    assert [
        ((instant(one["at"]) - fired_at).total_seconds() / 60, one["reason"], one["tier"], one["channels"])
        for one in steps[:4]
    ] == LADDER
    assert [one["reason"] for one in steps[4:]] == ["reminded", "reminded"]
    assert len(ahead(path, alert_id, "--steps", "9")) == 9
    table = portalwatch("alerts", "schedule", alert_id, "--steps", "4", "--config", path)
    rows = [line for line in table.out.splitlines() if " UTC " in line]
    assert [row.split()[3:] for row in rows] == [[reason, tier, *who] for _, reason, tier, who in LADDER]
    assert rows[0].split()[:2] == f"{fired_at + timedelta(hours=1):%Y-%m-%d %H:%M:%S}".split()


def test_an_acknowledged_alert_opens_again(store: str, tmp_path: Path) -> None:
    """After four hours in tier 2; only then does it climb."""
    path = configured(tmp_path, store)
    (alert_id,) = fire(store, finding())
    portalwatch("alerts", "ack", alert_id, "--by", "ann", "--config", path)
    taken_at = alert_in(store, alert_id).alert.acknowledged_at
    assert taken_at is not None
    first, second, *_ = ahead(path, alert_id)
    assert (first["reason"], instant(first["at"])) == ("reopened", taken_at + timedelta(hours=4))
    assert (second["reason"], instant(second["at"])) == ("escalated", taken_at + timedelta(hours=5))


def test_a_silence_is_waited_for(store: str, tmp_path: Path) -> None:
    """Nothing is told before its end, and then it is told anew."""
    path = configured(tmp_path, store)
    (alert_id,) = fire(store, finding())
    portalwatch("alerts", "silence", "q.*", "--for", "3h", "--config", path)
    (silence,) = portalwatch("alerts", "silences", "--format", "json", "--config", path).json()
    first, *_ = ahead(path, alert_id)
    assert (first["reason"], first["at"]) == ("unsilenced", instant(silence["ends_at"]).isoformat())


def test_a_maintenance_window_ahead_is_counted_in(store: str, tmp_path: Path) -> None:
    """The step that falls into it is not told; at its end the alert is."""
    path = configured(tmp_path, store)
    (alert_id,) = fire(store, finding())
    begins = datetime.now(UTC) + timedelta(minutes=30)
    window = ("--from", f"{begins:%Y-%m-%d %H:%M}", "--for", "3h")
    portalwatch("alerts", "silence", "q.*", *window, "--config", path)
    (silence,) = portalwatch("alerts", "silences", "--format", "json", "--config", path).json()
    told = [one for one in ahead(path, alert_id) if one["channels"]]
    assert (told[0]["reason"], instant(told[0]["at"])) == ("unsilenced", instant(silence["ends_at"]))


def test_a_step_without_a_recipient_says_nobody(store: str, tmp_path: Path) -> None:
    """Where a tier has no channel that is configured, and the step is passed by at once."""
    path = configured(tmp_path, store, channels=("slack-alerts", "phone-call-escalation"))
    (alert_id,) = fire(store, finding())
    first, second, *_ = ahead(path, alert_id)
    assert (first["tier"], first["channels"]) == ("tier_3_critical", [])
    assert (second["tier"], second["at"]) == ("tier_4_emergency", first["at"])
    table = portalwatch("alerts", "schedule", alert_id, "--config", path).out
    assert next(line for line in table.splitlines() if "tier_3_critical" in line).split()[-1] == "nobody"


def test_nothing_is_ahead_of_what_is_over(store: str, tmp_path: Path) -> None:
    """0 and an empty list."""
    path = configured(tmp_path, store)
    (alert_id, _) = fire(store, finding(), finding(Level.OK))
    assert ahead(path, alert_id) == []
    table = portalwatch("alerts", "schedule", alert_id, "--config", path)
    assert (table.code, table.out, table.err) == (0, "", "Nothing is ahead of it.\n")


def test_an_unknown_alert_has_no_schedule(store: str, tmp_path: Path) -> None:
    """2."""
    answer = portalwatch("alerts", "schedule", "000000000000", "--config", configured(tmp_path, store))
    assert (answer.code, answer.out) == (2, "")
    assert "there is no alert 000000000000" in answer.err
