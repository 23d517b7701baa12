"""The way to one web server: its origins, its credentials, and the transport with its connections."""

import re
import secrets
from collections.abc import Mapping

import httpx
from pydantic import JsonValue

from baselines.clock import Clock
from probes.probe import ProbeRun
from probes.targets import HttpTarget
from probes.web.exchange import DEFAULT_HEADERS, Exchange, PreparedRequest
from probes.web.login import Credentials
from probes.web.origins import Origins
from probes.web.tls import tls_context
from probes.web.traced import TracedTransport
from probes.web.transport import WebTransport, WireTransport, untimed

LOGIN_BODY_BYTES = 64 * 1024
_TRACE_ID = re.compile("[0-9a-f]{32}")


class HttpLink:
    """Many requests may be in flight over the one transport; making it reads no clock and opens nothing."""

    def __init__(self, target: HttpTarget, clock: Clock) -> None:
        self.target = target
        self._clock = clock
        self._base = str(target.url).rstrip("/")
        self.origins = Origins(target)
        self.credentials = Credentials(target, clock)
        transport = TracedTransport if target.proxy or target.http2 else WireTransport
        self.transport: WebTransport = transport(target, tls_context(target), clock)

    def url(self, path: str) -> httpx.URL:
        """The URL of a path (with its query, if any) on this server."""
        return httpx.URL(self._base + path)

    def prepare(self, method: str, path: str, headers: Mapping[str, str], body: JsonValue) -> PreparedRequest:
        """A request to be sent many times, laid out once."""
        own = httpx.Headers(DEFAULT_HEADERS)
        own.update({name: value.get_secret_value() for name, value in self.target.headers.items()})
        own.update(headers)
        return PreparedRequest.of(httpx.Request(method, self.url(path), headers=own, json=body))

    async def request(self, request: PreparedRequest, limit_bytes: int, run: ProbeRun) -> Exchange:
        """One exchange with our credentials; after a 401 with a fresh token once more, and only that counts.

        Raises ProbeFailed.
        """
        headers = await self.own_headers(run)
        exchange = await self._send(request, headers, limit_bytes, run)
        if exchange.status == httpx.codes.UNAUTHORIZED and self.credentials.renewable:
            headers = await self.own_headers(run, stale=headers)
            run.stopwatch.reset()  # the refusal was quick, and is not what the probe is about
            exchange = await self._send(request, headers, limit_bytes, run)
        return exchange

    async def own_headers(self, run: ProbeRun, stale: Mapping[str, str] | None = None) -> dict[str, str]:
        """Our credentials for the own origin; `stale` are those that were just refused. Raises ProbeFailed."""

        async def send(path: str, headers: Mapping[str, str], body: bytes) -> Exchange:
            own = {**DEFAULT_HEADERS, **tracing_headers(run), **headers}
            request = PreparedRequest.of(httpx.Request("POST", self.url(path), headers=own, content=body))
            return await self.transport.exchange(request, {}, LOGIN_BODY_BYTES, untimed(self._clock))

        return await self.credentials.headers(run, send, stale)

    async def close(self) -> None:
        """Close all connections. The token stays: it belongs to the user, not to a connection."""
        await self.transport.aclose()

    async def _send(
        self, request: PreparedRequest, headers: Mapping[str, str], limit_bytes: int, run: ProbeRun
    ) -> Exchange:
        return await self.transport.exchange(request, {**tracing_headers(run), **headers}, limit_bytes, run)


def tracing_headers(run: ProbeRun) -> dict[str, str]:
    """What lets the portal's logs and traces be joined with this run (W3C Trace Context, version 00)."""
    correlation_id = run.correlation_id
    trace_id = (
        correlation_id if _TRACE_ID.fullmatch(correlation_id) else secrets.token_hex(16)
    )  # it may be the portal's
    return {"X-Correlation-ID": correlation_id, "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
