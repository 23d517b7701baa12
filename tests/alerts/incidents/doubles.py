"""PagerDuty and Opsgenie on the loopback, as far as their public documentation describes what they do.

PagerDuty, github.com/PagerDuty/developer-docs and github.com/PagerDuty/api-schema (August 2026):
- docs/events-API-v2/01-Overview.md, 02-Trigger-Events.md and 05-Rate-Limits.md: what an event holds, that a trigger
  joins the open alert of its dedup_key, that an acknowledge or resolve without one is dropped, that a trigger after
  the end opens a new incident, that all of it is by routing key; 202, 400, 429
- reference/events-v2/openapiv3.json: the answers of POST /v2/enqueue
- reference/REST/openapiv3.json, GET /incidents: incident_key, statuses[], date_range, sort_by, limit; that incidents
  with alerts have no incident_key; that `acknowledgements` is empty unless the incident is acknowledged
- docs/REST-API/02-Authentication.md and 04-Rate-Limits.md: 401, and 429 with ratelimit-reset
- docs/webhooks/01-Overview.md and 04-Signatures.md

Opsgenie:
- https://docs.opsgenie.com/docs/alert-api: create, acknowledge, close and get by alias; 202 with a requestId, the work
  afterwards; one open alert per alias, which counts
- https://docs.opsgenie.com/docs/response: 401, 404, 422; https://docs.opsgenie.com/docs/api-rate-limiting: 429
- https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/: webhooks
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

ROUTING_KEY = "R0uTingKeySecret"
OTHER_ROUTING_KEY = "R0uTingKeyOther2"
TOKEN = "u+RestT0kenSecret"
API_KEY = "genie-Key-Secret"


@dataclass(frozen=True)
class Request:
    """One request as it came. `path` is split at its slashes and unquoted."""

    method: str
    path: tuple[str, ...]
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    def one(self, name: str) -> str:
        """A parameter of the query, empty where it is not there."""
        return self.query.get(name, [""])[0]


@dataclass(frozen=True)
class Answer:
    """One answer; `content` becomes JSON unless it is bytes."""

    status: int
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Double:
    """An HTTP server. `instead`: what it answers in place of what it would (a number: with that status)."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[Request] = []
        self.instead: Callable[[Request], Answer | None] = lambda _: None
        self.hangs = False
        self.drops = False
        self.release = asyncio.Event()

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, request: Request) -> Answer:
        """What the service does."""
        raise NotImplementedError

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, target, _ = first.split(" ")
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        request = Request(method, tuple(map(unquote, path.strip("/").split("/"))), query, headers, body)
        self.requests.append(request)
        if self.hangs:
            await self.release.wait()
        if not self.drops:
            answer = self.instead(request) or self.answer(request)
            content = answer.content if isinstance(answer.content, bytes) else json.dumps(answer.content).encode()
            told = {"Content-Length": len(content), "Connection": "close", **answer.headers}
            lines = [f"HTTP/1.1 {answer.status} Said", *(f"{name}: {value}" for name, value in told.items()), "", ""]
            writer.write("\r\n".join(lines).encode() + content)
            with suppress(ConnectionError):
                await writer.drain()
        writer.close()


_Some = TypeVar("_Some", bound=Double)


@asynccontextmanager
async def running(double: _Some) -> AsyncIterator[_Some]:
    """It listens on a free port of the loopback."""
    async with await asyncio.start_server(double.serve, "127.0.0.1", 0) as server:
        double.port = server.sockets[0].getsockname()[1]
        try:
            yield double
        finally:
            double.release.set()
            await asyncio.sleep(0)


