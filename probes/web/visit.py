"""One run of a journey: its cookies, and where its requests and redirects may go."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import httpx

from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.web.exchange import DEFAULT_HEADERS, Exchange
from probes.web.link import HttpLink, tracing_headers


@dataclass(frozen=True, slots=True)
class Call:
    """What a step sends, its variables filled in. `headers` go to the own origin only, `content_type` along."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content_type: str | None = None
    content: bytes = b""


class Visit:
    """The steps of one run, one after the other.

    Each origin has a client, and so cookies, of its own: a cookie knows no port and may be meant for a whole domain.
    The clients share the link's transport, which is not theirs to close.
    """

    def __init__(self, link: HttpLink, run: ProbeRun, limit_bytes: int, max_redirects: int) -> None:
        self._link = link
        self._run = run
        self._limit_bytes = limit_bytes
        self._max_redirects = max_redirects
        self._clients: dict[tuple[str, str, int | None], httpx.AsyncClient] = {}
        self._credentials: Mapping[str, str] | None = None
        self._may_renew = link.credentials.renewable

    async def step(self, call: Call) -> tuple[Exchange, float]:
        """The exchange with its redirects, and the seconds it took at the wire.

        After a 401, once in a run, it is made again with a fresh token, and only that counts. Raises ProbeFailed.
        """
        if not self._link.origins.allow(call.url):
            raise ProbeFailed(Reason.ADDRESS, f"{_origin_text(call.url)} is none of the target's origins")
        since = self._run.stopwatch.seconds
        exchange, next_call = await self._send(call)
        if exchange.status == httpx.codes.UNAUTHORIZED and self._may_renew and self._link.origins.is_own(call.url):
            self._may_renew = False
            self._credentials = await self._link.own_headers(self._run, stale=self._credentials)
            since = self._run.stopwatch.seconds
            exchange, next_call = await self._send(call)
        exchange = await self._end_of_redirects(exchange, next_call)
        return exchange, self._run.stopwatch.seconds - since

    async def follow(self, call: Call, exchange: Exchange) -> Exchange:
        """The end of the redirects that begin with that answer to that call, made elsewhere. Raises ProbeFailed."""
        return await self._end_of_redirects(*await self._send(call, answered=exchange))

    async def _end_of_redirects(self, exchange: Exchange, next_call: Call | None) -> Exchange:
        for _ in range(self._max_redirects):
            if next_call is None:
                break
            exchange, next_call = await self._send(next_call)
        return exchange

    async def _send(self, call: Call, answered: Exchange | None = None) -> tuple[Exchange, Call | None]:
        """One exchange, and what its redirect asks for; None where there is none or it may not be followed."""
        client = self._client(call.url)
        response = await client.send(
            client.build_request(
                call.method,
                call.url,
                headers=await self._headers(call),
                content=call.content,
                extensions={"run": self._run, "limit_bytes": self._limit_bytes, "answered": answered},
            )
        )
        exchange: Exchange = response.extensions["exchange"]
        return exchange, self._redirect(call, response.next_request)

    async def _headers(self, call: Call) -> httpx.Headers:
        headers = httpx.Headers(tracing_headers(self._run))
        if call.content_type is not None:
            headers["Content-Type"] = call.content_type
        if self._link.origins.is_own(call.url):
            if self._credentials is None:
                self._credentials = await self._link.own_headers(self._run)
            headers.update(self._credentials)
            headers.update(call.headers)
        return headers

    def _redirect(self, call: Call, request: httpx.Request | None) -> Call | None:
        """What the redirect asks for: nothing at an origin that is not allowed, and no body at another one."""
        if request is None or not self._link.origins.allow(request.url):
            return None
        if request.method != call.method:  # httpx has made a GET of it, as browsers do
            return Call(request.method, request.url, call.headers)
        if call.content and not self._link.origins.is_own(request.url):
            return None  # it may hold a password
        return replace(call, url=request.url)

    def _client(self, url: httpx.URL) -> httpx.AsyncClient:
        origin = (url.scheme, url.host, url.port)
        if origin not in self._clients:
            self._clients[origin] = httpx.AsyncClient(
                transport=self._link.transport, headers=DEFAULT_HEADERS, trust_env=False, timeout=None
            )
        return self._clients[origin]


def _origin_text(url: httpx.URL) -> str:
    """Scheme, host and port; neither path nor query, which may hold what was saved."""
    return str(url.copy_with(raw_path=b"/", fragment=None)).rstrip("/")
