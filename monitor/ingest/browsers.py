"""Cross-origin requests of browsers: allowed from the configured origins to the paths that take something in."""

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Where browsers send something in.
PATHS = ("/api/errors/track", "/api/performance/baseline")
_PREFLIGHT_SECONDS = 600


class BrowserAccess:
    """Around the application: answers preflights, and lets a page of an allowed origin read what it is answered."""

    def __init__(self, app: ASGIApp, origins: Collection[str], paths: Collection[str] = PATHS) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; those to other paths pass as they are."""
        if scope["type"] != "http" or scope["path"] not in self._paths:
            await self._app(scope, receive, send)
            return
        origin = Headers(scope=scope).get("origin", "")
        allowed = {"Access-Control-Allow-Origin": origin} if origin in self._origins else {}
        if scope["method"] == "OPTIONS":
            more = {
                "Access-Control-Allow-Methods": "POST",
                "Access-Control-Allow-Headers": "content-type, x-correlation-id, traceparent",
                "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
            }
            headers = {"Vary": "Origin", **allowed, **(more if allowed else {})}
            await Response(status_code=204 if allowed else 403, headers=headers)(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                headers.update(allowed)
            await send(message)

        await self._app(scope, receive, marked)
