"""What a user does, step by step: log in, open the dashboard, look at the portfolios."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlencode

import httpx
from pydantic import BeforeValidator, Field, JsonValue, field_validator, model_validator

from baselines.measurement import Reason
from baselines.series import Series
from probes.duration import Duration
from probes.errors import ProbeFailed
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import Name, ProbeSettings, invalid, mistake
from probes.targets import Frozen, Headers, HttpTarget
from probes.web.exchange import Exchange
from probes.web.expectation import Expectation
from probes.web.json_path import value_at
from probes.web.link import HttpLink
from probes.web.variables import Value, filled_json, filled_path, filled_text, names_in
from probes.web.visit import Call, Visit


class Saved(Frozen):
    """Where a variable's value stands in an answer: at a dotted path of its JSON, or in a header."""

    json_path: str | None = Field(default=None, alias="json")
    header: str | None = None

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if (self.json_path is None) == (self.header is None):
            raise ValueError("a variable is saved from either json or header")
        return self

    @property
    def place(self) -> str:
        """In words."""
        return f"the header {self.header}" if self.header is not None else f"{self.json_path}"

    def value_in(self, exchange: Exchange) -> JsonValue:
        """What stands there; None where nothing does."""
        try:
            if self.header is not None:
                return str(exchange.headers[self.header])
            return value_at(json.loads(exchange.body), self.json_path or "")
        except (ValueError, LookupError, RecursionError):
            return None


def _place(written: object) -> object:
    return {"json": written} if isinstance(written, str) else written


class Step(Frozen):
    """One request of a journey and what must be in its answer; `{name}` stands for what an earlier step saved.

    `path` is one of the target, or a URL at one of its `origins`. `json` or `form` is the body sent.
    """

    name: Name
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    path: Annotated[str, Field(pattern=r"^(/|https?://)")]
    headers: Headers = Field(default_factory=dict)
    json_body: JsonValue = Field(default=None, alias="json")
    form: Mapping[str, str] | None = None
    expect: Expectation = Expectation()
    save: Mapping[Name, Annotated[Saved, BeforeValidator(_place)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        if self.form is not None and self.json_body is not None:
            raise ValueError("a request has one body; leave json or form out")
        return self

    def variables(self) -> Iterator[str]:
        """The variables that its request is made with."""
        yield from names_in([self.path, self.json_body, dict(self.form or {})])
        yield from names_in([value.get_secret_value() for value in self.headers.values()])


class JourneySettings(ProbeSettings):
    """`steps` share cookies and variables. `max_body` is in bytes, `max_redirects` counts for each step."""

    target_type: ClassVar[type[HttpTarget]] = HttpTarget
    acts_as_user: ClassVar[bool] = True
    default_timeout_seconds: ClassVar[float] = 30.0

    every: Duration = 60.0
    steps: tuple[Step, ...]
    max_body: int = Field(default=1024 * 1024, gt=0)
    max_redirects: int = Field(default=5, ge=0, le=20)

    @field_validator("steps")
    @classmethod
    def _tell_a_story(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if not steps:
            raise ValueError("a journey has at least one step")
        saved: set[str] = set()
        names: set[str] = set()
        mistakes = []
        for number, step in enumerate(steps):
            if step.name in names:
                mistakes.append(mistake(f"two steps are called {step.name}", number, "name"))
            for unknown in sorted({*step.variables()} - saved):
                known = ", ".join(sorted(saved)) or "none"
                mistakes.append(mistake(f"no earlier step saves {{{unknown}}}; saved by then: {known}", number))
            names.add(step.name)
            saved |= step.save.keys()
        if mistakes:
            raise invalid(mistakes)
        return steps

    def series(self) -> tuple[Series, ...]:
        """The whole journey under its own name, and `<name>_<step>` for each step, in seconds."""
        metrics = (self.name, *map(self.metric_of, self.steps))
        return tuple(self.series_named(Series(f"{self.category}.{metric}")) for metric in metrics)

    def metric_of(self, step: Step) -> str:
        """The name of a step's series, without its category."""
        return f"{self.name}_{step.name}"


@probe_kind("journey", JourneySettings)
class JourneyProbe(Probe):
    """The steps one after the other over the target's connections, each run a visitor of its own."""

    def __init__(self, settings: JourneySettings, links: Links) -> None:
        self._settings = settings
        self._link = links.to(settings.target, HttpLink)

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """Seconds at the wire for each step and for all; a failed step fails the journey and the steps after it."""
        settings = self._settings
        visit = Visit(self._link, run, settings.max_body, settings.max_redirects)
        values: dict[str, Value] = {}
        readings: list[Reading] = []
        for step in settings.steps:
            run.details["step"] = step.name  # where it hung, if it does
            try:
                seconds = await self._take(step, visit, values, run)
            except ProbeFailed as failure:
                detail = f"step {step.name}: {failure}"
                undone = [settings.name, *map(settings.metric_of, settings.steps[len(readings) :])]
                return [*readings, *(Reading(metric=one, reason=failure.reason, detail=detail) for one in undone)]
            readings.append(Reading(seconds, settings.metric_of(step)))
        return [Reading(sum(one.value or 0.0 for one in readings)), *readings]

    async def _take(self, step: Step, visit: Visit, values: dict[str, Value], run: ProbeRun) -> float:
        """The seconds of one step whose answer is as expected, and what it saves. Raises ProbeFailed."""
        exchange, seconds = await visit.step(self._call(step, values))
        step.expect.check(exchange, run)
        for name, saved in step.save.items():
            value = saved.value_in(exchange)
            usable = isinstance(value, str | int | float)
            run.require(usable, f"a text or a number at {saved.place} to save as {name}", "it" if usable else "none")
            if isinstance(value, str | int | float):
                values[name] = value
        return seconds

    def _call(self, step: Step, values: Mapping[str, Value]) -> Call:
        """The step's request with the variables filled in. Raises ProbeFailed where one does not fit a header."""
        path = filled_path(step.path, values)
        url = self._link.url(path) if path.startswith("/") else httpx.URL(path)
        headers = {name: filled_text(value.get_secret_value(), values) for name, value in step.headers.items()}
        if broken := [name for name, value in headers.items() if not (value.isascii() and value.isprintable())]:
            raise ProbeFailed(Reason.ASSERTION, f"what was saved can't stand in the header {broken[0]}")
        if step.form is not None:
            form = {name: filled_text(value, values) for name, value in step.form.items()}
            return Call(step.method, url, headers, "application/x-www-form-urlencoded", urlencode(form).encode())
        if step.json_body is not None:
            body = json.dumps(filled_json(step.json_body, values), separators=(",", ":"))
            return Call(step.method, url, headers, "application/json", body.encode())
        return Call(step.method, url, headers)
