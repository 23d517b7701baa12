"""httpx's own way, for what our connections do not speak: a proxy in between, or HTTP/2."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.targets import HttpTarget
from probes.web.addresses import Resolver
from probes.web.decoding import decoded, too_large
from probes.web.exchange import Exchange, PreparedRequest
from probes.web.idle import KEEPALIVE_SECONDS
from probes.web.tls import expires_at, trouble
from probes.web.transport import WebTransport, note

# httpcore's trace events, without the protocol in front, and the phase each counts towards.
_PHASES = {
    "connect_tcp": "connect",
    "start_tls": "tls",
    "send_request_headers": "send",
    "send_request_body": "send",
    "receive_response_headers": "first_byte",
    "receive_response_body": "transfer",
}


class TracedTransport(WebTransport):
    """Timed by the events of httpx, which come a little later than the bytes: measurements say so."""

    def __init__(self, target: HttpTarget, tls: ssl.SSLContext | None, clock: Clock) -> None:
        super().__init__(clock)
        self._target = target
        self._tls = tls
        self._timeouts = httpx.Timeout(target.read_timeout, connect=target.connect_timeout, pool=None).as_dict()
        self._resolver = Resolver(target)
        self._inner: dict[str, httpx.AsyncHTTPTransport] = {}

    async def exchange(
        self, request: PreparedRequest, headers: Mapping[str, str], limit_bytes: int, run: ProbeRun
    ) -> Exchange:
        """See `WebTransport`."""
        run.details["transport"] = "httpx"
        trace = _Trace(run)
        host = request.endpoint.host
        one = httpx.Request(
            request.request.method,
            await self._pinned(request, run),
            headers=[*request.request.headers.raw, *request.missing(headers)],
            content=request.body,
            extensions={"timeout": self._timeouts, "trace": trace.note, "sni_hostname": host},
        )
        try:
            response = await self._way_to(host).handle_async_request(one)
            try:
                exchange = await _read(response, limit_bytes, run)
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            raise _failure(error, host, self._target) from error
        run.details["connection"] = "new" if trace.connected else "kept"
        note(exchange, run)
        return exchange

    async def aclose(self) -> None:
        """Close all connections; a later request opens anew."""
        inner, self._inner = self._inner, {}
        for one in inner.values():
            await one.aclose()

    async def _pinned(self, request: PreparedRequest, run: ProbeRun) -> httpx.URL:
        """The URL with an allowed address in the host's place. A proxy resolves names itself; of numbers we judge.

        Raises ProbeFailed.
        """
        host, port = request.endpoint.host, request.endpoint.port
        if self._target.proxy is not None:
            self._resolver.number(host)
            return request.request.url
        with run.phase("resolve"):
            addresses = await self._resolver.resolve(host, port)
        return request.request.url.copy_with(host=addresses[0])

    def _way_to(self, host: str) -> httpx.AsyncHTTPTransport:
        """One for each name: connections are kept by address, and several names may share one."""
        if host not in self._inner:
            self._inner[host] = self._new()
        return self._inner[host]

    def _new(self) -> httpx.AsyncHTTPTransport:
        proxy = self._target.proxy
        is_kept = self._target.connection == "kept_alive"
        return httpx.AsyncHTTPTransport(
            verify=self._tls or False,
            http2=self._target.http2,
            limits=httpx.Limits(max_keepalive_connections=None if is_kept else 0, keepalive_expiry=KEEPALIVE_SECONDS),
            proxy=proxy.get_secret_value() if proxy else None,
            trust_env=False,
        )


class _Trace:
    """Reads the clock at the events of one exchange; the phases go to the run as they end, well or not."""

    def __init__(self, run: ProbeRun) -> None:
        self._run = run
        self._started: dict[str, float] = {}
        self.connected = False

    async def note(self, event: str, info: Mapping[str, Any]) -> None:  # noqa: ARG002 (what httpcore calls)
        place, _, what = event.rpartition(".")
        step = place.rpartition(".")[2]
        if step not in _PHASES:
            return
        now = self._run.clock.monotonic()
        if what == "started":
            self._started[step] = now
            if step == "connect_tcp":
                self.connected = True
            elif step == "send_request_headers":
                self._run.stopwatch.start()
        else:
            if step == "receive_response_body" or what == "failed":
                self._run.stopwatch.stop(now)
            self._run.add_phase(_PHASES[step], now - self._started[step])


async def _read(response: httpx.Response, limit_bytes: int, run: ProbeRun) -> Exchange:
    body = bytearray()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.stream:
        body += chunk
        if len(body) > limit_bytes:
            raise too_large(limit_bytes)
    run.details["body_bytes"] = str(len(body))
    stream = response.extensions["network_stream"]
    if address := stream.get_extra_info("server_addr"):
        run.details["address"] = str(address[0])
    secured = stream.get_extra_info("ssl_object")
    return Exchange(
        response.status_code,
        response.extensions["http_version"].decode().removeprefix("HTTP/"),
        [(name.lower(), value) for name, value in response.headers.raw],
        decoded(bytes(body), response.headers.get("content-encoding", ""), limit_bytes),
        expires_at(secured) if secured is not None else None,
    )


def _failure(error: httpx.TransportError, host: str, target: HttpTarget) -> ProbeFailed:
    """What went wrong, in words of our own: those of the proxy's URL may be secret."""
    way = "the proxy" if target.proxy else host
    match error:
        case httpx.ConnectTimeout():
            return ProbeFailed(
                Reason.CONNECT_TIMEOUT, f"no connection through {way} within {target.connect_timeout:g} s"
            )
        case httpx.TimeoutException():
            return ProbeFailed(Reason.READ_TIMEOUT, f"no byte came for {target.read_timeout:g} s")
        case httpx.ConnectError():
            causes = tuple(_causes(error))
            if cause := next((one for one in causes if isinstance(one, ssl.SSLError)), None):
                return ProbeFailed(Reason.TLS, trouble(cause, host))
            if any(isinstance(one, socket.gaierror) for one in causes):
                return ProbeFailed(Reason.DNS, f"the name of {way} can't be resolved")
            return ProbeFailed(Reason.REFUSED, f"{way} can't be reached")
        case httpx.ProxyError():
            return ProbeFailed(Reason.PROTOCOL, "the proxy did not let the request through")
        case _:
            return ProbeFailed(Reason.PROTOCOL, f"the answer is no HTTP, or broke off ({type(error).__name__})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What led to the error, through httpx, httpcore and anyio, which hand their reasons on in either way."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            for one in cause.exceptions:
                yield from _causes(one)
        cause = cause.__cause__ or cause.__context__
