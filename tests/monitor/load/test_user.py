"""One virtual user against a server that answers at once, on a clock that is moved."""

import asyncio
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from baselines import Clock
from baselines.load import LoadCall
from baselines.measurement import Outcome
from monitor.clock import SystemClock
from monitor.load.plan import LOG_IN, LoadPlan, Stage
from monitor.load.settings import HeartbeatSettings
from monitor.load.user import VirtualUser
from probes import HttpTarget
from probes.stopwatch import LoopDelay
from probes.web.steps import Step
from tests.clocks import ManualClock
from tests.probes.raw_server import raw_server, saying
from tests.probes.scripted_server import Reply, Request, scripted_server

TOKEN = {"access_token": "t0"}


def portal(request: Request) -> Reply:
    """Lets everybody in, and answers every page."""
    return Reply(body=TOKEN if request.path == "/auth/login" else {"items": [{"id": 7}]})


def plan(url: str, **changes: Any) -> LoadPlan:
    """Two pages for five minutes, a pause of 3 s and a heartbeat a minute, unless a test says otherwise."""
    login = {"path": "/auth/login", "username": "adviser", "password": "geheim"}
    given: dict[str, Any] = {
        "scenario": "test",
        "target_name": "portal",
        "target": HttpTarget.model_validate({"kind": "http", "url": url, "login": login}),
        "steps": [Step(name="dashboard", path="/dashboard"), Step(name="portfolios", path="/portfolios")],
        "repeat": True,
        "heartbeat": HeartbeatSettings(path="/health", every=60.0),
        "heartbeat_name": "heartbeat",
        "think": 3.0,
        "spread": 0.5,
        "ramp": 0.0,
        "timeout": 10.0,
        "stages": [Stage("load", 1, 300.0)],
    }
    return LoadPlan(**{**given, **changes})


def lived(
    answer: Callable[[Request], Reply], *, clock: Clock | None = None, start: float = 0.0, **changes: Any
) -> tuple[list[LoadCall], list[Request]]:
    """The calls of one user's life, and what the server was asked."""

    async def act() -> tuple[list[LoadCall], list[Request]]:
        calls: list[LoadCall] = []
        moved = clock or ManualClock()
        async with scripted_server(answer) as server:
            planned = plan(server.url, **changes)
            user = VirtualUser(
                planned,
                3,
                correlation="load-abc",
                began=moved.monotonic(),
                clock=moved,
                loop_delay=LoopDelay(moved),
                chance=random.Random(1),
                record=calls.append,
            )
            await user.live(start, planned.stages[0].seconds)
            return calls, server.requests

    return asyncio.run(act())


def test_the_customers_visit() -> None:
    """Log in, the dashboard, the portfolios, then a heartbeat a minute for 30 minutes, each on its minute."""
    calls, _ = lived(portal, repeat=False, stages=[Stage("load", 1, 1800.0)])
    beats = [one for one in calls if one.step == "heartbeat"]
    # Beside each other they move one clock, so what is compared is the order of the pages and when beats are due.
    assert [one.step for one in calls if one not in beats] == [LOG_IN, "dashboard", "portfolios"]
    assert [one.intended for one in beats] == [60.0 * number for number in range(1, 30)]
    assert all(one.outcome is Outcome.OK for one in calls)


def test_users_think_between_pages() -> None:
    """From half the mean to half more, about the mean; what was due is when the pause was to end."""
    calls, _ = lived(portal, heartbeat=None)
    pages = calls[1:]
    pauses = [after.intended - before.ended for before, after in pairwise(pages)]
    assert {one.step for one in pages} == {"dashboard", "portfolios"}
    assert len(pages) == pytest.approx(100, abs=10)
    assert min(pauses) == pytest.approx(1.65, abs=0.15)
    assert max(pauses) == pytest.approx(4.35, abs=0.15)
    assert max(one.lateness for one in calls) == pytest.approx(0.0, abs=1e-6)
    assert max(one.started for one in calls) < 300


def test_a_user_comes_when_it_is_its_turn() -> None:
    """Nothing is asked before."""
    calls, _ = lived(portal, start=1.5, heartbeat=None, repeat=False)
    assert (calls[0].step, calls[0].intended, calls[0].started) == (LOG_IN, 1.5, 1.5)


