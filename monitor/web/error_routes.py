"""Errors over HTTP: where the portal and its pages send them, and JSON for scripts."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from baselines import Clock
from monitor.access import Right
from monitor.ingest.intake import Intake
from monitor.tracking.report import ErrorReport
from monitor.tracking.tracker import KIND, ErrorTracker
from monitor.web.rights import Gate
from monitor.web.store_needed import store_needed

_HOURS = timedelta(days=2)
_ACCEPTED = b'{"status": "accepted"}'

Fingerprint = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
Days = Annotated[int, Query(ge=1, le=400)]
CorrelationId = Annotated[str, Query(pattern="^[A-Za-z0-9_.:-]{1,64}$")]


def error_routes(intake: Intake, tracker: ErrorTracker, gate: Gate, clock: Clock) -> APIRouter:
    """The routes; what they are sent goes to the tracker."""
    routes = APIRouter()
    operator = Depends(gate.requires(Right.OPERATOR))
    body = {"required": True, "content": {"application/json": {"schema": ErrorReport.model_json_schema()}}}

    @routes.post("/api/errors/track", status_code=202, openapi_extra={"requestBody": body})
    async def track(request: Request) -> Response:
        """An error of the portal or of one of its pages. Needs a token of the right ingest, or an allowed origin."""
        tracker.take(await intake.admit(request, KIND, ErrorReport))
        return Response(_ACCEPTED, 202, media_type="application/json")

    @routes.get("/api/v1/errors", dependencies=[operator])
    async def list_errors(
        days: Days = 1,
        error_class: Annotated[str | None, Query(alias="class", max_length=40)] = None,
        correlation_id: CorrelationId | None = None,
    ) -> list[dict[str, Any]]:
        """Groups that were seen lately, the latest first; with a correlation id the single errors that share it."""
        since = clock.now() - timedelta(days=days)
        with store_needed():
            if correlation_id is not None:
                shared = await tracker.store.events(since, correlation_id=correlation_id, error_class=error_class)
                return [one.document() for one in shared]
            return [one.document() for one in await tracker.store.groups(since, error_class)]

    @routes.get("/api/v1/errors/trends", dependencies=[operator])
    async def trends() -> dict[str, Any]:
        """The last hour: total, by class and component, what is rising, clusters, recommendations."""
        with store_needed():
            return (await tracker.store.trend(clock.now(), tracker.classes)).document()

    @routes.get("/api/v1/errors/{fingerprint}", dependencies=[operator])
    async def show_error(fingerprint: Fingerprint) -> dict[str, Any]:
        """One group: counts of the last two days by hour, and its newest errors."""
        with store_needed():
            group = await tracker.store.group(fingerprint)
            if group is None:
                raise HTTPException(404, f"there is no error {fingerprint}")
            hours = await tracker.store.hours(fingerprint, clock.now() - _HOURS)
            events = await tracker.store.events(group.first_seen, fingerprint=fingerprint)
        return {
            **group.document(),
            "hours": {at.isoformat(): count for at, count in hours.items()},
            "events": [one.document() for one in events],
        }

    return routes
