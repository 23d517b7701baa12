"""The portal's own figures for Prometheus: requests by method, route and status with times, its pool, its users."""

import time

import asyncpg
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.demo.portal.active_users import ActiveUsers

router = APIRouter(include_in_schema=False)

_PATH = "/metrics"
_UNKNOWN = "unknown"


class RequestMetrics:
    """What one portal counts of its requests, by the templates of their routes."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Seconds from a request to the end of its answer",
            ["method", "route"],
            registry=self.registry,
        )
        self.in_progress = Gauge("http_requests_in_progress", "Requests being answered", registry=self.registry)
        self._pool_used = Gauge("db_pool_used_ratio", "Connections of the pool that are taken", registry=self.registry)

        self._users = Gauge(
            "portal_active_users", "Users but the monitoring itself, within the last 5 minutes", registry=self.registry
        )

    def follow(self, pool: asyncpg.Pool, users: ActiveUsers) -> None:
        """Tell from here on which share of the pool's connections is taken, and how many users are at work."""
        self._pool_used.set_function(lambda: 1 - pool.get_idle_size() / pool.get_max_size())
        self._users.set_function(users.count)

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)


class CountedRequests:
    """Counts every request but those for the figures themselves; one that nobody answered counts as 500."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http" or scope["path"] == _PATH:
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with self._metrics.in_progress.track_inprogress():
                await self._app(scope, receive, send_noting_status)
        finally:
            # The router has put the route it found into the scope; paths that it does not know are one route.
            route = getattr(scope.get("route"), "path", _UNKNOWN)
            self._metrics.note(scope["method"], route, status, time.perf_counter() - started)


@router.get(_PATH)
async def metrics(request: Request) -> Response:
    """The figures in Prometheus' text format."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
