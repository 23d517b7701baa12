"""The life of an alert: who must know now, and whether they were told.

What talks to the outside is imported by its own name: `alerts.postgres`, `alerts.postgres_outbox` and
`alerts.postgres_library` (the store), `alerts.channels` (Apprise), `alerts.watchdog` (HTTP).
"""

from alerts.alert import OPEN, STANDING, UNANSWERED, Alert, AlertState
from alerts.announcements import Announced, announce
from alerts.book import Book
from alerts.delivery import Briefer, DeliveryWorker
from alerts.errors import (
    AlertClosedError,
    AlertError,
    AlertNotFoundError,
    AlertStoreError,
    ChannelError,
    LinkError,
    MatcherError,
    SilenceNotFoundError,
    UnfinishedMessageError,
)
from alerts.evaluation import decide, decide_all
from alerts.link import AcknowledgeLink, LinkSigner
from alerts.memory import MemoryAlerts
from alerts.messages.announcement import compose_announcement, preview_announcement
from alerts.messages.deployment import (
    STATUS_EVERY,
    Announcement,
    EmergencyNotice,
    RunningActivity,
    StatusUpdate,
    UpcomingActivity,
    blanks,
)
from alerts.messages.message import Briefing, Links, Message, Style, Told, Tone, compose
from alerts.mutes import Mute, MuteKind, Mutes
from alerts.notification import Attempt, Batch, Claim, Delivery, DeliveryState, Notification, Outcome, Reason
from alerts.observer import AlertObserver
from alerts.people import acknowledge
from alerts.policy import Evidence, Policy, evidence_by_limits
from alerts.service import Alerts
from alerts.settings import ChannelSettings, Rate, WatchdogSettings, WebhookSettings
from alerts.silence import Matcher, Silence
from alerts.spool import BookSpool
from alerts.standby import Library, Standby
from alerts.steps import Upcoming, advance, schedule
from alerts.store import AlertCounts, AlertEvent, AlertRecord, AlertStore, Burial, Outbox, Scope
from alerts.transition import Transition

__all__ = [
    "OPEN",
    "STANDING",
    "STATUS_EVERY",
    "UNANSWERED",
    "AcknowledgeLink",
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
    "Announced",
    "Announcement",
    "Attempt",
    "Batch",
    "Book",
    "BookSpool",
    "Briefer",
    "Briefing",
    "Burial",
    "ChannelError",
    "ChannelSettings",
    "Claim",
    "Delivery",
    "DeliveryState",
    "DeliveryWorker",
    "EmergencyNotice",
    "Evidence",
    "Library",
    "LinkError",
    "LinkSigner",
    "Links",
    "Matcher",
    "MatcherError",
    "MemoryAlerts",
    "Message",
    "Mute",
    "MuteKind",
    "Mutes",
    "Notification",
    "Outbox",
    "Outcome",
    "Policy",
    "Rate",
    "Reason",
    "RunningActivity",
    "Scope",
    "Silence",
    "SilenceNotFoundError",
    "Standby",
    "StatusUpdate",
    "Style",
    "Told",
    "Tone",
    "Transition",
    "UnfinishedMessageError",
    "Upcoming",
    "UpcomingActivity",
    "WatchdogSettings",
    "WebhookSettings",
    "acknowledge",
    "advance",
    "announce",
    "blanks",
    "compose",
    "compose_announcement",
    "decide",
    "decide_all",
    "evidence_by_limits",
    "preview_announcement",
    "schedule",
]
