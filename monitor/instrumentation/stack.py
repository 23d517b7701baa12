"""Where the instrumentation stands among an application's middlewares: outside of all of them, inside of a span."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

Around = Callable[[ASGIApp], ASGIApp]


def surrounded(stack: ASGIApp, around: Around) -> ASGIApp:
    """The stack that Starlette has built, with `around` where a request's span is already current, and the answer to an
    unhandled error still has its id and its count.
    """
    if (opentelemetry := _opentelemetry_in(stack)) is not None:
        opentelemetry.app = around(opentelemetry.app)
        return stack
    return _Surrounded(stack, around) if isinstance(stack, ServerErrorMiddleware) else around(stack)


class _Surrounded(ServerErrorMiddleware):
    """OpenTelemetry's package, called after ours, expects Starlette's own outermost part, of which it keeps `app` and
    makes the rest anew: called as it is, it is instrumented as a whole; taken apart, what it holds is.
    """

    def __init__(self, built: ServerErrorMiddleware, around: Around) -> None:
        super().__init__(around(built.app), built.handler, built.debug)
        self._whole = around(built)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # type: ignore[override]
        """Serves one request."""
        return self._whole(scope, receive, send)


def _opentelemetry_in(stack: Any) -> Any:
    """The middleware that OpenTelemetry's own package has put around everything, found by name as FastAPI does; None
    without one. One that the portal has added among its own has middlewares around it.
    """
    if not isinstance(stack, ServerErrorMiddleware):
        return None
    found: Any = stack.app
    name = (type(found).__module__, type(found).__name__)
    is_outermost = name == ("opentelemetry.instrumentation.asgi", "OpenTelemetryMiddleware") and isinstance(
        found.app, ServerErrorMiddleware
    )
    return found if is_outermost else None
