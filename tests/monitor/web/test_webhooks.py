"""What services with incidents call back: believed by their secret, and only while it is about what was told."""

import json
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from alerts import AlertState, WebhookSettings
from tests.alerts.house import START
from tests.alerts.incidents.doubles import Opsgenie, OpsgenieAlert, PagerDuty, PagerDutyIncident, signatures_of
from tests.monitor.web.served import House, finding, visit
from thresholds import Level

SECRET = "a secret of the subscription"
OTHER = "a secret of somebody else's"
CONFIGURED = WebhookSettings(pagerduty_secret=SecretStr(SECRET), opsgenie_secret=SecretStr(SECRET))
PAGERDUTY, OPSGENIE = "/api/v1/webhooks/pagerduty", "/api/v1/webhooks/opsgenie"
SIGNATURE = "X-PagerDuty-Signature"


def webhook(alert_id: str, at: datetime, *secrets: str, event: str = "incident.acknowledged") -> tuple[bytes, str]:
    """Body and signatures of PagerDuty's call: Ada did that to the incident of an alert."""
    service = PagerDuty()
    ada = service.person("Ada")
    incident = PagerDutyIncident("PINCIDENT1", alert_id, "PSERVICE1", {}, at, at, ada, status="acknowledged")
    return service.webhook(event, incident, *secrets)


def opsgenie(alert_id: str, at: datetime) -> bytes:
    """The body of Opsgenie's call: Ada acknowledged."""
    return Opsgenie().webhook("Acknowledge", OpsgenieAlert(alert_id, {"message": "m"}, at), "ada@corp.example", at)


def test_an_acknowledgement_at_pagerduty_acknowledges_here(store: str) -> None:
    """By the name of whoever did it; other alerts go on. No operator's token is asked for."""

    async def act(house: House) -> None:
        alert, other = await house.tell(finding(), finding(series="q.b"))
        body, signatures = webhook(alert.id, START + timedelta(seconds=20), SECRET)
        answer = await house.client.post(PAGERDUTY, content=body, headers={SIGNATURE: signatures})
        assert (answer.status_code, answer.json()) == (202, {"acknowledged": True})
        assert await house.events(alert.id, "acknowledged") == ["Ada (PagerDuty)"]
        assert (await house.alert(other.id)).state is AlertState.FIRING
        again = await house.client.post(PAGERDUTY, content=body, headers={SIGNATURE: signatures})
        assert (again.status_code, again.json()) == (202, {"acknowledged": False})
        assert await house.events(alert.id, "acknowledged") == ["Ada (PagerDuty)"]

    visit(store, act, operators_need_token=True, webhooks=CONFIGURED)


def test_an_acknowledgement_at_opsgenie_acknowledges_here(store: str) -> None:
    """With the secret in its header; without it, or with another, it is refused (403)."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        body = opsgenie(alert.id, START + timedelta(seconds=20))
        for headers in ({}, {"X-Portalwatch-Secret": OTHER}, {"X-Portalwatch-Secret": ""}):
            assert (await house.client.post(OPSGENIE, content=body, headers=headers)).status_code == 403
        assert (await house.alert(alert.id)).state is AlertState.FIRING
        answer = await house.client.post(OPSGENIE, content=body, headers={"X-Portalwatch-Secret": SECRET})
        assert (answer.status_code, answer.json()) == (202, {"acknowledged": True})
        assert await house.events(alert.id, "acknowledged") == ["ada@corp.example (Opsgenie)"]

    visit(store, act, operators_need_token=True, webhooks=CONFIGURED)


def test_a_call_is_believed_by_its_signature_alone(store: str) -> None:
    """Missing, of another secret, or of another body: 403, and nothing is acknowledged; the answer shows no secret. Of
    several, in one header or in two, one has to be ours.
    """

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        body, ours = webhook(alert.id, START + timedelta(seconds=20), SECRET)
        theirs = signatures_of(body, OTHER)
        wrong: list[dict[str, str]] = [
            {},
            {SIGNATURE: ""},
            {SIGNATURE: theirs},
            {SIGNATURE: signatures_of(body + b" ", SECRET)},
            {SIGNATURE: ours.replace("v1=", "v0=")},
            {"X-Portalwatch-Secret": SECRET},
        ]
        for headers in wrong:
            answer = await house.client.post(PAGERDUTY, content=body, headers=headers)
            assert answer.status_code == 403
            assert SECRET not in answer.text
        assert (await house.alert(alert.id)).state is AlertState.FIRING
        two = [(SIGNATURE, theirs), (SIGNATURE, ours)]
        assert (await house.client.post(PAGERDUTY, content=body, headers=two)).status_code == 202
        assert (await house.alert(alert.id)).state is AlertState.ACKNOWLEDGED

    visit(store, act, webhooks=CONFIGURED)


@pytest.mark.parametrize("path", [PAGERDUTY, OPSGENIE])
def test_without_a_secret_there_is_nothing_to_call(store: str, path: str) -> None:
    """404, whatever is signed with nothing."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        body, signatures = webhook(alert.id, START + timedelta(seconds=20), "")
        headers = {SIGNATURE: signatures, "X-Portalwatch-Secret": ""}
        answer = await house.client.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == (404, "no secret is configured for these calls")
        assert (await house.alert(alert.id)).state is AlertState.FIRING

    visit(store, act)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"event": 3}', b"\xff\x00"])