@dataclass
class PagerDutyIncident:
    """An incident with one alert. `by` and `at`: who changed its status last, and when."""

    id: str
    key: str
    service: str
    trigger: dict[str, Any]
    created_at: datetime
    at: datetime
    by: dict[str, str]
    status: str = "triggered"
    acknowledgements: list[dict[str, Any]] = field(default_factory=list)
    log: list[str] = field(default_factory=lambda: ["trigger"])

    def change(self, status: str, by: dict[str, str]) -> None:
        """It changes its status, if it is still open; who acknowledges as a second one is added to the first."""
        if self.status == "resolved":
            return
        now = datetime.now(UTC)
        if status != self.status:
            self.status, self.by, self.at = status, by, now
        acknowledged = [*self.acknowledgements, {"at": now.isoformat(), "acknowledger": by}]
        self.acknowledgements = acknowledged if status == "acknowledged" else []

    def shown(self) -> dict[str, Any]:
        """As GET /incidents shows it."""
        return {
            "id": self.id,
            "type": "incident",
            "status": self.status,
            "incident_key": None,
            "created_at": self.created_at.isoformat(),
            "service": {"id": self.service, "type": "service_reference", "summary": "Portal"},
            "acknowledgements": self.acknowledgements,
            "last_status_change_at": self.at.isoformat(),
            "last_status_change_by": self.by,
        }


