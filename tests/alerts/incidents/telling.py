"""A message to a service with incidents, on the way a channel takes: real Apprise, in a thread."""

import asyncio
from dataclasses import dataclass

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from alerts.channels import Redaction
from alerts.incidents import Incident, IncidentAction, speaking_of
from tests.alerts.incidents.doubles import API_KEY, ROUTING_KEY, TOKEN, Opsgenie, PagerDuty

ALERT = "0123456789ab"
TRIGGER = Incident(ALERT, IncidentAction.TRIGGER, "probe/login")
ACKNOWLEDGE = Incident(ALERT, IncidentAction.ACKNOWLEDGE, "probe/login")
RESOLVE = Incident(ALERT, IncidentAction.RESOLVE, "probe/login")
RECORD = Incident(ALERT, IncidentAction.RECORD, "probe/login")


@dataclass(frozen=True)
class Told:
    """Whether the service took it, and what is said of that where people see it."""

    taken: bool
    said: str


class Line:
    """A channel's way to a service, as one process has it; a second one is that of another process."""

    def __init__(self, url: str, *, deadline_of_apprise: bool = False) -> None:
        asset = AppriseAsset(app_id="portalwatch", service_timeout=30 if deadline_of_apprise else 0)
        plugin = Apprise.instantiate(url, asset=asset)
        assert plugin is not None
        self.plugin = plugin
        self._apprise = Apprise([plugin], asset=asset)
        self._redact = Redaction(url)

    async def tell(
        self,
        incident: Incident | None,
        title: str = "CRITICAL: probe/login 12 s",
        body: str = "It is slow\nsince nine",
        tone: NotifyType = NotifyType.FAILURE,
    ) -> Told:
        """One message."""
        return await asyncio.to_thread(self._call, incident, title, body, tone)

    def _call(self, incident: Incident | None, title: str, body: str, tone: NotifyType) -> Told:
        with speaking_of(incident):
            result = self._apprise.notify(body=body, title=title, notify_type=tone, body_format=NotifyFormat.TEXT)
        with result:
            return Told(bool(result), self._redact(" ".join(entry.message for entry in result.logs())))


def pagerduty_line(service: PagerDuty, *, routing_key: str = ROUTING_KEY, deadline_of_apprise: bool = False) -> Line:
    """The way to the double of PagerDuty."""
    url = f"pagerdutyevents://{routing_key}?token={TOKEN}&endpoint={service.address}"
    return Line(url, deadline_of_apprise=deadline_of_apprise)


def opsgenie_line(service: Opsgenie, more: str = "") -> Line:
    """The way to the double of Opsgenie. `more`: further parameters."""
    return Line(f"opsgeniealerts://{API_KEY}/?endpoint={service.address}{more}")
