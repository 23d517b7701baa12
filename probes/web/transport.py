"""The way of requests to one web server, for plain probes and for clients of httpx alike."""

import asyncio
import contextlib
import ssl
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import cast

import httpx

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.stopwatch import LoopDelay, Stopwatch
from probes.targets import HttpTarget
from probes.web.addresses import Resolver
from probes.web.answer import AnswerReader
from probes.web.exchange import Endpoint, Exchange, PreparedRequest
from probes.web.idle import IdleConnections
from probes.web.timing import Timing
from probes.web.tls import trouble
from probes.web.wire import ConnectionGoneError, WireConnection

# Of an answer to a client of httpx that says nothing else.
DEFAULT_LIMIT_BYTES = 1024 * 1024
_MAX_CORRELATION_ID = 128


class WebTransport(httpx.AsyncBaseTransport, ABC):
    """Carries requests out and times them into their runs. Answers come whole: bounded, and decompressed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @abstractmethod
    async def exchange(
        self, request: PreparedRequest, headers: Mapping[str, str], limit_bytes: int, run: ProbeRun
    ) -> Exchange:
        """Send the request with those further headers. `limit_bytes` bounds the body, decompressed.

        Phases, details and the correlation id that the server logged go to the run. Raises ProbeFailed.
        """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """For a client of httpx. Raises ProbeFailed, never an error of httpx.

        Extensions of the request: `run` (without it nothing is timed), `limit_bytes`, and `answered`: an exchange that
        took place already, of which the client is to make what it makes of answers. Of the response: `exchange`.
        """
        if answered := request.extensions.get("answered"):
            return cast("Exchange", answered).response(request)
        await request.aread()
        run = request.extensions.get("run") or untimed(self._clock)
        limit_bytes = request.extensions.get("limit_bytes", DEFAULT_LIMIT_BYTES)
        exchange = await self.exchange(PreparedRequest.of(request), {}, limit_bytes, run)
        return exchange.response(request)


class WireTransport(WebTransport):
    """HTTP/1.1 over connections of our own, which read the clock at the wire; kept alive, or new for each request."""

    def __init__(self, target: HttpTarget, tls: ssl.SSLContext | None, clock: Clock) -> None:
        super().__init__(clock)
        self._target = target
        self._tls = tls
        self._closes = target.connection == "new"
        self._resolver = Resolver(target)
        self._idle = IdleConnections(clock)
        self._open: set[WireConnection] = set()

    async def exchange(
        self, request: PreparedRequest, headers: Mapping[str, str], limit_bytes: int, run: ProbeRun
    ) -> Exchange:
        """A request that meets a kept connection which the server is just closing is sent again over a new one."""
        run.details["transport"] = "wire"
        message = request.message(headers, close=self._closes)
        kept = None if self._closes else self._idle.take(request.endpoint)
        if kept is not None:
            run.details["connection"] = "kept"
            try:
                return await self._carry(kept, request, message, limit_bytes, run)
            except ConnectionGoneError:
                if not request.is_idempotent:
                    raise
        run.details["connection"] = "new"
        connection = await self._connect(request.endpoint, run)
        return await self._carry(connection, request, message, limit_bytes, run)

    async def aclose(self) -> None:
        """Close all connections. Nothing may be in flight."""
        self._idle.clear()
        for connection in tuple(self._open):
            await connection.end()

    async def _carry(
        self, connection: WireConnection, request: PreparedRequest, message: bytes, limit_bytes: int, run: ProbeRun
    ) -> Exchange:
        run.details["address"] = connection.address
        reader = AnswerReader(request.request.method, limit_bytes)
        timing = Timing(run)
        try:
            await connection.exchange(message, reader, timing, self._target.read_timeout)
        except ConnectionGoneError:
            timing.forget()
            raise
        finally:
            timing.keep()
            run.details["body_bytes"] = str(reader.body_bytes)
        if reader.reusable and not self._closes:
            self._idle.put(connection)
        else:
            connection.close()
        exchange = reader.exchange(connection.certificate_expires_at)
        note(exchange, run)
        return exchange

    async def _connect(self, endpoint: Endpoint, run: ProbeRun) -> WireConnection:
        """A new connection, ready for a request. Raises ProbeFailed."""
        seconds = self._target.connect_timeout
        try:
            async with asyncio.timeout(seconds) as patience:
                with run.phase("resolve"):
                    addresses = await self._resolver.resolve(endpoint.host, endpoint.port)
                connection = await self._reach(endpoint, addresses, run)
                if endpoint.tls:
                    await self._secure(connection, run)
                return connection
        except TimeoutError as error:
            where = f"{endpoint.host}:{endpoint.port}"
            within = f" within {seconds:g} s" if patience.expired() else ""
            raise ProbeFailed(Reason.CONNECT_TIMEOUT, f"no connection to {where}{within}") from error

    async def _reach(self, endpoint: Endpoint, addresses: Sequence[str], run: ProbeRun) -> WireConnection:
        """A connection to the first of the addresses that takes one."""
        with run.phase("connect"):
            for address in addresses[:-1]:
                with contextlib.suppress(OSError):
                    async with asyncio.timeout(self._target.connect_timeout / len(addresses)):
                        return await self._open_one(endpoint, address, run)
            try:
                return await self._open_one(endpoint, addresses[-1], run)
            except TimeoutError:
                raise
            except OSError as error:
                why = (
                    "nobody listens" if isinstance(error, ConnectionRefusedError) else error.strerror or "no way there"
                )
                where = f"{endpoint.host}:{endpoint.port}"
                raise ProbeFailed(Reason.REFUSED, f"{where} can't be reached: {why}") from error

    async def _open_one(self, endpoint: Endpoint, address: str, run: ProbeRun) -> WireConnection:
        run.details["address"] = address
        connection = WireConnection(endpoint, address, self._clock, self._lose)
        self._open.add(connection)
        try:
            await asyncio.get_running_loop().create_connection(lambda: connection, address, endpoint.port)
        except BaseException:
            self._lose(connection)
            raise
        return connection

    async def _secure(self, connection: WireConnection, run: ProbeRun) -> None:
        if self._tls is None:
            raise ValueError("the target has no origin that speaks TLS")
        try:
            with run.phase("tls"):
                await connection.secure(self._tls)
        except BaseException as error:
            self._lose(connection)
            connection.abort()
            if isinstance(error, OSError):
                raise ProbeFailed(Reason.TLS, trouble(error, connection.endpoint.host)) from error
            raise

    def _lose(self, connection: WireConnection) -> None:
        self._open.discard(connection)
        self._idle.remove(connection)


def untimed(clock: Clock) -> ProbeRun:
    """A run nobody looks at, for an exchange that is no part of what is measured."""
    return ProbeRun(0, "", clock, Stopwatch(clock, LoopDelay(clock)))


def note(exchange: Exchange, run: ProbeRun) -> None:
    """What an engineer wants to see of the answer, and the correlation id under which the server logged it."""
    run.details["status"] = str(exchange.status)
    run.details["http_version"] = exchange.version
    if exchange.certificate_expires_at is not None:
        run.details["certificate_expires"] = f"{exchange.certificate_expires_at:%Y-%m-%d %H:%M} UTC"
    for name, value in exchange.raw_headers:
        if name == b"x-correlation-id" and len(value) <= _MAX_CORRELATION_ID:
            text = value.decode("latin-1")
            if text.isascii() and text.isprintable() and text and " " not in text:
                run.correlation_id = text
