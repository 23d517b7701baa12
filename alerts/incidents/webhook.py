"""Webhooks of services that keep incidents: what they say is believed only where they prove who they are."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ValidationError

from alerts.incidents.errors import WebhookMalformedError, WebhookRefusedError
from alerts.incidents.incident import Acknowledged, name_of

PAGERDUTY_SIGNATURE_HEADER = "X-PagerDuty-Signature"
# Opsgenie signs nothing; its webhook integration sends headers of the user's choice along.
OPSGENIE_SECRET_HEADER = "X-Portalwatch-Secret"

_PAGERDUTY_EVENTS = ("incident.acknowledged", "incident.resolved")
_OPSGENIE_ACTIONS = ("Acknowledge", "Close")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Payload = TypeVar("_Payload", bound=BaseModel)


class _Agent(BaseModel):
    summary: str | None = None


class _PagerDutyIncident(BaseModel):
    incident_key: str | None = None


class _PagerDutyEvent(BaseModel):
    event_type: str
    occurred_at: AwareDatetime
    agent: _Agent | None = None
    data: _PagerDutyIncident


class _PagerDutyWebhook(BaseModel):
    event: _PagerDutyEvent


class _OpsgenieAlert(BaseModel):
    alias: str | None = None
    username: str | None = None
    updatedAt: int | None = None  # noqa: N815 - the service's name


class _OpsgenieWebhook(BaseModel):
    action: str
    alert: _OpsgenieAlert


def acknowledgement_of_pagerduty(body: bytes, signatures: str | None, secret: str) -> Acknowledged | None:
    """The acknowledgement that a v3 webhook tells of; None where it tells of something else.

    `body` is as it came, byte for byte; `signatures` is the header PAGERDUTY_SIGNATURE_HEADER: one signature for each
    secret there is while secrets are exchanged, of which one must be ours. None as well for an incident without a key,
    as those that group several alerts are: polling finds out about them.

    Raises WebhookRefusedError, WebhookMalformedError.
    Source: github.com/PagerDuty/developer-docs, docs/webhooks/01-Overview.md and 04-Signatures.md (v1)
    """
    expected = f"v1={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}".encode()
    presented = [one.strip().encode() for one in (signatures or "").split(",")]
    matches = [hmac.compare_digest(one, expected) for one in presented]  # all of them, whichever is right
    if not secret or not any(matches):
        raise WebhookRefusedError("the webhook is not signed with the secret of its PagerDuty subscription")
    event = _parse(_PagerDutyWebhook, body, "PagerDuty").event
    if event.event_type not in _PAGERDUTY_EVENTS or not event.data.incident_key:
        return None
    by = name_of(event.agent.summary if event.agent else None, "PagerDuty")
    return Acknowledged(event.data.incident_key, by, event.occurred_at)


def acknowledgement_of_opsgenie(body: bytes, presented: str | None, secret: str) -> Acknowledged | None:
    """The acknowledgement that a webhook tells of; None where it tells of something else.

    `presented` is the header OPSGENIE_SECRET_HEADER, which the user adds to the webhook integration.

    Raises WebhookRefusedError, WebhookMalformedError.
    Source: https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/
    """
    if not secret or not hmac.compare_digest((presented or "").encode(), secret.encode()):
        raise WebhookRefusedError(f"the webhook does not carry our secret as {OPSGENIE_SECRET_HEADER}")
    told = _parse(_OpsgenieWebhook, body, "Opsgenie")
    if told.action not in _OPSGENIE_ACTIONS or not told.alert.alias:
        return None
    return Acknowledged(told.alert.alias, name_of(told.alert.username, "Opsgenie"), _instant(told.alert.updatedAt))


def _parse(kind: type[_Payload], body: bytes, service: str) -> _Payload:
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        raise WebhookMalformedError(f"the webhook is not what {service} documents") from None  # it holds the input


def _instant(nanoseconds: int | None) -> datetime | None:
    """Opsgenie counts in nanoseconds, as `updatedAt` of its documented samples shows; None for what can't be that."""
    try:
        return None if nanoseconds is None else _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return None
