"""What must be in an answer; a 200 that is wrong is a failure."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from re import Pattern
from typing import Annotated, Any, Protocol, Self

import httpx
from pydantic import BeforeValidator, Field, JsonValue, model_validator

from baselines.measurement import Reason
from probes.probe import ProbeRun
from probes.targets import Frozen
from probes.web.json_path import value_at

# Where a document has no value at a path; None is a value of JSON.
MISSING = object()


class Answer(Protocol):
    """What is looked at. `certificate_expires_at` is None where the connection had no certificate."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> httpx.Headers: ...

    @property
    def body(self) -> bytes: ...

    @property
    def certificate_expires_at(self) -> datetime | None: ...


class Comparison(Frozen):
    """What a JSON value must be: all that is set must hold.

    `at_least` and `at_most` are for numbers, `matches` (a regular expression found anywhere) for texts,
    `minimum_items` for lists; `exists: false` means that there must be no such value, and goes alone.
    """

    equals: JsonValue = None
    at_least: float | None = None
    at_most: float | None = None
    matches: Pattern[str] | None = None
    minimum_items: int | None = Field(default=None, ge=0)
    exists: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say what the value must be: equals, at_least, at_most, matches, minimum_items or exists")
        if self.exists is False and len(self.model_fields_set) > 1:
            raise ValueError("a value that must not exist can't be compared; leave exists or the rest out")
        return self

    def claims(self, value: object) -> Iterator[tuple[str, bool]]:
        """What is said of that value (`MISSING` where there is none), each in words and whether it holds."""
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        if "equals" in self.model_fields_set:
            # True == 1 in Python, not in JSON.
            same = value == self.equals and isinstance(value, bool) == isinstance(self.equals, bool)
            yield f"to be {json.dumps(self.equals, ensure_ascii=False)}", same
        if self.at_least is not None:
            yield f"to be at least {self.at_least:g}", number is not None and number >= self.at_least
        if self.at_most is not None:
            yield f"to be at most {self.at_most:g}", number is not None and number <= self.at_most
        if self.matches is not None:
            matches = isinstance(value, str) and self.matches.search(value) is not None
            yield f"to match {self.matches.pattern!r}", matches
        if self.minimum_items is not None:
            enough = isinstance(value, list) and len(value) >= self.minimum_items
            yield f"to have at least {self.minimum_items} items", enough
        if self.exists is not None:
            yield "to be there" if self.exists else "to be missing", (value is not MISSING) == self.exists


def _several(status: object) -> object:
    return [status] if isinstance(status, int) else status


def _comparison(written: object) -> object:
    return written if isinstance(written, dict | Comparison) else {"equals": written}


class Expectation(Frozen):
    """What a right answer looks like.

    `status` is one or several (any of 200 to 299 where it is left out), `headers` maps names to a text each value must
    contain, `contains` is a text in the body and `not_contains` one that must not be there, `json` maps dotted paths
    (`items.0.id`) to the values there, or to a Comparison. The server's certificate must be valid for
    `certificate_days` more.
    """

    status: Annotated[tuple[int, ...], BeforeValidator(_several)] = ()
    headers: Mapping[str, str] = Field(default_factory=dict)
    contains: str | None = None
    not_contains: str | None = None
    json_values: Mapping[str, Annotated[Comparison, BeforeValidator(_comparison)]] = Field(
        default_factory=dict, alias="json"
    )
    certificate_days: int | None = Field(default=None, ge=1)

    def check(self, answer: Answer, run: ProbeRun) -> None:
        """Keep each assertion in the run; bodies are never quoted. Raises ProbeFailed with the first that fails."""
        self._check_status(answer, run)
        for name, text in self.headers.items():
            found = answer.headers.get(name)
            what = "no such header" if found is None else "it" if text in found else "another value"
            run.require(what == "it", f"the header {name} with {text!r}", what)
        if self.contains is not None:
            there = self.contains.encode() in answer.body
            run.require(there, f"a body with {self.contains!r}", "it" if there else "one without")
        if self.not_contains is not None:
            there = self.not_contains.encode() in answer.body
            run.require(not there, f"a body without {self.not_contains!r}", "one with it" if there else "it")
        if self.json_values:
            self._check_json(answer.body, run)
        if self.certificate_days is not None:
            _check_certificate(answer.certificate_expires_at, self.certificate_days, run)

    def _check_status(self, answer: Answer, run: ProbeRun) -> None:
        holds = answer.status in self.status if self.status else 200 <= answer.status < 300
        wanted = " or ".join(map(str, self.status)) or "2xx"
        followed = 300 <= answer.status < 400 and "location" in answer.headers
        note = " (a redirect too many, or to where no request may go)" if followed and not holds else ""
        run.require(holds, f"status {wanted}", f"{answer.status}{note}", Reason.STATUS)

    def _check_json(self, body: bytes, run: ProbeRun) -> None:
        try:
            document: Any = json.loads(body)
        except (ValueError, RecursionError):
            run.require(False, "a JSON document", "something else")
            return
        for path, comparison in self.json_values.items():
            try:
                value: object = value_at(document, path)
            except LookupError:
                value = MISSING
            for claim, holds in comparison.claims(value):
                run.require(holds, f"{path} {claim}", "it" if holds else _kind_of(value))


def _check_certificate(expires_at: datetime | None, days: int, run: ProbeRun) -> None:
    enough = expires_at is not None and expires_at - run.clock.now() >= timedelta(days=days)
    found = "no certificate" if expires_at is None else f"one valid until {expires_at:%Y-%m-%d %H:%M} UTC"
    run.require(enough, f"a certificate valid for {days} days more", found)


def _kind_of(value: object) -> str:
    """What kind of value was found instead: never the value, which is the portal's."""
    match value:
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "an object"
        case None:
            return "null"
        case _:
            return "nothing there"
