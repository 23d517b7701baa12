"""The rules of the outbox, wherever it is kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from alerts.alert import Alert
from alerts.errors import AlertClosedError, LinkError
from alerts.link import AcknowledgeLink
from alerts.notification import Delivery
from alerts.people import acknowledge
from alerts.policy import Policy
from alerts.transition import Transition

# A dead letter is tried on this often.
DEAD_LETTER_SECONDS = 60.0


def falls(delivery: Delivery, now: datetime) -> bool:
    """Whether an attempt that failed now was the last before the next channel is told."""
    return delivery.fallen_at is None and now >= delivery.notification.deadline_at


def due_again(delivery: Delivery, now: datetime, due_at: datetime) -> datetime:
    """When it is tried again: then, at its deadline at the latest; a dead letter in a minute."""
    if delivery.fallen_at is not None or falls(delivery, now):
        return now + timedelta(seconds=DEAD_LETTER_SECONDS)
    return min(due_at, delivery.notification.deadline_at)


def acknowledged_by(
    link: AcknowledgeLink, alerts: Mapping[str, Alert], by: str, policy: Policy, now: datetime
) -> list[Transition]:
    """What using a link makes of the alerts it stands for.

    Raises LinkError where none of them is still in that occurrence and can be acknowledged.
    """
    transitions = []
    for alert_id, occurrence in link.occurrences.items():
        alert = alerts.get(alert_id)
        if alert is None or alert.occurrence != occurrence:
            continue
        try:
            transitions.append(acknowledge(alert, by, policy, now))
        except AlertClosedError:
            continue
    if not transitions and not link.is_test:
        raise LinkError("there is nothing to acknowledge any more: it is over, or has become worse since that message")
    return transitions
