"""What must be in an answer, and that what is said of a wrong one never quotes it."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from baselines.measurement import Reason
from probes import ProbeFailed, ProbeRun
from probes.stopwatch import LoopDelay, Stopwatch
from probes.web.expectation import Expectation
from tests.clocks import START, ManualClock

DOCUMENT = {"items": [{"id": 7, "name": "hunter2"}], "total": 1.5, "ok": True, "none": None, "empty": {}}


@dataclass(frozen=True)
class Answer:
    """An answer as any transport has it."""

    status: int = 200
    headers: httpx.Headers = field(default_factory=lambda: httpx.Headers({"Content-Type": "application/json"}))
    body: bytes = json.dumps(DOCUMENT).encode()
    certificate_expires_at: datetime | None = START + timedelta(days=20)


def check(expectation: dict[str, Any], answer: Answer) -> ProbeRun:
    """The run with what was asserted. Raises ProbeFailed."""
    clock = ManualClock()
    run = ProbeRun(0, "", clock, Stopwatch(clock, LoopDelay(clock)))
    Expectation.model_validate(expectation).check(answer, run)
    return run


def failure(expectation: dict[str, Any], answer: Answer) -> ProbeFailed:
    """Why the answer is wrong; proves that nothing of it is quoted."""
    with pytest.raises(ProbeFailed) as caught:
        check(expectation, answer)
    assert "hunter2" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "expectation",
    [
        {},
        {"status": [404, 200]},
        {"headers": {"content-type": "json"}},
        {"contains": '"total"', "not_contains": "error"},
        {"json": {"items.0.id": 7, "ok": True, "none": None, "total": 1.5}},
        {"json": {"items.0.id": {"at_least": 7, "at_most": 7}}},
        {"json": {"items.0.name": {"matches": "^hunter[0-9]$"}}},
        {"json": {"items": {"minimum_items": 1}}},
        {"json": {"none": {"exists": True}, "nothing": {"exists": False}}},
        {"json": {"empty": {"equals": {}}, "items.0": {"equals": {"id": 7, "name": "hunter2"}}}},
        {"certificate_days": 20},
    ],
)
def test_what_holds_is_kept(expectation: dict[str, Any]) -> None:
    """Each assertion that holds is in the run, the status among them."""
    run = check(expectation, Answer())
    assert all(one.holds for one in run.assertions)
    assert run.assertions[0].expected.startswith("status")


@pytest.mark.parametrize(
    ("expectation", "said"),
    [
        ({"headers": {"X-None": "a"}}, "expected the header X-None with 'a', found no such header"),
        ({"headers": {"content-type": "xml"}}, "expected the header content-type with 'xml', found another value"),
        ({"contains": "Grace"}, "expected a body with 'Grace', found one without"),
        ({"not_contains": "items"}, "expected a body without 'items', found one with it"),
        ({"json": {"items.0.id": 8}}, "expected items.0.id to be 8, found a number"),
        ({"json": {"items.0.name": "Ada"}}, 'expected items.0.name to be "Ada", found a text'),
        ({"json": {"ok": 1}}, "expected ok to be 1, found a truth value"),
        ({"json": {"items.1.id": 7}}, "expected items.1.id to be 7, found nothing there"),
        ({"json": {"items.id": None}}, "expected items.id to be null, found nothing there"),
        ({"json": {"total": {"at_least": 2}}}, "expected total to be at least 2, found a number"),
        ({"json": {"total": {"at_most": 1}}}, "expected total to be at most 1, found a number"),
        ({"json": {"ok": {"at_least": 1}}}, "expected ok to be at least 1, found a truth value"),
        ({"json": {"items.0.name": {"matches": "Ada"}}}, "expected items.0.name to match 'Ada', found a text"),
        ({"json": {"total": {"matches": "1"}}}, "expected total to match '1', found a number"),
        ({"json": {"items": {"minimum_items": 2}}}, "expected items to have at least 2 items, found a list of 1"),
        ({"json": {"empty": {"minimum_items": 0}}}, "expected empty to have at least 0 items, found an object"),
        ({"json": {"none": {"exists": False}}}, "expected none to be missing, found null"),
        ({"json": {"nothing": {"exists": True}}}, "expected nothing to be there, found nothing there"),
        ({"certificate_days": 21}, "expected a certificate valid for 21 days more, found one valid until 2026-03-22"),
    ],
)
def test_what_does_not_hold_is_said_without_the_body(expectation: dict[str, Any], said: str) -> None:
    """A failed assertion names what was expected and the kind of what was found."""
    found = failure(expectation, Answer())
    assert found.reason is Reason.ASSERTION
    assert str(found).startswith(said)


@pytest.mark.parametrize("body", [b"hunter2", b"", b"[" * 100_000, b"\xff"])
def test_what_is_no_json_has_no_values(body: bytes) -> None:
    """Also a document too deep to be read, and bytes that are no text."""
    found = failure({"json": {"a": {"exists": False}}}, Answer(body=body))
    assert str(found) == "expected a JSON document, found something else"


@pytest.mark.parametrize(
    ("expectation", "answer", "said"),
    [
        ({}, Answer(500), "expected status 2xx, found 500"),
        ({"status": [200, 201]}, Answer(204), "expected status 200 or 201, found 204"),
        ({}, Answer(302, httpx.Headers({"Location": "/hunter2"})), "found 302 (a redirect too many"),
    ],
)
def test_a_wrong_status_has_its_own_reason(expectation: dict[str, Any], answer: Answer, said: str) -> None:
    """A status is judged before anything else; a redirect that was not followed says so."""
    found = failure({**expectation, "contains": "never looked for"}, answer)
    assert found.reason is Reason.STATUS
    assert said in str(found)


def test_without_a_certificate_none_is_valid() -> None:
    """A plain connection can't meet what is expected of a certificate."""
    found = failure({"certificate_days": 1}, Answer(certificate_expires_at=None))
    assert str(found) == "expected a certificate valid for 1 days more, found no certificate"


@pytest.mark.parametrize(
    ("expectation", "message"),
    [
        ({"json": {"a": {"atleast": 1}}}, "Extra inputs"),
        ({"json": {"a": {}}}, "say what the value must be"),
        ({"json": {"a": {"exists": False, "at_least": 1}}}, "must not exist"),
        ({"json": {"a": {"matches": "("}}}, "regular expression"),
        ({"certificate_days": 0}, "greater than or equal to 1"),
    ],
)
def test_a_comparison_is_one_of_a_few(expectation: dict[str, Any], message: str) -> None:
    """What no comparison is called, and what can't hold, is refused with the configuration."""
    with pytest.raises(ValidationError, match=message):
        Expectation.model_validate(expectation)
