"""The service's HTTP interface: health, metrics, and JSON under `/api/v1`."""

import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import structlog
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts import AlertClosedError, AlertNotFoundError, AlertRecord, Alerts, AlertStoreError
from baselines import Clock, Ledger
from baselines.postgres_snapshots import PostgresSnapshots
from dashboards import change_documents, render_api_page, service_policy
from monitor.access import Right
from monitor.exporter import Exporter
from monitor.pipeline import STORE_IS_AWAY
from monitor.settings import Settings
from monitor.watch import Watch
from monitor.web.rights import Gate
from monitor.web.status import alert_documents, series_documents

CORRELATION_HEADER = "X-Correlation-ID"
_NO_STORE = "the store can't be reached; try again"
_HARMLESS = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Acknowledgement(BaseModel):
    """Who has it in hand."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(min_length=1, max_length=80)


def create_app(
    *,
    settings: Settings,
    watch: Watch,
    alerts: Alerts,
    ledger: Ledger,
    snapshots: PostgresSnapshots,
    exporter: Exporter,
    gate: Gate,
    clock: Clock,
) -> FastAPI:
    """The application; it holds no state of its own."""
    app = FastAPI(title="portalwatch", version=version("portalwatch"), docs_url=None, redoc_url=None)
    public, operator = Depends(gate.requires(Right.PUBLIC_VIEW)), Depends(gate.requires(Right.OPERATOR))

    @app.middleware("http")
    async def harden(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        correlation_id = _correlation_id(request)
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            response = await call_next(request)
        response.headers[CORRELATION_HEADER] = correlation_id
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Content-Security-Policy"] = service_policy()
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    @app.exception_handler(AlertStoreError)
    async def store_is_away(_request: Request, error: AlertStoreError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 503)

    @app.get("/health", dependencies=[public])
    async def health() -> dict[str, str]:
        """Alive: this process answers."""
        return {"status": "alive"}

    @app.get("/ready", dependencies=[public])
    async def ready() -> JSONResponse:
        """Ready: the store is reachable and every probe runs; 503 with the reasons otherwise."""
        obstacles = watch.obstacles(clock.now())
        return JSONResponse({"ready": not obstacles, "reasons": obstacles}, 503 if obstacles else 200)

    @app.get("/metrics", dependencies=[public])
    async def metrics(request: Request) -> Response:
        """Prometheus text, or OpenMetrics where the Accept header asks for it."""
        body, content_type = exporter.render(request.headers.get("accept", ""))
        return Response(body, media_type=content_type)

    @app.get("/docs", dependencies=[public], response_class=HTMLResponse)
    async def docs() -> HTMLResponse:
        """This interface for people, without anything loaded from elsewhere."""
        return HTMLResponse(render_api_page(app.openapi()))

    @app.get("/api/v1/series", dependencies=[public])
    async def series() -> list[dict[str, Any]]:
        """Every series with its last value, what is wrong with it, and how it stands to the baseline."""
        return series_documents(watch, clock.now())

    @app.get("/api/v1/changes", dependencies=[operator])
    async def list_changes(since: AwareDatetime | None = None) -> list[dict[str, object]]:
        """What changed in the watched systems since an instant with its time zone, by default a day ago."""
        now = clock.now()
        try:
            changes = await ledger.between(settings.environment, since or now - timedelta(days=1), now)
        except STORE_IS_AWAY as error:
            raise HTTPException(503, _NO_STORE) from error
        return change_documents(changes)

    @app.get("/api/v1/snapshots", dependencies=[operator])
    async def list_snapshots(since: AwareDatetime | None = None) -> list[dict[str, Any]]:
        """What was kept as evidence since an instant with its time zone, by default a day ago; the newest first."""
        try:
            kept = await snapshots.since(settings.environment, since or clock.now() - timedelta(days=1))
        except STORE_IS_AWAY as error:
            raise HTTPException(503, _NO_STORE) from error
        return [one.headline() for one in kept]

    @app.get("/api/v1/snapshots/{number}", dependencies=[operator])
    async def show_snapshot(number: int) -> dict[str, Any]:
        """One snapshot: sessions, who waits for whom, processes of the host."""
        try:
            kept = await snapshots.find(settings.environment, number)
        except STORE_IS_AWAY as error:
            raise HTTPException(503, _NO_STORE) from error
        if kept is None:
            raise HTTPException(404, f"there is no snapshot {number}")
        return kept.document()

    @app.get("/api/v1/alerts", dependencies=[operator])
    async def list_alerts() -> list[dict[str, Any]]:
        """Alerts, the newest first, with who was told what and what happened."""
        return alert_documents(await alerts.list_alerts())

    @app.get("/api/v1/alerts/{alert_id}", dependencies=[operator])
    async def show_alert(alert_id: str) -> dict[str, Any]:
        """One alert with its history."""
        record: AlertRecord | None = await alerts.find_alert(alert_id)
        if record is None:
            raise HTTPException(404, f"there is no alert {alert_id}")
        return alert_documents([record])[0]

    @app.post("/api/v1/alerts/{alert_id}/acknowledge", dependencies=[operator])
    async def acknowledge(alert_id: str, acknowledgement: Acknowledgement) -> dict[str, Any]:
        """Somebody has it in hand: everything pending stops."""
        try:
            await alerts.acknowledge(alert_id, acknowledgement.by)
        except AlertNotFoundError as error:
            raise HTTPException(404, str(error)) from error
        except AlertClosedError as error:
            raise HTTPException(409, str(error)) from error
        return await show_alert(alert_id)

    return app


def _correlation_id(request: Request) -> str:
    """The caller's own where it is harmless in a log line, else a new one."""
    given = request.headers.get(CORRELATION_HEADER, "")
    return given if _HARMLESS.fullmatch(given) else uuid.uuid4().hex
