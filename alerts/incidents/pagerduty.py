"""PagerDuty's Events API v2: one incident per alert, from its first message to its end."""

# Apprise has types for a part of what it has, and its base class says None where plugins have texts.
# mypy: allow-untyped-calls, disable-error-code="assignment,override"

from dataclasses import dataclass
from typing import Any

from apprise import NotifyBase, NotifyType
from apprise.exception import AppriseImproperlyConfigured
from apprise.url import PrivacyMode

from alerts.incidents.call import checked_endpoint, post
from alerts.incidents.incident import Incident, IncidentAction, current_incident

# The longest summary that is allowed.
SUMMARY_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where events go to, and where the REST API answers."""

    events: str
    rest: str


_REGIONS = {
    "us": Addresses("https://events.pagerduty.com", "https://api.pagerduty.com"),
    "eu": Addresses("https://events.eu.pagerduty.com", "https://api.eu.pagerduty.com"),
}
_SEVERITIES = {
    NotifyType.INFO: "info",
    NotifyType.SUCCESS: "info",
    NotifyType.WARNING: "warning",
    NotifyType.FAILURE: "critical",
}


class NotifyPagerDutyEvents(NotifyBase):
    """`pagerdutyevents://ROUTING_KEY?region=us|eu&token=API_TOKEN&endpoint=ADDRESS`.

    Triggers, acknowledges and resolves under the alert's id as deduplication key, so that a reminder and an escalation
    join the incident and its end closes it. A message of no alert opens an incident that people close. `token` is a
    REST key, to read is enough: with it acknowledgements are read back. `endpoint` stands in for both addresses.

    While its incident is acknowledged there, PagerDuty takes a trigger and tells nobody.

    Source: github.com/PagerDuty/developer-docs, docs/events-API-v2/02-Trigger-Events.md
    """

    service_name = "PagerDuty"
    service_url = "https://www.pagerduty.com/"
    secure_protocol = "pagerdutyevents"
    title_maxlen = SUMMARY_LENGTH
    # About 120 events a minute for each key: developer-docs, docs/events-API-v2/05-Rate-Limits.md.
    request_rate_per_sec = 0.5

    def __init__(
        self,
        routing_key: str,
        region: str = "us",
        token: str | None = None,
        endpoint: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Raises AppriseImproperlyConfigured."""
        super().__init__(**kwargs)
        if not routing_key or region not in _REGIONS:
            raise AppriseImproperlyConfigured(
                f"{self.service_name} needs a routing key, and knows the regions {', '.join(_REGIONS)}"
            )
        self.token = token
        self.addresses = _REGIONS[region]
        self._routing_key = routing_key
        self._parameters = {"region": region}
        if endpoint:
            address = checked_endpoint(endpoint)
            self.addresses = Addresses(address, address)
            self._parameters["endpoint"] = address

    def send(self, body: str, title: str = "", notify_type: NotifyType = NotifyType.INFO, **_kwargs: Any) -> bool:
        """Whether PagerDuty accepted all there is to say of the incident."""
        incident = current_incident()
        steps = incident.action.steps if incident else IncidentAction.TRIGGER.steps
        address = f"{self.addresses.events}/v2/enqueue"
        return all(post(self, address, self._event(step, incident, title, body, notify_type)) for step in steps)

    def _event(
        self, step: IncidentAction, incident: Incident | None, title: str, body: str, notify_type: NotifyType
    ) -> dict[str, Any]:
        event: dict[str, Any] = {"routing_key": self._routing_key, "event_action": step.value}
        if incident is not None:
            event["dedup_key"] = incident.alert_id
        if step is IncidentAction.TRIGGER:
            event["client"] = self.app_id
            event["payload"] = {
                "summary": (title or body)[:SUMMARY_LENGTH],
                "severity": _SEVERITIES[notify_type],
                "source": incident.source if incident else self.app_id,
                "custom_details": {"message": body},
            }
        return event

    @property
    def url_identifier(self) -> tuple[str, str]:
        """What tells this service from another."""
        return self.secure_protocol, self._routing_key

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:
        """The URL, with all that is secret as stars where `privacy` asks for it."""
        parameters = self._parameters | self.url_parameters(*args, privacy=privacy, **kwargs)
        if self.token:
            parameters["token"] = "****" if privacy else self.token
        key = self.pprint(self._routing_key, privacy, mode=PrivacyMode.Secret, safe="")
        return f"{self.secure_protocol}://{key}/?{self.urlencode(parameters)}"

    @staticmethod
    def parse_url(url: str, *_args: Any, **_kwargs: Any) -> dict[str, Any] | None:
        """The arguments that are in a URL."""
        results = NotifyBase.parse_url(url, verify_host=False)
        if not results:
            return results
        results["routing_key"] = NotifyBase.unquote(results["host"])
        given = {name: results["qsd"][name] for name in ("region", "token", "endpoint") if results["qsd"].get(name)}
        return results | given
