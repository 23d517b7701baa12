"""Webhooks: an acknowledgement is believed from who proves to be the service, and from nobody else."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.incidents import (
    Acknowledged,
    WebhookMalformedError,
    WebhookRefusedError,
    acknowledgement_of_opsgenie,
    acknowledgement_of_pagerduty,
)
from tests.alerts.incidents.doubles import (
    Opsgenie,
    OpsgenieAlert,
    PagerDuty,
    PagerDutyIncident,
    running,
    signatures_of,
)
from tests.alerts.incidents.telling import ALERT, TRIGGER, opsgenie_line, pagerduty_line

SECRET = "webhook secret ü"
OTHER = "another one"
NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="module")
def pagerduty() -> tuple[PagerDuty, PagerDutyIncident]:
    """PagerDuty with an incident that Ada has acknowledged."""

    async def scenario() -> PagerDuty:
        async with running(PagerDuty()) as service:
            await pagerduty_line(service).tell(TRIGGER)
            return service

    service = asyncio.run(scenario())
    [incident] = service.incidents
    incident.change("acknowledged", service.person("Ada\nLovelace"))
    return service, incident


@pytest.fixture(scope="module")
def opsgenie() -> tuple[Opsgenie, OpsgenieAlert]:
    """Opsgenie with an alert."""

    async def scenario() -> Opsgenie:
        async with running(Opsgenie()) as service:
            await opsgenie_line(service).tell(TRIGGER)
            return service

    service = asyncio.run(scenario())
    [alert] = service.alerts
    return service, alert


@pytest.mark.parametrize("event", ["incident.acknowledged", "incident.resolved"])
@pytest.mark.parametrize("secrets", [(SECRET,), (OTHER, SECRET), (SECRET, OTHER)])
def test_an_acknowledgement_of_pagerduty_is_read(
    pagerduty: tuple[PagerDuty, PagerDutyIncident], event: str, secrets: tuple[str, ...]
) -> None:
    """Signed with our secret, beside another while secrets are exchanged too; an end there counts as well."""
    service, incident = pagerduty
    body, signatures = service.webhook(event, incident, *secrets)
    told = acknowledgement_of_pagerduty(body, signatures.replace(",", ", "), SECRET)
    assert told == acknowledgement_of_pagerduty(body, signatures, SECRET)
    assert told == Acknowledged(ALERT, "Ada Lovelace (PagerDuty)", incident.at)


@pytest.mark.parametrize("event", ["incident.triggered", "incident.unacknowledged", "pagey.ping", "of.next.year"])
def test_other_events_of_pagerduty_say_nothing(pagerduty: tuple[PagerDuty, PagerDutyIncident], event: str) -> None:
    """A subscription may have more events than we need, and PagerDuty may add some."""
    service, incident = pagerduty
    assert acknowledgement_of_pagerduty(*service.webhook(event, incident, SECRET), SECRET) is None


@pytest.mark.parametrize("data", [{"incident_key": None}, {"incident_key": ""}, {"id": "PINCIDENT1"}])
def test_an_incident_of_pagerduty_without_a_key_says_nothing(
    pagerduty: tuple[PagerDuty, PagerDutyIncident], data: dict[str, Any]
) -> None:
    """Which alerts it is of is found out by polling."""
    service, incident = pagerduty
    body, signatures = service.webhook("incident.acknowledged", incident, SECRET, data=data)
    assert acknowledgement_of_pagerduty(body, signatures, SECRET) is None


def test_what_nobody_did_at_pagerduty_is_the_services(pagerduty: tuple[PagerDuty, PagerDutyIncident]) -> None:
    """An event that an automation brought about has no agent."""
    service, incident = pagerduty
    told = acknowledgement_of_pagerduty(*service.webhook("incident.acknowledged", incident, SECRET, agent=None), SECRET)
    assert told == Acknowledged(ALERT, "PagerDuty", incident.at)


@pytest.mark.parametrize("presented", [None, "", "v1=", "v1", "é", "v0={0}", "{0}x", "v1={1}", "v1={1},v1={1}"])
def test_pagerduty_is_not_believed_without_its_signature(
    pagerduty: tuple[PagerDuty, PagerDutyIncident], presented: str | None
) -> None:
    """None, one of another version, one that is not whole, and one of another secret."""
    service, incident = pagerduty
    body, _ = service.webhook("incident.acknowledged", incident)
    ours, others = (signatures_of(body, secret).removeprefix("v1=") for secret in (SECRET, OTHER))
    with pytest.raises(WebhookRefusedError):
        acknowledgement_of_pagerduty(body, presented and presented.format(ours, others), SECRET)


def test_pagerduty_is_not_believed_when_one_letter_is_changed(pagerduty: tuple[PagerDuty, PagerDutyIncident]) -> None:
    """The signature is of the body, byte for byte."""
    service, incident = pagerduty
    body, signatures = service.webhook("incident.acknowledged", incident, SECRET)
    with pytest.raises(WebhookRefusedError):
        acknowledgement_of_pagerduty(body.replace(b"Ada", b"Eve"), signatures, SECRET)


def test_the_signature_is_hmac_sha256() -> None:
    """By a known answer: test case 2 of RFC 4231. It is past the signature, and finds that the body is no webhook."""
    signature = "v1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    with pytest.raises(WebhookMalformedError):
        acknowledgement_of_pagerduty(b"what do ya want for nothing?", signature, "Jefe")


def test_without_a_secret_of_ours_nobody_is_believed(
    pagerduty: tuple[PagerDuty, PagerDutyIncident], opsgenie: tuple[Opsgenie, OpsgenieAlert]
) -> None:
    """Anybody could sign with an empty one."""
    body, signatures = pagerduty[0].webhook("incident.acknowledged", pagerduty[1], "")
    with pytest.raises(WebhookRefusedError):
        acknowledgement_of_pagerduty(body, signatures, "")
    with pytest.raises(WebhookRefusedError):
        acknowledgement_of_opsgenie(opsgenie[0].webhook("Acknowledge", opsgenie[1], "ada", NOON), "", "")


MALFORMED = [b"", b"null", b"{}", b'{"event":{}}', b'{"action":"Acknowledge"}', b"\xff", b"[" * 100_000]


@pytest.mark.parametrize("body", MALFORMED)
def test_a_webhook_that_cannot_be_read_is_malformed(body: bytes) -> None:
    """Signed or not worth a guess: the error says so without what was sent."""
    with pytest.raises(WebhookMalformedError, match="is not what PagerDuty documents"):
        acknowledgement_of_pagerduty(body, signatures_of(body, SECRET), SECRET)
    with pytest.raises(WebhookMalformedError, match="is not what Opsgenie documents"):
        acknowledgement_of_opsgenie(body, SECRET, SECRET)


@pytest.mark.parametrize("action", ["Acknowledge", "Close"])
def test_an_acknowledgement_of_opsgenie_is_read(opsgenie: tuple[Opsgenie, OpsgenieAlert], action: str) -> None:
    """With our secret in its header; an end there counts as well."""
    service, alert = opsgenie
    told = acknowledgement_of_opsgenie(service.webhook(action, alert, "ada@corp.example", NOON), SECRET, SECRET)
    assert told == Acknowledged(ALERT, "ada@corp.example (Opsgenie)", NOON)


@pytest.mark.parametrize("action", ["Create", "UnAcknowledge", "AddNote", "Delete", "Our own action"])
def test_other_actions_of_opsgenie_say_nothing(opsgenie: tuple[Opsgenie, OpsgenieAlert], action: str) -> None:
    """An integration may post more than we need."""
    service, alert = opsgenie
    assert acknowledgement_of_opsgenie(service.webhook(action, alert, "ada", NOON), SECRET, SECRET) is None


@pytest.mark.parametrize(
    ("alert", "told"),
    [
        ({"alias": ALERT}, Acknowledged(ALERT, "Opsgenie", None)),
        ({"alias": ALERT, "updatedAt": 10**30}, Acknowledged(ALERT, "Opsgenie", None)),
        ({"alias": ""}, None),
        ({"username": "ada"}, None),
    ],
)
def test_opsgenie_may_leave_things_out(alert: dict[str, Any], told: Acknowledged | None) -> None:
    """Without an alias it is nobody's; without a time it is as new as it arrived."""
    body = json.dumps({"action": "Acknowledge", "alert": alert}).encode()
    assert acknowledgement_of_opsgenie(body, SECRET, SECRET) == told


@pytest.mark.parametrize("presented", [None, "", "wrong", SECRET + "x", SECRET[:-1]])
def test_opsgenie_is_not_believed_without_the_secret(
    opsgenie: tuple[Opsgenie, OpsgenieAlert], presented: str | None
) -> None:
    """It signs nothing: the header is all there is."""
    service, alert = opsgenie
    with pytest.raises(WebhookRefusedError) as raised:
        acknowledgement_of_opsgenie(service.webhook("Acknowledge", alert, "ada", NOON), presented, SECRET)
    assert SECRET not in str(raised.value)
