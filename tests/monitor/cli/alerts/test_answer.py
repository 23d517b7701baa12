"""`portalwatch alerts ack` and `resolve`: somebody answers."""

from pathlib import Path

import pytest

from alerts import AlertState, DeliveryState
from monitor.user import user_name
from tests.monitor.cli.alerts.fired import alert_in, configured, events_in, finding, fire
from tests.monitor.cli.commands import portalwatch
from thresholds import Level


def test_an_acknowledgement_stops_what_is_to_be_sent(store: str, tmp_path: Path) -> None:
    """Who took it stands in the alert and in its history; a second alert is not touched."""
    path = configured(tmp_path, store)
    mine, other = fire(store, finding(), finding(series="q.c"))
    assert {one.state for one in alert_in(store, mine).deliveries} == {DeliveryState.PENDING}
    answer = portalwatch("alerts", "ack", mine, "--by", "ann", "--config", path)
    assert (answer.code, answer.out) == (0, "acknowledged by ann\n")
    record = alert_in(store, mine)
    assert (record.alert.state, record.alert.acknowledged_by) == (AlertState.ACKNOWLEDGED, "ann")
    assert {one.state for one in record.deliveries} == {DeliveryState.STOPPED}
    assert events_in(store, mine)[-1] == ("acknowledged", "ann")
    assert alert_in(store, other).alert.state is AlertState.FIRING


def test_whoever_calls_it_takes_it(store: str, tmp_path: Path) -> None:
    """Without --by it is the user of this machine."""
    path = configured(tmp_path, store)
    (alert_id,) = fire(store, finding())
    assert portalwatch("alerts", "ack", alert_id, "--config", path).out == f"acknowledged by {user_name()}\n"
    assert alert_in(store, alert_id).alert.acknowledged_by == user_name()


def test_an_alert_is_ended_by_hand(store: str, tmp_path: Path) -> None:
    """Everybody who was told is to hear of it, also of one that somebody has in hand."""
    path = configured(tmp_path, store)
    (alert_id,) = fire(store, finding())
    portalwatch("alerts", "ack", alert_id, "--by", "ann", "--config", path)
    answer = portalwatch("alerts", "resolve", alert_id, "--by", "bob", "--config", path)
    assert (answer.code, answer.out) == (0, "resolved by bob\n")
    assert alert_in(store, alert_id).alert.state is AlertState.RESOLVED
    assert events_in(store, alert_id)[-1] == ("resolved", "bob")


@pytest.mark.parametrize("command", ["ack", "resolve"])
def test_what_can_not_be_changed_is_wrong_usage(store: str, tmp_path: Path, command: str) -> None:
    """An alert that is over, and one that never was: 2, and told apart."""
    path = configured(tmp_path, store)
    over, _ = fire(store, finding(), finding(Level.OK))
    answers = [portalwatch("alerts", command, one, "--config", path) for one in (over, "000000000000")]
    assert [(one.code, one.out) for one in answers] == [(2, ""), (2, "")]
    assert (
        f"alert {over} is resolved: there is nothing to {'resolve' if command == 'resolve' else 'ack'}"
        in answers[0].err
    )
    assert "000000000000" in answers[1].err
