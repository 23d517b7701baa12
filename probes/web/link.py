"""The one client of a web server: keeps connections and the token, times each exchange, bounds what comes back."""

import asyncio
import json
import math
import secrets
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import JsonValue

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.targets import HttpTarget, Login

# Shorter than the 5 s after which uvicorn closes idle connections, so that a request seldom meets one just closed.
KEEPALIVE_SECONDS = 4.0
LOGIN_BODY_BYTES = 64 * 1024
# A token is renewed this share of its lifetime before it ends.
RENEWAL_SHARE = 0.1

# The wire's events (httpcore's trace extension) and the phase each counts towards.
_PHASES = {
    "connection.connect_tcp": "connect",
    "connection.start_tls": "tls",
    "http11.send_request_headers": "send",
    "http11.send_request_body": "send",
    "http11.receive_response_headers": "first_byte",
    "http11.receive_response_body": "transfer",
}
_FIRST_STEP = "http11.send_request_headers"
_LAST_STEP = "http11.receive_response_body"


@dataclass(frozen=True, slots=True)
class Exchange:
    """The answer to one request; the run's stopwatch ran from the first byte sent to the last byte received.

    `redirect` is the request a redirect asks for, None where it leads to another origin: neither the token nor any
    other header of ours may go there.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    redirect: httpx.Request | None


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    renew_at: float


class HttpLink:
    """Many requests may be in flight over the one client; making it reads no clock and opens nothing."""

    def __init__(self, target: HttpTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._base = httpx.URL(str(target.url).rstrip("/"))
        # Made once: it costs about 32 ms.
        self._tls = _tls_context(target)
        self._client = self._new_client()
        self._token: _Token | None = None
        self._login_lock = asyncio.Lock()

    def url(self, path: str) -> httpx.URL:
        """The URL of a path (with its query, if any) on this server, parsed once for all requests."""
        return httpx.URL(str(self._base) + path)

    async def request(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: JsonValue, limit_bytes: int, run: ProbeRun
    ) -> Exchange:
        """One exchange, logged in where the target has a login; after a 401 with a fresh token once more.

        Raises ProbeFailed.
        """
        login = self._target.login
        if login is None:
            return await self._send(self._build(method, url, headers, body), limit_bytes, run)
        token = await self._current_token(login, None, run)
        exchange = await self._send(self._build(method, url, _bearing(token, headers), body), limit_bytes, run)
        if exchange.status == httpx.codes.UNAUTHORIZED:
            token = await self._current_token(login, token, run)
            run.stopwatch.reset()  # the refusal was quick, and is not what the probe is about
            exchange = await self._send(self._build(method, url, _bearing(token, headers), body), limit_bytes, run)
        return exchange

    async def follow(self, redirect: httpx.Request, limit_bytes: int, run: ProbeRun) -> Exchange:
        """The exchange a redirect asks for. Raises ProbeFailed."""
        return await self._send(redirect, limit_bytes, run)

    async def close(self) -> None:
        """Close all connections. The token stays: it belongs to the user, not to a connection."""
        client, self._client = self._client, self._new_client()
        await client.aclose()

    async def _current_token(self, login: Login, stale: str | None, run: ProbeRun) -> str:
        """The token of this target, fetched once for all probes; `stale` is one that the server has just refused."""
        with run.phase("login"):
            async with self._login_lock:
                token = self._token
                if token is None or token.text == stale or self._clock.monotonic() >= token.renew_at:
                    self._token = None
                    self._token = token = await self._log_in(login, run)
                return token.text

    async def _log_in(self, login: Login, run: ProbeRun) -> _Token:
        fields = {
            login.username_field: login.username,
            login.password_field: login.password.get_secret_value(),
        }
        request = self._client.build_request(
            "POST",
            self.url(login.path),
            headers=tracing_headers(run),
            json=fields if login.encoding == "json" else None,
            data=fields if login.encoding == "form" else None,
        )
        exchange = await self._send(request, LOGIN_BODY_BYTES, None)
        if not 200 <= exchange.status < 300:
            raise ProbeFailed(Reason.LOGIN, f"the log-in at {login.path} answered {exchange.status}")
        try:
            answer = json.loads(exchange.body)
            text = answer[login.token_field]
        except (ValueError, KeyError, TypeError):
            text = None
        if not isinstance(text, str) or not text:
            raise ProbeFailed(
                Reason.LOGIN, f"the answer of {login.path} has no text {login.token_field!r}; set login.token_field"
            )
        lifetime = answer.get(login.lifetime_field)
        seconds = float(lifetime) if isinstance(lifetime, int | float) else math.inf
        return _Token(text, self._clock.monotonic() + seconds * (1 - RENEWAL_SHARE))

    def _new_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._tls,
            timeout=httpx.Timeout(self._target.read_timeout, connect=self._target.connect_timeout, pool=None),
            limits=httpx.Limits(keepalive_expiry=KEEPALIVE_SECONDS),
            trust_env=False,  # a proxy of the environment would be measured in the target's place
        )

    def _build(self, method: str, url: httpx.URL, headers: Mapping[str, str], body: JsonValue) -> httpx.Request:
        return self._client.build_request(method, url, headers=headers, json=body)

    async def _send(self, request: httpx.Request, limit_bytes: int, run: ProbeRun | None) -> Exchange:
        """The exchange, timed into the run if there is one (a log-in is no part of what is measured)."""
        if run is not None:
            request.extensions["trace"] = _Wire(run).note
        try:
            response = await self._client.send(request, stream=True)
            try:
                body = await _read(response, limit_bytes)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise ProbeFailed(_reason(error), str(error) or type(error).__name__) from error
        redirect = response.next_request
        if redirect is not None and not self._is_own(redirect.url):
            redirect = None
        return Exchange(response.status_code, response.headers, body, redirect)

    def _is_own(self, url: httpx.URL) -> bool:
        return (url.scheme, url.host, url.port) == (self._base.scheme, self._base.host, self._base.port)


class _Wire:
    """Reads the clock at the events of one exchange; the phases go to the run as they end, well or not."""

    def __init__(self, run: ProbeRun) -> None:
        self._run = run
        self._started: dict[str, float] = {}

    async def note(self, event: str, info: Mapping[str, Any]) -> None:  # noqa: ARG002 (what httpcore calls)
        step, _, what = event.rpartition(".")
        if step not in _PHASES:
            return
        now = self._run.clock.monotonic()
        if what == "started":
            self._started[step] = now
            if step == _FIRST_STEP:
                self._run.stopwatch.start()
        else:
            if step == _LAST_STEP or what == "failed":
                self._run.stopwatch.stop()
            self._run.add_phase(_PHASES[step], now - self._started[step])


def tracing_headers(run: ProbeRun) -> dict[str, str]:
    """What lets the portal's logs and traces be joined with this run (W3C Trace Context, version 00)."""
    return {
        "X-Correlation-ID": run.correlation_id,
        "traceparent": f"00-{run.correlation_id}-{secrets.token_hex(8)}-01",
    }