class PagerDuty(Double):
    """The Events API v2 and the list of incidents under one address, for two services of one account."""

    def __init__(self) -> None:
        super().__init__()
        self.services = {ROUTING_KEY: "PSERVICE1", OTHER_ROUTING_KEY: "PSERVICE2"}
        self.incidents: list[PagerDutyIncident] = []
        self.events: list[dict[str, Any]] = []
        self._ids = count(1)

    def person(self, name: str) -> dict[str, str]:
        """A reference to a user, as it stands beside what somebody did."""
        return {"id": "PUSER", "type": "user_reference", "summary": name}

    def open_incident(self, key: str, service: str = "PSERVICE1") -> PagerDutyIncident | None:
        """The open incident of a dedup key."""
        of_key = (one for one in self.incidents if (one.key, one.service) == (key, service))
        return next((one for one in of_key if one.status != "resolved"), None)

    def statuses(self) -> list[tuple[str, str]]:
        """All incidents there ever were, with their status."""
        return [(one.key, one.status) for one in self.incidents]

    def answer(self, request: Request) -> Answer:
        """POST /v2/enqueue and GET /incidents."""
        match request.method, request.path:
            case "POST", ("v2", "enqueue"):
                return self._enqueue(request)
            case "GET", ("incidents",):
                return self._list(request)
        return Answer(404, {"error": {"message": "Not Found", "code": 2100}})

    def webhook(self, event_type: str, incident: PagerDutyIncident, *secrets: str, **changed: Any) -> tuple[bytes, str]:
        """Body and signature header of a v3 webhook; one signature for each secret. `changed`: fields of the event."""
        data = {"id": incident.id, "type": "incident", "status": incident.status, "incident_key": incident.key}
        event = {
            "id": "5ac64822-4adc-4fda-ade0-410becf0de4f",
            "event_type": event_type,
            "resource_type": "incident",
            "occurred_at": incident.at.isoformat(),
            "agent": incident.by,
            "client": None,
            "data": data,
        }
        body = json.dumps({"event": event | changed}).encode()
        return body, signatures_of(body, *secrets)

    def _enqueue(self, request: Request) -> Answer:
        try:
            event = json.loads(request.body)
        except ValueError:
            return _unrecognised("JSON parse error")
        mistakes = _mistakes(event)
        if mistakes or event["routing_key"] not in self.services:
            return _unrecognised(*mistakes or ["Invalid routing key"])
        self.events.append(event)
        key = event.get("dedup_key") or f"generated-{next(self._ids)}"
        self._take(event, key, self.services[event["routing_key"]])
        return Answer(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _take(self, event: dict[str, Any], key: str, service: str) -> None:
        action, incident = event["event_action"], self.open_incident(key, service)
        integration = {"id": "PINTEGR", "type": "integration_reference", "summary": "Events API V2"}
        if incident is None:
            if action == "trigger":
                now = datetime.now(UTC)
                identity = f"PINCIDENT{next(self._ids)}"
                self.incidents.append(PagerDutyIncident(identity, key, service, event, now, now, integration))
            return
        incident.log.append(action)
        if action != "trigger":
            incident.change({"acknowledge": "acknowledged", "resolve": "resolved"}[action], integration)

    def _list(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Token token={TOKEN}":
            return Answer(401, {"error": {"message": "Unauthorized", "code": 2006}})
        if request.headers.get("accept") != "application/vnd.pagerduty+json;version=2":
            return Answer(400, {"error": {"message": "Arguments Caused Error", "code": 2002}})
        key, statuses, limit = request.one("incident_key"), request.query.get("statuses[]"), request.one("limit")
        since = None if request.one("date_range") == "all" else datetime.now(UTC) - timedelta(days=30)
        found = [
            one
            for one in self.incidents
            if (not key or one.key == key)
            and (statuses is None or one.status in statuses)
            and (since is None or one.created_at >= since)
        ]
        field_name, _, direction = (request.one("sort_by") or "incident_number:asc").partition(":")
        if field_name == "created_at":
            found.sort(key=lambda one: one.created_at)
        if direction == "desc":
            found.reverse()
        page = int(limit or 25)
        shown = [one.shown() for one in found[: min(page, 100)]]
        return Answer(200, {"incidents": shown, "limit": page, "offset": 0, "more": len(found) > page, "total": None})


def signatures_of(body: bytes, *secrets: str) -> str:
    """The signature header of a v3 webhook."""
    return ",".join(f"v1={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}" for secret in secrets)


def _mistakes(event: Any) -> list[str]:
    if not isinstance(event, dict):
        return ["Event object format is unrecognized"]
    action, key, payload = event.get("event_action"), event.get("dedup_key"), event.get("payload")
    mistakes = []
    if not event.get("routing_key"):
        mistakes.append("'routing_key' is missing or blank")
    if action not in ("trigger", "acknowledge", "resolve"):
        mistakes.append("'event_action' is not one of trigger, acknowledge, resolve")
    if key is not None and len(key) > 255:
        mistakes.append("'dedup_key' is longer than 255 characters")
    if action != "trigger" and not key:
        mistakes.append("'dedup_key' is missing or blank")
    if action == "trigger":
        wanted = {"summary", "source", "severity"}
        if not isinstance(payload, dict) or not all(payload.get(name) for name in wanted):
            mistakes.append("'payload' lacks summary, source or severity")
        elif payload["severity"] not in ("critical", "error", "warning", "info") or len(payload["summary"]) > 1024:
            mistakes.append("'payload' holds a severity or a summary that is not allowed")
    return mistakes


def _unrecognised(*errors: str) -> Answer:
    told = {"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)}
    return Answer(400, told)


@dataclass
class OpsgenieAlert:
    """An alert there. `body` is what created it; `did` is who did what to it, and when."""

    alias: str
    body: dict[str, Any]
    created_at: datetime
    count: int = 1
    closed: bool = False
    did: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def change(self, action: str, by: str) -> None:
        """Somebody acknowledges or closes it."""
        self.closed = self.closed or action == "close"
        self.did[action] = by, datetime.now(UTC)

    def shown(self) -> dict[str, Any]:
        """As Get Alert shows it."""
        report: dict[str, Any] = {}
        for action, names in {"acknowledge": ("acknowledgedBy", "ackTime"), "close": ("closedBy", "closeTime")}.items():
            if action in self.did:
                by, at = self.did[action]
                report |= {names[0]: by, names[1]: round((at - self.created_at).total_seconds() * 1000)}
        return {
            "id": "70413a06-38d6-4c85-92b8-5ebc900d42e2",
            "tinyId": "1791",
            "alias": self.alias,
            "message": self.body["message"],
            "status": "closed" if self.closed else "open",
            "acknowledged": "acknowledge" in self.did,
            "count": self.count,
            "createdAt": self.created_at.isoformat().replace("+00:00", "Z"),
            "priority": self.body.get("priority", "P3"),
            "report": report,
        }


class Opsgenie(Double):
    """The Alert API of one integration."""

    def __init__(self) -> None:
        super().__init__()
        self.alerts: list[OpsgenieAlert] = []
        self._ids = count(1)

    def open_alert(self, alias: str) -> OpsgenieAlert | None:
        """The open alert of an alias, of which there is one at most."""
        return next((one for one in self.alerts if one.alias == alias and not one.closed), None)

    def answer(self, request: Request) -> Answer:
        """POST /v2/alerts, POST /v2/alerts/ALIAS/acknowledge and /close, GET /v2/alerts/ALIAS."""
        if request.headers.get("authorization") != f"GenieKey {API_KEY}":
            return self._said(401, "message", "Could not authenticate")
        match request.method, request.path:
            case "POST", ("v2", "alerts"):
                return self._create(request)
            case "POST", ("v2", "alerts", alias, ("acknowledge" | "close") as action):
                return self._change(request, alias, action)
            case "GET", ("v2", "alerts", alias):
                return self._get(request, alias)
        return self._said(404, "message", "Not found")

    def webhook(self, action: str, alert: OpsgenieAlert, by: str, at: datetime) -> bytes:
        """The body of a webhook."""
        told = {
            "updatedAt": round(at.timestamp() * 1_000_000) * 1000,
            "tags": [],
            "message": alert.body["message"],
            "username": by,
            "alertId": "052652ac-5d1c-464a-812a-7dd18bbfba8c",
            "alias": alert.alias,
            "tinyId": "23",
            "createdAt": round(alert.created_at.timestamp() * 1000),
        }
        source = {"name": "", "type": "web"}
        return json.dumps({"source": source, "alert": told, "action": action, "integrationName": "ours"}).encode()

    def _create(self, request: Request) -> Answer:
        body = self._body(request)
        if isinstance(body, Answer):
            return body
        if not body.get("message") or len(body["message"]) > 130 or len(body.get("alias", "")) > 512:
            return self._said(422, "message", "Request body is not processable. Please check the errors.")
        alias = body.get("alias") or f"generated-{next(self._ids)}"
        known = self.open_alert(alias)
        if known is not None:
            known.count += 1
        else:
            self.alerts.append(OpsgenieAlert(alias, body, datetime.now(UTC)))
        return self._said(202, "result", "Request will be processed")

    def _change(self, request: Request, alias: str, action: str) -> Answer:
        body = self._body(request)
        if isinstance(body, Answer):
            return body
        alert = self.open_alert(alias) if request.one("identifierType") == "alias" else None
        if alert is not None:  # else the work afterwards ends with "Alert does not exist"
            alert.change(action, body.get("user", "ours"))
            alert.notes.append(body.get("note", ""))
        return self._said(202, "result", "Request will be processed")

    def _get(self, request: Request, alias: str) -> Answer:
        of_alias = [one for one in self.alerts if one.alias == alias and request.one("identifierType") == "alias"]
        if not of_alias:
            return self._said(404, "message", "No alert exists with the given identifier")
        return Answer(200, {"data": of_alias[-1].shown(), "took": 0.1, "requestId": "9ae63dd7"})

    def _body(self, request: Request) -> dict[str, Any] | Answer:
        try:
            body = json.loads(request.body)
        except ValueError:
            return self._said(400, "message", "Could not parse request body")
        return body if isinstance(body, dict) else self._said(400, "message", "Could not parse request body")

    def _said(self, status: int, name: str, text: str) -> Answer:
        return Answer(status, {name: text, "took": 0.302, "requestId": f"43a29c5c-{next(self._ids)}"})
