"""The service's HTTP interface: health, metrics, and JSON under `/api/v1`."""

from datetime import timedelta
from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import AwareDatetime

from alerts import Alerts, AlertStoreError, Policy
from baselines import Clock, Ledger
from baselines.postgres_snapshots import PostgresSnapshots
from dashboards import change_documents, render_api_page
from monitor.access import Right
from monitor.acknowledging import IncidentAnswers
from monitor.checks.postgres import PostgresCheckRuns
from monitor.deployment.evaluated import LastEvaluated
from monitor.deployment.postgres import PostgresDeployments
from monitor.exporter import Exporter
from monitor.ingest.browsers import BrowserAccess
from monitor.ingest.intake import Intake
from monitor.settings import Settings
from monitor.tracking.tracker import ErrorTracker
from monitor.watch import Watch
from monitor.web.alert_links import AlertLinks
from monitor.web.alert_routes import alert_routes
from monitor.web.deployment_routes import deployment_routes
from monitor.web.error_routes import error_routes
from monitor.web.hardening import Hardening
from monitor.web.rights import Gate
from monitor.web.status import series_documents
from monitor.web.store_needed import store_needed
from monitor.web.webhooks import webhook_routes


def create_app(
    *,
    settings: Settings,
    watch: Watch,
    alerts: Alerts,
    policy: Policy,
    answers: IncidentAnswers,
    ledger: Ledger,
    snapshots: PostgresSnapshots,
    deployments: PostgresDeployments,
    evaluated: LastEvaluated,
    checks: PostgresCheckRuns,
    intake: Intake,
    errors: ErrorTracker,
    exporter: Exporter,
    gate: Gate,
    clock: Clock,
) -> FastAPI:
    """The application; it holds no state of its own."""
    app = FastAPI(title="portalwatch", version=version("portalwatch"), docs_url=None, redoc_url=None)
    public, operator = Depends(gate.requires(Right.PUBLIC_VIEW)), Depends(gate.requires(Right.OPERATOR))

    app.add_middleware(Hardening)

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
        with store_needed():
            changes = await ledger.between(settings.environment, since or now - timedelta(days=1), now)
        return change_documents(changes)

    @app.get("/api/v1/snapshots", dependencies=[operator])
    async def list_snapshots(since: AwareDatetime | None = None) -> list[dict[str, Any]]:
        """What was kept as evidence since an instant with its time zone, by default a day ago; the newest first."""
        with store_needed():
            kept = await snapshots.since(settings.environment, since or clock.now() - timedelta(days=1))
        return [one.headline() for one in kept]

    @app.get("/api/v1/snapshots/{number}", dependencies=[operator])
    async def show_snapshot(number: int) -> dict[str, Any]:
        """One snapshot: sessions, who waits for whom, processes of the host."""
        with store_needed():
            kept = await snapshots.find(settings.environment, number)
        if kept is None:
            raise HTTPException(404, f"there is no snapshot {number}")
        return kept.document()

    @app.get("/api/v1/checks", dependencies=[operator])
    async def list_checks() -> list[dict[str, Any]]:
        """The latest kept run of each check: every component with its lines."""
        with store_needed():
            latest = await checks.latest(settings.environment)
        return [one.document() for one in latest.values()]

    app.add_middleware(BrowserAccess, origins=settings.ingest.origins)
    links = AlertLinks(watch.series, settings.links, errors.store, clock)
    app.include_router(alert_routes(alerts, policy, links, settings.environment, gate, clock))
    app.include_router(error_routes(intake, errors, gate, clock))
    app.include_router(deployment_routes(deployments, evaluated, gate, clock))
    app.include_router(webhook_routes(settings.alerts.webhooks, answers))
    return app
