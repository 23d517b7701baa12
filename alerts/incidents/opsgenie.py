"""Opsgenie's Alert API: one alert there per alert here, told apart by its alias."""

# Apprise has types for a part of what it has.
# mypy: allow-untyped-calls, disable-error-code="assignment"

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import httpx
from apprise import NotifyType
from apprise.plugins.opsgenie import OPSGENIE_API_LOOKUP, NotifyOpsgenie

from alerts.incidents.call import checked_endpoint, post
from alerts.incidents.incident import Incident, IncidentAction, current_incident

# https://docs.opsgenie.com/docs/alert-api
MESSAGE_LENGTH = 130
SOURCE_LENGTH = 100
RESPONDERS = 50

_PATHS = {IncidentAction.ACKNOWLEDGE: "acknowledge", IncidentAction.RESOLVE: "close"}
_PRIORITIES = {
    NotifyType.INFO: "P5",
    NotifyType.SUCCESS: "P5",
    NotifyType.WARNING: "P3",
    NotifyType.FAILURE: "P1",
}


class NotifyOpsgenieAlerts(NotifyOpsgenie):
    """`opsgeniealerts://API_KEY/…?endpoint=ADDRESS`: Apprise's `opsgenie://` with its responders, region, priority,
    tags, entity and details, under the alert's id as alias. `action`, `alias` and the mapping of types go unused.

    Apprise's own has one alias for a whole URL, or none; it closes by the ids of the requests that it made itself, kept
    under the title in the memory of a process: another process, one that was restarted, or an end with another title
    than the beginning closes nothing, and reports success. The alert's alias is known to everybody at all times.

    The priority follows the tone unless the URL has one. `endpoint` stands in for the address of the region; with
    `https://api.atlassian.com/jsm/ops/integration` it speaks to Jira Service Management.

    Source: https://docs.opsgenie.com/docs/alert-api
    """

    secure_protocol = "opsgeniealerts"
    request_rate_per_sec = 0.5

    def __init__(
        self, endpoint: str | None = None, priority: str | None = None, tags: Iterable[str] = (), **kwargs: Any
    ) -> None:
        """Raises AppriseImproperlyConfigured."""
        self._tags = list(tags)
        super().__init__(priority=priority, tags=self._tags, **kwargs)
        self._endpoint = checked_endpoint(endpoint) if endpoint else None
        self._priority = f"P{self.priority}" if priority else None

    @property
    def alerts_url(self) -> str:
        """Where the alerts are."""
        return f"{self._endpoint}/v2/alerts" if self._endpoint else OPSGENIE_API_LOOKUP[str(self.region_name)]

    @property
    def authorization(self) -> dict[str, str]:
        """The header that opens it."""
        return {"Authorization": f"GenieKey {self.apikey}"}

    def send(self, body: str, title: str = "", notify_type: NotifyType = NotifyType.INFO, **_kwargs: Any) -> bool:
        """Whether Opsgenie accepted all there is to say of the alert."""
        incident = current_incident()
        if incident is None:
            return self._create(None, title, body, notify_type)
        return all(
            self._create(incident, title, body, notify_type)
            if step is IncidentAction.TRIGGER
            else self._change(incident, _PATHS[step], body)
            for step in incident.action.steps
        )

    def _create(self, incident: Incident | None, title: str, body: str, notify_type: NotifyType) -> bool:
        alert = {
            "message": (title or body)[:MESSAGE_LENGTH],
            "description": body[: self.body_maxlen],
            "alias": incident.alert_id if incident else None,
            "source": (incident.source if incident else self.app_id)[:SOURCE_LENGTH],
            "priority": self._priority or _PRIORITIES[notify_type],
            "responders": self.targets[:RESPONDERS],
            "tags": self._tags,
            "entity": self.entity,
            "details": self.details,
            "user": self.user,
        }
        given = {name: value for name, value in alert.items() if value}
        return post(self, self.alerts_url, given, headers=self.authorization)

    def _change(self, incident: Incident, path: str, note: str) -> bool:
        return post(
            self,
            f"{self.alerts_url}/{quote(incident.alert_id, safe='')}/{path}",
            {"source": incident.source[:SOURCE_LENGTH], "note": note} | ({"user": self.user} if self.user else {}),
            headers=self.authorization,
            params={"identifierType": "alias"},
            # Nothing is open under the alias: what was to be done is done.
            taken=(httpx.codes.ACCEPTED, httpx.codes.NOT_FOUND),
        )

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:
        """The URL, with all that is secret as stars where `privacy` asks for it."""
        url: str = super().url(privacy, *args, **kwargs)
        return f"{url}&{self.urlencode({'endpoint': self._endpoint})}" if self._endpoint else url

    @staticmethod
    def parse_url(url: str, *_args: Any, **_kwargs: Any) -> dict[str, Any] | None:
        """The arguments that are in a URL."""
        results: dict[str, Any] | None = NotifyOpsgenie.parse_url(url)
        if results and results["qsd"].get("endpoint"):
            results["endpoint"] = results["qsd"]["endpoint"]
        return results
