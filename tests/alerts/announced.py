"""A status update and an emergency notification with nothing missing."""

from datetime import UTC, datetime, timedelta

from alerts import STATUS_EVERY, EmergencyNotice, RunningActivity, StatusUpdate, UpcomingActivity
from thresholds.deployment.standing import Standing

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
STATUS = StatusUpdate(
    deployment="v42",
    at=NOON,
    day=3,
    days=7,
    standing=Standing.DELAYED,
    completed=("validation and baseline", "core table creation"),
    running=(RunningActivity(name="data migration", since=NOON - timedelta(hours=6), pace="slow"),),
    upcoming=(UpcomingActivity(name="index optimisation", expected_at=NOON + timedelta(hours=13)),),
    issues=("loading portfolio valuations takes 40 % longer than in the rehearsal",),
    mitigation="two more workers load since 11:40 UTC; phase 4 waits for them",
    next_update_at=NOON + STATUS_EVERY,
    contact="Carol Jones (+49 30 1234567)",
)
EMERGENCY = EmergencyNotice(
    deployment="v42",
    at=NOON,
    issue="every log-in ends with error 503",
    impact="no client reaches the portal & its reports",
    action_taken="the application is being rolled back (tier 1) since 11:58 UTC",
    expected_resolution="12:15 UTC, by the rollback",
    contact="Carol Jones (+49 30 1234567)",
)
