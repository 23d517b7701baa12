"""What Opsgenie says of the alert of an alias."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from alerts.incidents.incident import Acknowledged, name_of
from alerts.incidents.poller import AcknowledgementPoller
from baselines.clock import Clock


class _Named(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Report(_Named):
    """Times are milliseconds since the alert was created."""

    ack_time: int | None = Field(None, ge=0, le=10**13)
    close_time: int | None = Field(None, ge=0, le=10**13)
    acknowledged_by: str | None = None
    closed_by: str | None = None


class _Alert(_Named):
    status: str
    acknowledged: bool
    created_at: AwareDatetime
    report: _Report = _Report()

    def acknowledgement(self, alert_id: str) -> Acknowledged | None:
        if self.acknowledged:
            return self._by(alert_id, self.report.acknowledged_by, self.report.ack_time)
        if self.status == "closed":
            return self._by(alert_id, self.report.closed_by, self.report.close_time)
        return None

    def _by(self, alert_id: str, person: str | None, after: int | None) -> Acknowledged:
        at: datetime | None = None if after is None else self.created_at + timedelta(milliseconds=after)
        return Acknowledged(alert_id, name_of(person, "Opsgenie"), at)


class _Answer(BaseModel):
    data: _Alert


class OpsgeniePoller(AcknowledgementPoller):
    """Source: https://docs.opsgenie.com/docs/alert-api (Get Alert); the integration's key needs read access."""

    service = "Opsgenie"
    unknown = (httpx.codes.NOT_FOUND,)

    def __init__(
        self, client: httpx.AsyncClient, clock: Clock, alerts_url: str, authorization: Mapping[str, str]
    ) -> None:
        super().__init__(client, clock)
        self._alerts_url = alerts_url
        self._authorization = authorization

    def _request(self, alert_id: str) -> httpx.Request:
        return self._client.build_request(
            "GET",
            f"{self._alerts_url}/{quote(alert_id, safe='')}",
            params={"identifierType": "alias"},
            headers=self._authorization,
        )

    def _read(self, alert_id: str, content: bytes) -> Acknowledged | None:
        return _Answer.model_validate_json(content).data.acknowledgement(alert_id)
