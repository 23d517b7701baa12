"""Alerts, notifications and silences as rows of the store."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from alerts.alert import Alert, AlertState
from alerts.link import AcknowledgeLink
from alerts.notification import Delivery, DeliveryState, Notification, Reason
from alerts.silence import Matcher, Silence
from alerts.store import AlertEvent
from baselines.series import Unit
from thresholds.finding import Level, Rule

if TYPE_CHECKING:
    import asyncpg

_FIXED = ("id", "fingerprint", "series", "route", "rule", "unit", "opened_at")
_COLUMNS = (*_FIXED, *(one.name for one in fields(Alert) if one.name not in _FIXED))
_MUTABLE = ("id", *_COLUMNS[len(_FIXED) :])
_EVENT = tuple(one.name for one in fields(AlertEvent))


def new_alert_row(alert: Alert) -> tuple[Any, ...]:
    """The arguments of `insert_alert`."""
    return tuple(getattr(alert, name) for name in _COLUMNS)


def changed_alert_row(alert: Alert) -> tuple[Any, ...]:
    """The arguments of `update_alert`."""
    return tuple(getattr(alert, name) for name in _MUTABLE)


def alert_of(row: "asyncpg.Record") -> Alert:
    """The alert of a row."""
    values = {name: row[name] for name in _COLUMNS}
    words = {
        "rule": Rule(row["rule"]),
        "unit": Unit(row["unit"]),
        "level": Level(row["level"]),
        "state": AlertState(row["state"]),
        "channels": tuple(row["channels"]),
    }
    return Alert(**{**values, **words})


def event_of(row: "asyncpg.Record") -> AlertEvent:
    """The line of history of a row."""
    return AlertEvent(**{name: row[name] for name in _EVENT})


def notification_row(one: Notification) -> tuple[Any, ...]:
    """The arguments of `insert_notification`."""
    return (
        one.key,
        one.alert_id,
        one.channel,
        one.origin,
        one.reason,
        one.occurrence,
        one.step,
        one.group,
        one.fallbacks,
        one.due_at,
        one.deadline_at,
    )


def delivery_of(row: "asyncpg.Record") -> Delivery:
    """The delivery of a row."""
    return Delivery(
        id=row["id"],
        notification=Notification(
            alert_id=row["alert_id"],
            channel=row["channel"],
            origin=row["origin"],
            reason=Reason(row["reason"]),
            occurrence=row["occurrence"],
            step=row["step"],
            group=row["group_key"],
            due_at=row["due_at"],
            deadline_at=row["deadline_at"],
            fallbacks=tuple(row["fallbacks"]),
        ),
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        leased_by=row["leased_by"],
        lease_until=row["lease_until"],
        settled_at=row["settled_at"],
        last_error=row["last_error"],
        fallen_at=row["fallen_at"],
    )


def silence_row(one: Silence) -> tuple[Any, ...]:
    """The arguments of `insert_silence`."""
    return one.id, str(one.matcher), one.starts_at, one.ends_at, one.by, one.reason, one.deployment


def silence_of(row: "asyncpg.Record") -> Silence:
    """The silence of a row."""
    return Silence(
        id=row["id"],
        matcher=Matcher.parse(row["matcher"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        by=row["by"],
        reason=row["reason"],
        deployment=row["deployment"],
    )


def link_of(row: "asyncpg.Record") -> AcknowledgeLink:
    """The link of a row."""
    return AcknowledgeLink(
        digest=row["hash"],
        channel=row["channel"],
        occurrences=dict(zip(row["alerts"], row["occurrences"], strict=True)),
        expires_at=row["expires_at"],
        used_at=row["used_at"],
        used_by=row["used_by"],
    )
