"""The outermost layer of an instrumented application: plain ASGI, one closure a request."""

import asyncio
import random
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.instrumentation.correlation import accepted, new_id
from monitor.instrumentation.exchange import Exchange, current
from monitor.instrumentation.failure import Failure, message_of, name_of, stack_of
from monitor.instrumentation.figures import Figures
from monitor.instrumentation.reporter import Reporter
from monitor.instrumentation.route import RouteTemplates
from monitor.instrumentation.settings import InstrumentationSettings, SqlComments
from monitor.instrumentation.statements import Statements
from monitor.instrumentation.trace import current_trace, read_traceparent

GONE = 499
"""The status counted where the caller did not wait for the answer, as nginx writes it: nobody's server failed."""

_HEADER = b"x-correlation-id"


class InstrumentedApp:
    """Serves `app` and notes what came of it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: InstrumentationSettings,
        templates: RouteTemplates,
        figures: Figures,
        statements: Statements,
        reporter: Reporter | None,
    ) -> None:
        self.app = app
        self._settings = settings
        self._metrics_path = settings.metrics_path
        self._always = settings.sql_comments is SqlComments.ALWAYS
        self._is_sampling = settings.sql_comments is SqlComments.SAMPLED
        self._ratio = settings.sql_sample_ratio
        self._templates = templates
        self._figures = figures
        self._statements = statements
        self._reporter = reporter

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serves one request, one websocket, or the application's life."""
        if scope["type"] == "http":
            if self._is_for_figures(scope):
                return self._serve_figures(scope, send)
            return self._serve_request(scope, receive, send)
        if scope["type"] == "websocket":
            return self._serve_websocket(scope, receive, send)
        return self.app(scope, receive, send)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self._begin(scope)
        echoed = (_HEADER, exchange.correlation_id.encode("ascii"))
        status = 0
        is_over = is_gone = False

        def end(final_status: int) -> None:
            nonlocal is_over
            is_over = True
            exchange.is_waited_for = False
            # What a request leaves running may never end, and would pay for the id at each of its statements.
            exchange.is_marked = self._always
            self._figures.in_progress -= 1
            seconds, route = perf_counter() - exchange.started, exchange.route
            self._figures.note_request(scope["method"], route, final_status, seconds, exchange.correlation_id)
            self._statements.note_answer(route, seconds)

        async def send_noting(message: Message) -> None:
            nonlocal status, is_gone
            kind = message["type"]
            if kind == "http.response.start":
                status = message["status"]
                message["headers"] = _echoing(message.get("headers", ()), echoed)
            try:
                await send(message)
            except OSError:
                is_gone = True
                raise
            # What the application does afterwards, in background tasks, nobody waits for.
            if not is_over and (
                (kind == "http.response.body" and not message.get("more_body")) or kind == "http.response.pathsend"
            ):
                end(status)

        token = current.set(exchange)
        self._figures.in_progress += 1
        try:
            await self.app(scope, receive, send_noting)
        except BaseException as error:
            is_gone = is_gone or isinstance(error, ClientDisconnect | asyncio.CancelledError)
            if not is_over:
                end(GONE if is_gone else 500)
            if not is_gone and isinstance(error, Exception):
                self._report(scope, exchange, error)
            # Still current: the server logs the error in this very task, which is the request's own.
            raise
        else:
            if not is_over:
                # An answer that was begun and not ended is one that nobody is there to read.
                end(GONE if status else 500)
            if status >= 500 or not status:
                self._report(scope, exchange, None, status or 500)
            current.reset(token)

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self._begin(scope)
        echoed = (_HEADER, exchange.correlation_id.encode("ascii"))

        async def send_noting(message: Message) -> None:
            if message["type"] in ("websocket.accept", "websocket.http.response.start"):
                message["headers"] = _echoing(message.get("headers", ()), echoed)
            await send(message)

        token = current.set(exchange)
        self._figures.websockets += 1
        outcome = "closed"
        try:
            await self.app(scope, receive, send_noting)
        except Exception as error:
            # Starlette's and the servers' own word for a client that left; it is no failure.
            if type(error).__name__ not in ("WebSocketDisconnect", "ClientDisconnected"):
                outcome = "failed"
                self._report(scope, exchange, error)
            raise
        finally:
            self._figures.websockets -= 1
            self._figures.note_websocket(exchange.route, outcome)
            current.reset(token)

    def _begin(self, scope: Scope) -> Exchange:
        correlation_id = trace = None
        for name, value in scope["headers"]:
            if name == _HEADER:
                correlation_id = accepted(value.decode("latin-1"))
                if correlation_id is None:
                    self._figures.refused_ids.inc()
            elif name == b"traceparent":
                trace = read_traceparent(value)
        trace = current_trace(correlation_id) or trace
        if correlation_id is None:
            correlation_id = trace.id if trace else new_id()
        is_marked = self._always or (
            self._is_sampling and ((trace is not None and trace.is_sampled) or random.random() < self._ratio)
        )
        return Exchange(scope, self._templates, correlation_id, trace, is_marked=is_marked)

    def _report(self, scope: Scope, exchange: Exchange, error: Exception | None, status: int = 500) -> None:
        if self._reporter is None:
            return
        route = exchange.route
        method = scope.get("method", "WEBSOCKET")
        agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
        told = error is not None and self._settings.report_messages
        self._reporter.report(
            Failure(
                name=f"HTTP {status}" if error is None else name_of(error),
                message=message_of(error) if error is not None and told else f"{method} {route} answered {status}",
                stack="" if error is None else stack_of(error),
                correlation_id=exchange.correlation_id,
                component=self._settings.service,
                action=f"{method} {route}",
                at=datetime.now(UTC),
                user_agent=agent.decode("latin-1"),
                route=route,
            )
        )

    def _is_for_figures(self, scope: Scope) -> bool:
        path = self._metrics_path
        if path is None or not scope["path"].endswith(path) or scope["method"] not in ("GET", "HEAD"):
            return False
        # Behind a proxy that takes a prefix off, servers put it back: it is the root path.
        return bool(scope["path"] in (path, scope.get("root_path", "") + path))

    async def _serve_figures(self, scope: Scope, send: Send) -> None:
        accept = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
        # Elsewhere: a large registry takes longer than any request should wait.
        body, content_type = await asyncio.to_thread(self._figures.render, accept)
        headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _echoing(headers: Iterable[tuple[bytes, bytes]], echoed: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """A list of its own: the application may keep the one it sent, for its next answer."""
    return [*(header for header in headers if header[0] != _HEADER), echoed]