class LateClock(ManualClock):
    """Every pause takes a second longer than was asked for: this machine is busy."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds + 1.0 if seconds > 0 else 0.0)


def test_lateness_of_this_machine_is_recorded() -> None:
    """A call that begins a second after it was due says so, and the next heartbeat keeps to its minute."""
    calls, _ = lived(portal, clock=LateClock(), repeat=False, think=0.0)
    beats = [one for one in calls if one.step == "heartbeat"]
    assert [one.intended for one in beats] == [60.0 * number for number in range(1, 5)]
    assert all(one.lateness == pytest.approx(1.0) for one in beats)


def test_what_a_user_sends_says_that_it_is_load() -> None:
    """A correlation id of the run and the user in every request; the token of its own log-in in every page."""
    calls, requests = lived(portal, repeat=False, heartbeat=None)
    assert [one.path for one in requests] == ["/auth/login", "/dashboard", "/portfolios"]
    assert all(one.headers["x-correlation-id"].startswith("load-abc-3-") for one in requests)
    assert all(one.headers["authorization"] == "Bearer t0" for one in requests[1:])
    assert len(calls) == 3


def test_a_token_that_runs_out_is_renewed() -> None:
    """A log-in of its own in the figures; no page fails by it, and none is made longer."""

    def answer(request: Request) -> Reply:
        short = {"access_token": "t0", "expires_in": 100}
        return Reply(body=short) if request.path == "/auth/login" else portal(request)

    calls, requests = lived(answer, heartbeat=None)
    log_ins = [one for one in calls if one.step == LOG_IN]
    assert len(log_ins) == 4
    assert len(log_ins) == sum(one.path == "/auth/login" for one in requests)
    assert all(one.outcome is Outcome.OK for one in calls)


def test_a_token_that_is_refused_is_fetched_anew() -> None:
    """The portal forgot it: the page is asked again with a fresh one, and is well."""
    tokens = iter(f"t{number}" for number in range(100))
    current = ["none"]

    def answer(request: Request) -> Reply:
        if request.path == "/auth/login":
            current[0] = next(tokens)
            return Reply(body={"access_token": current[0]})
        if request.headers["authorization"] != f"Bearer {current[0]}" or current[0] == "t0":
            return Reply(401)
        return portal(request)

    calls, _ = lived(answer, repeat=False, heartbeat=None)
    assert [one.outcome for one in calls] == [Outcome.OK] * len(calls)
    assert [one.step for one in calls].count(LOG_IN) == 2


def test_a_step_that_fails_is_counted_and_the_user_goes_on() -> None:
    """A 500 is a failed call without a time, and the next page is opened all the same."""

    def answer(request: Request) -> Reply:
        return Reply(500) if request.path == "/dashboard" else portal(request)

    calls, _ = lived(answer, heartbeat=None)
    failed = [one for one in calls if one.step == "dashboard"]
    assert len(failed) == pytest.approx(50, abs=5)
    assert {(one.outcome, one.seconds) for one in failed} == {(Outcome.FAILED_ASSERTION, None)}
    assert failed[0].detail == "expected status 2xx, found 500"
    assert {one.outcome for one in calls if one.step == "portfolios"} == {Outcome.OK}


def test_after_a_step_that_others_build_on_the_user_begins_anew() -> None:
    """Nothing is asked with a variable that was never saved."""

    def answer(request: Request) -> Reply:
        return Reply(body={"items": []}) if request.path == "/groups" else portal(request)

    steps = [
        Step.model_validate({"name": "groups", "path": "/groups", "save": {"group": "items.0.id"}}),
        Step(name="group", path="/groups/{group}"),
    ]
    calls, _ = lived(answer, heartbeat=None, steps=steps)
    assert {one.step for one in calls} == {LOG_IN, "groups"}
    calls, requests = lived(portal, heartbeat=None, steps=steps)
    assert {one.path for one in requests} == {"/auth/login", "/groups", "/groups/7"}


def test_who_is_not_let_in_opens_nothing() -> None:
    """Each try is a failed log-in; there is no page without one."""

    def answer(request: Request) -> Reply:
        return Reply(503) if request.path == "/auth/login" else portal(request)

    calls, _ = lived(answer, heartbeat=None, think=30.0)
    assert {one.step for one in calls} == {LOG_IN}
    assert {one.outcome for one in calls} == {Outcome.ERROR}
    assert 6 < len(calls) < 20


def test_a_call_without_an_answer_has_hung() -> None:
    """It took at least as long as was waited."""

    async def act() -> list[LoadCall]:
        calls: list[LoadCall] = []
        async with raw_server(saying(60.0)) as server:
            clock = SystemClock()
            planned = plan(server.url, timeout=0.1, think=0.1, stages=[Stage("load", 1, 0.2)])
            user = VirtualUser(
                planned,
                1,
                correlation="load-abc",
                began=clock.monotonic(),
                clock=clock,
                loop_delay=LoopDelay(clock),
                chance=random.Random(1),
                record=calls.append,
            )
            await user.live(0.0, 0.2)
        return calls

    calls = asyncio.run(act())
    assert calls
    assert {one.outcome for one in calls} == {Outcome.TIMEOUT}
    assert all(one.seconds is not None and one.seconds >= 0.1 for one in calls)
