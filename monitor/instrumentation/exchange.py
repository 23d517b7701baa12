"""The request being answered: its ids, its route, and whether its statements carry them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter

from starlette.types import Scope

from monitor.instrumentation.comment import comment
from monitor.instrumentation.route import RouteTemplates
from monitor.instrumentation.trace import Trace, current_trace


class Exchange:
    """One request with its answer, or one websocket.

    `started` is in seconds of the performance counter; `is_waited_for` until a request is answered, after which
    background tasks, and whatever the request has left running, go on in it; `is_marked` while statements carry the id.
    """

    __slots__ = (
        *("_comment", "_commented", "_endpoint", "_route", "_scope", "_templates"),
        *("correlation_id", "is_marked", "is_waited_for", "started", "trace"),
    )

    def __init__(
        self, scope: Scope, templates: RouteTemplates, correlation_id: str, trace: Trace | None, *, is_marked: bool
    ) -> None:
        self.started = perf_counter()
        self.correlation_id = correlation_id
        self.trace = trace
        self.is_marked = is_marked
        self.is_waited_for = scope["type"] == "http"
        self._scope = scope
        self._templates = templates
        self._comment = ""
        self._commented: tuple[str, str] | None = None
        self._route = ""
        self._endpoint: object = None

    @property
    def route(self) -> str:
        """The template of the route that answers, `unknown` until one is found."""
        # Each router on the way puts its own endpoint into the scope; it is asked for at every statement.
        endpoint = self._scope.get("endpoint")
        if endpoint is None or endpoint is not self._endpoint:
            self._endpoint, self._route = endpoint, self._templates.of(self._scope)
        return self._route

    def comment(self, route: str) -> str:
        """What marked statements carry: all there is to know, the current span rather than the caller's."""
        trace = current_trace() or self.trace
        parent = trace.parent if trace else ""
        if self._commented != (route, parent):
            values = {"correlation_id": self.correlation_id, "route": route, "traceparent": parent}
            self._comment = comment(**{name: value for name, value in values.items() if value})
            self._commented = route, parent
        return self._comment


current: ContextVar[Exchange | None] = ContextVar("portalwatch_exchange", default=None)

statement_name: ContextVar[str | None] = ContextVar("portalwatch_statement", default=None)


def correlation_id() -> str | None:
    """The id of the request being answered, None outside of one."""
    exchange = current.get()
    return exchange.correlation_id if exchange else None


@contextmanager
def statement(name: str) -> Iterator[None]:
    """Time the statements of the block under this name, in place of their own `-- name:` and of the route."""
    token = statement_name.set(name)
    try:
        yield
    finally:
        statement_name.reset(token)
