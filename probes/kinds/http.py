"""An endpoint as a user of the portal calls it: seconds from the first byte sent to the last byte received."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, SecretStr

from baselines.measurement import Reason
from probes.duration import Duration
from probes.errors import ProbeFailed
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import ProbeSettings
from probes.targets import HttpTarget, UrlPath
from probes.web.link import Exchange, HttpLink, tracing_headers

_MISSING = object()


def _several(status: object) -> object:
    return [status] if isinstance(status, int) else status


class Expectation(BaseModel):
    """What a right answer looks like; a 200 that does not is a failed assertion.

    `status` is one or several (any of 200 to 299 where it is left out), `headers` maps names to a text each value must
    contain, `contains` is a text in the body, `json` maps dotted paths (`items.0.id`) to the values there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    status: Annotated[tuple[int, ...], BeforeValidator(_several)] = ()
    headers: Mapping[str, str] = Field(default_factory=dict)
    contains: str | None = None
    json_values: Mapping[str, JsonValue] = Field(default_factory=dict, alias="json")


class HttpSettings(ProbeSettings):
    """`path` may have a query. `json` is the body sent. `headers` are taken for secrets.

    `max_body` is in bytes; `max_redirects` are followed, within the target's own origin only.
    """

    target_type: ClassVar[type[HttpTarget]] = HttpTarget
    default_timeout_seconds: ClassVar[float] = 30.0

    every: Duration = 60.0
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    path: UrlPath
    headers: Mapping[str, SecretStr] = Field(default_factory=dict)
    json_body: JsonValue = Field(default=None, alias="json")
    expect: Expectation = Expectation()
    max_body: int = Field(default=1024 * 1024, gt=0)
    max_redirects: int = Field(default=3, ge=0, le=20)


@probe_kind("http", HttpSettings)
class HttpProbe(Probe):
    """One request over the target's shared client, and its answer held against what is expected."""

    def __init__(self, settings: HttpSettings, links: Links) -> None:
        self._settings = settings
        self._link = links.to(settings.target, HttpLink)
        self._url = self._link.url(settings.path)
        self._headers = {name: value.get_secret_value() for name, value in settings.headers.items()}

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """One exchange with its redirects; connecting, TLS and log-in are phases and not part of the value."""
        settings = self._settings
        exchange = await self._link.request(
            settings.method,
            self._url,
            {**self._headers, **tracing_headers(run)},
            settings.json_body,
            settings.max_body,
            run,
        )
        for _ in range(settings.max_redirects):
            if exchange.redirect is None:
                break
            exchange = await self._link.follow(exchange.redirect, settings.max_body, run)
        _check(exchange, settings)
        return [Reading(run.stopwatch.seconds)]


def _check(exchange: Exchange, settings: HttpSettings) -> None:
    """Raises ProbeFailed with the first expectation that the answer does not meet. Bodies are never quoted."""
    expect = settings.expect
    expected = exchange.status in expect.status if expect.status else 200 <= exchange.status < 300
    if not expected:
        wanted = " or ".join(map(str, expect.status)) or "2xx"
        further = " (a redirect too many)" if exchange.redirect is not None and settings.max_redirects else ""
        raise ProbeFailed(Reason.STATUS, f"{settings.path} answered {exchange.status}{further}, expected {wanted}")
    for name, text in expect.headers.items():
        if text not in exchange.headers.get(name, ""):
            raise ProbeFailed(Reason.ASSERTION, f"{settings.path}: the header {name} does not contain {text!r}")
    if expect.contains is not None and expect.contains.encode() not in exchange.body:
        raise ProbeFailed(Reason.ASSERTION, f"{settings.path}: the body does not contain {expect.contains!r}")
    if expect.json_values:
        _check_json(exchange.body, settings)


def _check_json(body: bytes, settings: HttpSettings) -> None:
    try:
        document = json.loads(body)
    except ValueError:
        raise ProbeFailed(Reason.ASSERTION, f"{settings.path}: the body is no JSON") from None
    for path, wanted in settings.expect.json_values.items():
        found = _at(document, path)
        # True == 1 in Python, not in JSON.
        if found != wanted or isinstance(found, bool) != isinstance(wanted, bool):
            what = "is missing" if found is _MISSING else "is something else"
            raise ProbeFailed(Reason.ASSERTION, f"{settings.path}: {path} {what}, expected {json.dumps(wanted)}")


def _at(document: JsonValue, path: str) -> object:
    """The value at a dotted path, in which a number is an index of a list; _MISSING where there is none."""
    value: object = document
    for step in path.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _MISSING
    return value
