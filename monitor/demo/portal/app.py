"""The portal as an application: its endpoints over one pool of connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Gauge
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor import InstrumentationSettings, instrument
from monitor.demo.portal import access, clients, information, pages, unmanaged
from monitor.demo.portal.active_users import ActiveUsers
from monitor.demo.portal.feature_counts import FeatureCounts
from monitor.demo.portal.misbehaviour import Misbehaviours
from monitor.demo.portal.state import PortalState

POOL_SIZE = 5
"""Connections the portal keeps: four advisers and one to spare."""


def create_portal(
    dsn: str,
    *,
    secret: str,
    token_minutes: int = 30,
    watch_url: str | None = None,
    instrumentation: InstrumentationSettings | None = None,
) -> FastAPI:
    """The portal on the database that `dsn` names; `secret` signs its tokens, which last `token_minutes`.

    `watch_url` is where a portalwatch is that its pages tell of their visits; `instrumentation` is how it is seen into.

    Raises ValueError for an empty secret or a token that would not last.
    """
    if not secret:
        raise ValueError("the portal needs a secret to sign tokens with")
    if token_minutes < 1:
        raise ValueError(f"a token lasts at least one minute, not {token_minutes}")

    users = ActiveUsers()
    registry = CollectorRegistry()
    Gauge(
        "portal_active_users", "Users but the monitoring itself, within the last 5 minutes", registry=registry
    ).set_function(users.count)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        name = {"application_name": "portal"}
        async with asyncpg.create_pool(dsn, min_size=POOL_SIZE, max_size=POOL_SIZE, server_settings=name) as pool:
            instrument(app, pool=pool, registry=registry, settings=instrumentation)
            misbehaviours = Misbehaviours(dsn, pool)
            app.state.portal = PortalState(pool, secret, token_minutes, misbehaviours, users, watch_url)
            async with misbehaviours.followed():
                yield

    portal = FastAPI(title="Demo portal", lifespan=lifespan, docs_url=None, redoc_url=None)
    portal.state.features = FeatureCounts(registry)
    for noun in (access, pages, clients, information, unmanaged):
        portal.include_router(noun.router)
    portal.add_exception_handler(asyncpg.UndefinedTableError, _answer_not_migrated)
    portal.add_exception_handler(asyncpg.ForeignKeyViolationError, _answer_not_found)
    # The last but one comes of a connection that the server ends just when it is asked something.
    for trouble in (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        portal.add_exception_handler(trouble, _answer_no_database)
    portal.add_middleware(SecurityHeaders)
    return portal


class SecurityHeaders:
    """Gives every response the usual security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "DENY"
                headers["Referrer-Policy"] = "no-referrer"
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def _answer_not_migrated(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "Not Found"}, 404)


async def _answer_not_found(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "there is no such client group"}, 404)


async def _answer_no_database(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": f"the database did not answer: {type(error).__name__}"}, 503)
