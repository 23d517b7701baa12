"""What a change adds to the history of its alert, and what a delivery does."""

from collections.abc import Iterator
from datetime import datetime

from alerts.notification import Claim
from alerts.store import AlertEvent
from alerts.transition import Transition


def events_of(transition: Transition, now: datetime) -> Iterator[AlertEvent]:
    """The lines of a change; none of one more evaluation of the same."""
    after = transition.after
    if after is None:
        return
    if transition.is_history:
        detail = f"{after.summary} (quiet because of {after.muted_by})" if after.muted_by else after.summary
        yield AlertEvent(
            alert_id=after.id,
            at=now,
            event=transition.reason,
            tier=after.tier,
            channel=None,
            by=transition.by,
            detail=detail,
        )
    for channel in transition.without_recipient:
        yield AlertEvent(
            alert_id=after.id,
            at=now,
            event="no_recipient",
            tier=after.tier,
            channel=channel,
            by=None,
            detail=f"channel {channel} is not configured",
        )


def event_of_delivery(claim: Claim, now: datetime, event: str, instance: str, detail: str = "") -> AlertEvent:
    """The line of one attempt at a channel by an instance, or of a burial; `event` is an Outcome or a DeliveryState."""
    return AlertEvent(
        alert_id=claim.alert.id,
        at=now,
        event=event,
        tier=claim.alert.tier,
        channel=claim.delivery.notification.channel,
        by=instance,
        detail=detail,
    )
