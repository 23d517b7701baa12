"""What PagerDuty's REST API says of the incidents of an alert."""

import httpx
from pydantic import AwareDatetime, BaseModel

from alerts.incidents.incident import Acknowledged, name_of
from alerts.incidents.poller import AcknowledgementPoller
from baselines.clock import Clock

# Of one key: those that were resolved before it was triggered again, in each of the services that were told.
INCIDENTS = 25


class _Reference(BaseModel):
    id: str | None = None
    summary: str | None = None


class _Acknowledgement(BaseModel):
    at: AwareDatetime
    acknowledger: _Reference


class _Incident(BaseModel):
    status: str
    service: _Reference = _Reference()
    acknowledgements: tuple[_Acknowledgement, ...] = ()
    last_status_change_at: AwareDatetime | None = None
    last_status_change_by: _Reference | None = None

    def acknowledged(self, alert_id: str) -> Acknowledged | None:
        if self.status not in ("acknowledged", "resolved"):
            return None
        by, at = self.last_status_change_by, self.last_status_change_at
        if self.acknowledgements:
            latest = max(self.acknowledgements, key=lambda one: one.at)
            by, at = latest.acknowledger, latest.at
        return Acknowledged(alert_id, name_of(by.summary if by else None, "PagerDuty"), at)


class _Answer(BaseModel):
    incidents: tuple[_Incident, ...]


class PagerDutyPoller(AcknowledgementPoller):
    """One question per alert: an incident that has alerts does not name their keys, so that no list of many would say
    whose they are. The latest incident of each service counts, for a key may be triggered again after its end.

    Source: github.com/PagerDuty/api-schema, reference/REST/openapiv3.json (GET /incidents)
    """

    service = "PagerDuty"

    def __init__(self, client: httpx.AsyncClient, clock: Clock, address: str, token: str) -> None:
        super().__init__(client, clock)
        self._address = address
        self._token = token

    def _request(self, alert_id: str) -> httpx.Request:
        return self._client.build_request(
            "GET",
            f"{self._address}/incidents",
            params={"incident_key": alert_id, "date_range": "all", "sort_by": "created_at:desc", "limit": INCIDENTS},
            headers={
                "Accept": "application/vnd.pagerduty+json;version=2",
                "Authorization": f"Token token={self._token}",
                "Content-Type": "application/json",
            },
        )

    def _read(self, alert_id: str, content: bytes) -> Acknowledged | None:
        latest: dict[str | None, _Incident] = {}
        for incident in _Answer.model_validate_json(content).incidents:
            latest.setdefault(incident.service.id, incident)
        return next((one for incident in latest.values() if (one := incident.acknowledged(alert_id))), None)