def test_a_call_that_can_not_be_read_is_malformed(store: str, body: bytes) -> None:
    """400, once it has proved who it is; it does not say what it held."""

    async def act(house: House) -> None:
        headers = {SIGNATURE: signatures_of(body, SECRET), "X-Portalwatch-Secret": SECRET}
        for path, service in ((PAGERDUTY, "PagerDuty"), (OPSGENIE, "Opsgenie")):
            answer = await house.client.post(path, content=body, headers=headers)
            assert answer.status_code == 400
            assert answer.json()["detail"] == f"the webhook is not what {service} documents"

    visit(store, act, webhooks=CONFIGURED)


def test_a_call_that_is_huge_is_refused(store: str) -> None:
    """413, signed or not."""

    async def act(house: House) -> None:
        body = json.dumps({"event": "x" * (1 << 20)}).encode()
        for headers in ({}, {SIGNATURE: signatures_of(body, SECRET)}):
            assert (await house.client.post(PAGERDUTY, content=body, headers=headers)).status_code == 413

    visit(store, act, webhooks=CONFIGURED)


def test_an_acknowledgement_from_before_the_last_telling_counts_for_nothing(store: str) -> None:
    """It was about an alert that was not as bad yet, and may have been on its way for long; one from after it counts.

    An escalation is no new telling: whoever acknowledged before it has the alert in hand.
    """

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        await house.clock.move(minutes=10)
        await house.tell(finding(Level.CRITICAL))
        early, signatures = webhook(alert.id, START + timedelta(minutes=9), SECRET)
        answer = await house.client.post(PAGERDUTY, content=early, headers={SIGNATURE: signatures})
        assert (answer.status_code, answer.json()) == (202, {"acknowledged": False})
        assert (await house.alert(alert.id)).state is AlertState.FIRING
        await house.clock.move(minutes=20)
        (escalated,) = await house.alerts.advance()
        assert escalated.reason == "escalated"
        later, signatures = webhook(alert.id, START + timedelta(minutes=11), SECRET)
        answer = await house.client.post(PAGERDUTY, content=later, headers={SIGNATURE: signatures})
        assert answer.json() == {"acknowledged": True}
        assert await house.events(alert.id, "acknowledged") == ["Ada (PagerDuty)"]

    visit(store, act, webhooks=CONFIGURED)


def test_an_acknowledgement_that_is_over_is_not_taken_again(store: str) -> None:
    """The service still has it when the alert opens again here: it was before that."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        body, signatures = webhook(alert.id, START + timedelta(seconds=20), SECRET)
        await house.client.post(PAGERDUTY, content=body, headers={SIGNATURE: signatures})
        await house.clock.move(hours=5)
        await house.alerts.advance()
        assert (await house.alert(alert.id)).state is AlertState.FIRING
        answer = await house.client.post(PAGERDUTY, content=body, headers={SIGNATURE: signatures})
        assert answer.json() == {"acknowledged": False}
        assert (await house.alert(alert.id)).state is AlertState.FIRING

    visit(store, act, webhooks=CONFIGURED)


@pytest.mark.parametrize("alert_id", ["0" * 12, "somebody else's incident", "\x00", "x" * 1000])
def test_an_alert_that_is_not_known_here_is_nobodys(store: str, alert_id: str) -> None:
    """A subscription tells of other incidents too: taken (202), and nothing comes of it."""

    async def act(house: House) -> None:
        body, signatures = webhook(alert_id, START + timedelta(seconds=20), SECRET)
        answer = await house.client.post(PAGERDUTY, content=body, headers={SIGNATURE: signatures})
        assert (answer.status_code, answer.json()) == (202, {"acknowledged": False})

    visit(store, act, webhooks=CONFIGURED)


@pytest.mark.parametrize("event", ["incident.triggered", "incident.unacknowledged", "pagey.ping"])
def test_what_is_no_acknowledgement_changes_nothing(store: str, event: str) -> None:
    """202, so that the service does not call again."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        body, signatures = webhook(alert.id, START + timedelta(seconds=20), SECRET, event=event)
        answer = await house.client.post(PAGERDUTY, content=body, headers={SIGNATURE: signatures})
        assert (answer.status_code, answer.json()) == (202, {"acknowledged": False})
        assert (await house.alert(alert.id)).state is AlertState.FIRING

    visit(store, act, webhooks=CONFIGURED)
