"""The life of an alert: who must know now, and whether they were told.

What talks to the outside is imported by its own name: `alerts.postgres` (the store) and `alerts.channels` (Apprise).
"""

from alerts.alert import Alert, AlertState
from alerts.delivery import DeliveryWorker
from alerts.errors import AlertClosedError, AlertError, AlertNotFoundError, AlertStoreError, ChannelError
from alerts.message import Links, Message, Tone, compose
from alerts.notification import Attempt, Claim, Delivery, DeliveryState, Notification, Outcome, Reason
from alerts.observer import AlertObserver
from alerts.policy import Evidence, Policy, Transition, acknowledge, advance, decide, evidence_by_limits
from alerts.service import Alerts
from alerts.settings import ChannelSettings
from alerts.store import AlertCounts, AlertEvent, AlertRecord, AlertStore, Burial, Outbox

__all__ = [
    "Alert",
    "AlertClosedError",
    "AlertCounts",
    "AlertError",
    "AlertEvent",
    "AlertNotFoundError",
    "AlertObserver",
    "AlertRecord",
    "AlertState",
    "AlertStore",
    "AlertStoreError",
    "Alerts",
    "Attempt",
    "Burial",
    "ChannelError",
    "ChannelSettings",
    "Claim",
    "Delivery",
    "DeliveryState",
    "DeliveryWorker",
    "Evidence",
    "Links",
    "Message",
    "Notification",
    "Outbox",
    "Outcome",
    "Policy",
    "Reason",
    "Tone",
    "Transition",
    "acknowledge",
    "advance",
    "compose",
    "decide",
    "evidence_by_limits",
]
