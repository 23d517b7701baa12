"""An endpoint as a user of the portal calls it: seconds from the first byte sent to the last byte received."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field, JsonValue

from probes.duration import Duration
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import ProbeSettings
from probes.targets import Headers, HttpTarget, UrlPath
from probes.web.exchange import Exchange
from probes.web.expectation import Expectation
from probes.web.link import HttpLink
from probes.web.visit import Call, Visit


class HttpSettings(ProbeSettings):
    """`path` may have a query. `json` is the body sent. `headers` are taken for secrets.

    `max_body` is in bytes; `max_redirects` are followed, within the target's origins only.
    """

    target_type: ClassVar[type[HttpTarget]] = HttpTarget
    acts_as_user: ClassVar[bool] = True
    default_timeout_seconds: ClassVar[float] = 30.0

    every: Duration = 60.0
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    path: UrlPath
    headers: Headers = Field(default_factory=dict)
    json_body: JsonValue = Field(default=None, alias="json")
    expect: Expectation = Expectation()
    max_body: int = Field(default=1024 * 1024, gt=0)
    max_redirects: int = Field(default=3, ge=0, le=20)


@probe_kind("http", HttpSettings)
class HttpProbe(Probe):
    """One request over the target's connections, and its answer held against what is expected."""

    def __init__(self, settings: HttpSettings, links: Links) -> None:
        self._settings = settings
        self._link = links.to(settings.target, HttpLink)
        self._headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        self._request = self._link.prepare(settings.method, settings.path, self._headers, settings.json_body)

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """One exchange with its redirects; connecting, TLS and log-in are phases and not part of the value."""
        settings = self._settings
        exchange = await self._link.request(self._request, settings.max_body, run)
        if exchange.is_redirect and settings.max_redirects:
            exchange = await self._follow(exchange, run)
        settings.expect.check(exchange, run)
        return [Reading(run.stopwatch.seconds)]

    async def _follow(self, exchange: Exchange, run: ProbeRun) -> Exchange:
        """The answer at the end of the redirects; cookies set on the way go along."""
        request = self._request.request
        call = Call(request.method, request.url, self._headers, request.headers.get("content-type"), request.content)
        visit = Visit(self._link, run, self._settings.max_body, self._settings.max_redirects)
        return await visit.follow(call, exchange)
