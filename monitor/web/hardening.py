"""What every answer of the service carries: its correlation id, and headers that keep a browser from mischief."""

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards import service_policy
from monitor.instrumentation.correlation import accepted, new_id

CORRELATION_HEADER = "X-Correlation-ID"


class Hardening:
    """Around the application; plain ASGI, for the stock wrapper of functions costs as much as taking an error in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation_id = _correlation_id(scope)
        # Who has the address of a link may acknowledge, so it goes nowhere. On other pages "no-referrer" would make
        # browsers send our own forms without an origin, like those of another site.
        referrer = "no-referrer" if scope["path"].startswith("/ack/") else "same-origin"

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[CORRELATION_HEADER] = correlation_id
                headers.setdefault("Cache-Control", "no-store")
                headers["Content-Security-Policy"] = service_policy()
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = referrer
            await send(message)

        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            await self._app(scope, receive, hardened)


def _correlation_id(scope: Scope) -> str:
    """The caller's own where it is harmless in a log line, else a new one."""
    return accepted(Headers(scope=scope).get(CORRELATION_HEADER, "")) or new_id()
