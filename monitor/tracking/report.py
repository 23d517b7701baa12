"""What `POST /api/errors/track` takes, and what is kept of it: a list of what may stay, all else is dropped."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from monitor.ingest.admission import believed
from monitor.instrumentation.correlation import accepted
from thresholds.error_class import ErrorClasses
from thresholds.error_group import ErrorGroup, browser_of, group_of, masked, masked_path

_LONGEST_LABEL = 60
_UNKNOWN = "unknown"


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class ReportedError(_Part):
    """The error itself; what is too long is cut, not refused."""

    name: str = "Error"
    message: str = ""
    stack: str | None = None


class ReportedContext(_Part):
    """Where it happened. `timestamp` is the client's own."""

    correlation_id: str | None = Field(None, alias="correlationId")
    user_id: str | int | None = Field(None, alias="userId")
    component: str | None = None
    action: str | None = None
    timestamp: datetime | None = None
    user_agent: str | None = Field(None, alias="userAgent")
    url: str | None = None


class ErrorReport(_Part):
    """The body."""

    error: ReportedError
    context: ReportedContext = ReportedContext()


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """One error as it is kept. `at` is when it arrived, `said_at` when the client says it was, None if absurd."""

    group: ErrorGroup
    error_class: str
    at: datetime
    said_at: datetime | None
    correlation_id: str | None
    user_hash: bytes | None
    component: str
    action: str
    path: str
    browser: str


Hasher = Callable[[str], bytes | None]


def user_hasher(key: SecretStr | None) -> Hasher:
    """What stands for a user id: HMAC-SHA256 of it, cut to 16 bytes; None, which drops it, without a key."""
    if key is None:
        return lambda _: None
    secret = key.get_secret_value().encode()
    return lambda user: hmac.digest(secret, user.encode(errors="replace"), hashlib.sha256)[:16]


def event_of(
    report: ErrorReport, arrived: datetime, clock_skew: timedelta, classes: ErrorClasses, hasher: Hasher
) -> ErrorEvent:
    """What is kept of a report. The class is found in the text as it was sent; the text itself is not kept."""
    error, context = report.error, report.context
    user = None if context.user_id is None else str(context.user_id)
    return ErrorEvent(
        group=group_of(error.name, error.message, error.stack or ""),
        error_class=classes.class_of(error.name, error.message),
        at=arrived,
        said_at=believed(context.timestamp, arrived, clock_skew),
        correlation_id=accepted(context.correlation_id or ""),
        user_hash=hasher(user) if user else None,
        component=_label(context.component),
        action=_label(context.action),
        path=masked_path(context.url or ""),
        browser=browser_of(context.user_agent or ""),
    )


def _label(text: str | None) -> str:
    return masked(text or "")[:_LONGEST_LABEL] or _UNKNOWN