def _bearing(token: str, headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "Authorization": f"Bearer {token}"}


def _tls_context(target: HttpTarget) -> ssl.SSLContext | bool:
    if target.url.scheme == "http" or not target.verify:
        return False
    return ssl.create_default_context(cafile=target.ca_file) if target.ca_file else httpx.create_ssl_context()


async def _read(response: httpx.Response, limit_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit_bytes:
            raise ProbeFailed(Reason.BODY_TOO_LARGE, f"the body is larger than {limit_bytes} bytes")
    return bytes(body)


def _reason(error: httpx.HTTPError) -> Reason:
    if isinstance(error, httpx.ConnectTimeout):
        return Reason.CONNECT_TIMEOUT
    if isinstance(error, httpx.TimeoutException):
        return Reason.READ_TIMEOUT
    if isinstance(error, httpx.ConnectError):
        causes = tuple(_causes(error))
        if any(isinstance(cause, ssl.SSLError) for cause in causes):
            return Reason.TLS
        return Reason.DNS if any(isinstance(cause, socket.gaierror) for cause in causes) else Reason.REFUSED
    return Reason.PROTOCOL


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What led to the error, through httpx, httpcore and anyio, which hand their reasons on in either way."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            for one in cause.exceptions:
                yield from _causes(one)
        cause = cause.__cause__ or cause.__context__
