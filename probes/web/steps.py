"""The steps of a user, one after the other: each is a request, what must be in its answer, and what is kept of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, Self
from urllib.parse import urlencode

import httpx
from pydantic import BeforeValidator, Field, JsonValue, model_validator

from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.settings import Name, invalid, mistake
from probes.targets import Frozen, Headers
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


def require_story(steps: Sequence[Step]) -> None:
    """That steps can follow each other. Raises ValidationError with every mistake at its place: two of one name, a
    variable that no earlier step saves, no step at all.
    """
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


class Walk:
    """One visitor on the way through the steps: cookies and saved variables go along from step to step."""

    def __init__(self, link: HttpLink, run: ProbeRun, *, max_body: int, max_redirects: int) -> None:
        self._link = link
        self._run = run
        self._visit = Visit(link, run, max_body, max_redirects)
        self._values: dict[str, Value] = {}

    async def take(self, step: Step) -> float:
        """The seconds at the wire of one step whose answer is as expected, saving what it saves. Raises ProbeFailed."""
        exchange, seconds = await self._visit.step(self._call(step))
        step.expect.check(exchange, self._run)
        for name, saved in step.save.items():
            value = saved.value_in(exchange)
            usable = isinstance(value, str | int | float)
            self._run.require(
                usable, f"a text or a number at {saved.place} to save as {name}", "it" if usable else "none"
            )
            if isinstance(value, str | int | float):
                self._values[name] = value
        return seconds

    def _call(self, step: Step) -> Call:
        """The step's request with the variables filled in. Raises ProbeFailed where one does not fit a header."""
        values = self._values
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
