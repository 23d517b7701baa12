"""Journeys over real servers: what steps share, what a failed step means, and what no other origin gets to see."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from baselines.measurement import Measurement, Outcome, Reason
from probes import ProbeSet
from tests.probes.scripted_server import Reply, Request, ScriptedServer, moved, scripted_server
from tests.probes.watched import Watched, watched, with_probes

LOGIN = {"path": "/token", "username": "probe", "password": "hunter2"}


def journey(url: str, steps: Sequence[Mapping[str, Any]], target: Mapping[str, Any], **entry: Any) -> Watched:
    """One journey called `visit`."""
    return watched(
        {"portal": {"kind": "http", "url": url, **target}},
        {"visit": {"kind": "journey", "target": "portal", "category": "tests", "steps": list(steps), **entry}},
    )


def portal(request: Request) -> Reply:
    """A portal with a session in a cookie, a token against forgery in a header, and one client."""
    match request.path:
        case "/login":
            return Reply(200, {"user": 7}, {"Set-Cookie": "session=s1; Path=/", "X-CSRF": "forged not"})
        case "/token":
            return Reply(200, {"access_token": "t1"})
        case "/clients":
            return Reply(200 if request.headers.get("cookie") == "session=s1" else 403, [{"id": 23, "name": "a/b?c"}])
        case "/broken":
            return Reply(500, {"secret": "hunter2"})
        case _:
            return Reply(200, {"ok": True})


async def visit(probe_set: ProbeSet) -> dict[str, Measurement]:
    """The measurements of one run, by metric."""
    return {one.series.partition(".")[2]: one for one in await probe_set.run("visit", datetime.now(UTC))}


def walk(
    steps: Sequence[Mapping[str, Any]], runs: int = 1, answer: Any = portal, **entry: Any
) -> tuple[list[dict[str, Measurement]], ScriptedServer]:
    """So many runs against one server."""
    target = entry.pop("target_settings", {})

    async def main() -> tuple[list[dict[str, Measurement]], ScriptedServer]:
        async with scripted_server(answer) as server:

            async def use(probe_set: ProbeSet) -> list[dict[str, Measurement]]:
                return [await visit(probe_set) for _ in range(runs)]

            return await with_probes(journey(server.url, steps, target, **entry), use), server

    return asyncio.run(main())


def test_steps_share_cookies_and_variables() -> None:
    """What one answer says goes into later paths, headers and bodies, and the journey takes as long as its steps."""
    (measured,), server = walk(
        [
            {
                "name": "log_in",
                "method": "POST",
                "path": "/login",
                "json": {"user": "u", "nested": [{"n": 1}]},
                "save": {"csrf": {"header": "X-CSRF"}},
            },
            {"name": "clients", "path": "/clients", "save": {"client": "0.id", "client_name": "0.name"}},
            {
                "name": "rename",
                "method": "PUT",
                "path": "/clients/{client}?was={client_name}",
                "headers": {"X-CSRF": "{csrf}!"},
                "json": {"id": "{client}", "texts": ["id {client}"]},
            },
            {"name": "leave", "method": "POST", "path": "/leave", "form": {"name": "{client_name}"}},
        ]
    )
    assert {one.outcome for one in measured.values()} == {Outcome.OK}
    values = {metric: one.value or 0.0 for metric, one in measured.items()}
    assert list(values) == ["visit", "visit_log_in", "visit_clients", "visit_rename", "visit_leave"]
    assert values.pop("visit") == pytest.approx(sum(values.values()))
    assert all(value >= 0.005 for value in values.values())
    _, _, rename, leave = server.requests
    assert (rename.method, rename.path) == ("PUT", "/clients/23?was=a%2Fb%3Fc")
    assert (rename.headers["x-csrf"], rename.body) == ("forged not!", b'{"id":23,"texts":["id 23"]}')
    assert (leave.headers["content-type"], leave.body) == ("application/x-www-form-urlencoded", b"name=a%2Fb%3Fc")


def test_cookies_end_with_their_run() -> None:
    """A second run begins without the cookies of the first."""
    steps = [{"name": "log_in", "path": "/login"}, {"name": "clients", "path": "/clients"}]
    runs, server = walk(steps, runs=2)
    assert {one.outcome for run in runs for one in run.values()} == {Outcome.OK}
    assert [one.headers.get("cookie") for one in server.requests] == [None, "session=s1"] * 2


def test_all_steps_carry_the_correlation_id_of_the_run() -> None:
    """The portal's log can be joined with each step."""
    (measured,), server = walk([{"name": "one", "path": "/1"}, {"name": "two", "path": "/2"}])
    assert {one.headers["x-correlation-id"] for one in server.requests} == {measured["visit"].correlation_id}
    assert {one.headers["traceparent"][3:35] for one in server.requests} == {measured["visit"].correlation_id}


def test_a_failed_step_fails_the_journey_and_what_comes_after() -> None:
    """Steps before it keep their values; it, the rest and the whole have its reason and name it, without the body."""
    steps = [{"name": name, "path": path} for name, path in [("one", "/1"), ("two", "/broken"), ("three", "/3")]]
    (measured,), server = walk(steps)
    assert measured.pop("visit_one").outcome is Outcome.OK
    assert list(measured) == ["visit", "visit_two", "visit_three"]
    for one in measured.values():
        assert (one.outcome, one.reason) == (Outcome.FAILED_ASSERTION, Reason.STATUS)
        assert one.detail == "step two: expected status 2xx, found 500"
    assert not server.seen("/3")


@pytest.mark.parametrize(
    ("save", "detail"),
    [
        ({"x": "missing"}, "step one: expected a text or a number at missing to save as x, found none"),
        ({"x": "a"}, "step one: expected a text or a number at a to save as x, found none"),
        ({"x": {"header": "X-Nobody"}}, "a text or a number at the header X-Nobody to save as x"),
    ],
)
def test_what_is_to_be_saved_must_be_there(save: Any, detail: str) -> None:
    """An answer without it is a failed assertion of its step."""
    (measured,), _ = walk([{"name": "one", "path": "/1", "save": save}], answer=lambda _: Reply(200, {"a": [1]}))
    assert measured["visit"].reason is Reason.ASSERTION
    assert detail in measured["visit"].detail


def test_no_answer_can_add_a_header() -> None:
    """A saved value with a line break is not sent in a header, and not quoted."""
    steps = [
        {"name": "one", "path": "/1", "save": {"x": "a"}},
        {"name": "two", "path": "/2", "headers": {"X-Value": "{x}"}},
    ]
    (measured,), server = walk(steps, answer=lambda _: Reply(200, {"a": "hunter2\r\nX-Admin: yes"}))
    assert measured["visit"].detail == "step two: what was saved can't stand in the header X-Value"
    assert not server.seen("/2")


def test_a_hanging_step_is_a_time_out_of_all() -> None:
    """Past the deadline every series has the time waited."""

    async def main() -> dict[str, Measurement]:
        never = asyncio.Event()

        async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            await never.wait()
            writer.close()

        listener = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
        async with listener:
            url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            measured = await with_probes(journey(url, [{"name": "one", "path": "/"}], {}, timeout="200ms"), visit)
            never.set()
            return measured

    for one in asyncio.run(main()).values():
        assert (one.outcome, one.reason) == (Outcome.TIMEOUT, Reason.DEADLINE)
        assert one.value is not None
        assert one.value >= 0.2


def test_a_token_is_renewed_once_in_a_run() -> None:
    """After a 401 the step is made again with a fresh token; a second 401 is an answer like any other."""
    tokens: list[str] = []

    def answer(request: Request) -> Reply:
        if request.path == "/token":
            tokens.append(f"t{len(tokens)}")
            return Reply(200, {"access_token": tokens[-1]})
        if request.path == "/never" or request.headers.get("authorization") != "Bearer t1":
            return Reply(401)
        return Reply(200)

    steps = [{"name": "one", "path": "/1"}, {"name": "two", "path": "/2"}, {"name": "three", "path": "/never"}]
    (measured,), server = walk(steps, answer=answer, target_settings={"login": LOGIN})
    assert [one.path for one in server.requests] == ["/token", "/1", "/token", "/1", "/2", "/never"]
    failed = [metric for metric, one in measured.items() if one.reason is Reason.STATUS]
    assert failed == ["visit", "visit_three"]
    assert all(one.phases["login"] >= 0.01 for one in measured.values())


def test_a_step_may_bring_its_own_authorization() -> None:
    """A token that the journey has saved goes instead of the target's."""
    steps = [
        {"name": "log_in", "path": "/token", "save": {"token": "access_token"}},
        {"name": "home", "path": "/", "headers": {"authorization": "Bearer {token}"}},
    ]
    (measured,), server = walk(steps, target_settings={"bearer": "t0"})
    assert measured["visit"].outcome is Outcome.OK
    assert [one.headers["authorization"] for one in server.requests] == ["Bearer t0", "Bearer t1"]


async def two_origins(steps: Any, answer: Any, foreign: Any, allowed: bool) -> Any:
    """One run against a portal that sends its visitors to another server; `{other}` in a path is its URL."""
    async with AsyncExitStack() as servers:
        other = await servers.enter_async_context(scripted_server(foreign))
        own = await servers.enter_async_context(scripted_server(lambda request: answer(request, other.url)))
        target = {
            "login": LOGIN,
            "headers": {"X-Key": "hunter2"},
            "origins": [other.url] if allowed else [],
        }
        written = [{**step, "path": step["path"].replace("{other}", other.url)} for step in steps]
        return await with_probes(journey(own.url, written, target), visit), own, other


SECRETS = {"authorization", "x-key", "x-step", "cookie"}


@pytest.mark.parametrize(
    "path",
    ["/away", "{other}/"],
    ids=["by a redirect", "by a step"],
)
def test_no_secret_crosses_to_another_origin(path: str) -> None:
    """Neither token nor own headers nor cookies go along, and they are back at home; the other's cookies stay there."""

    def answer(request: Request, other: str) -> Reply:
        if request.path == "/away":
            return moved(f"{other}/")
        return Reply(200, {"access_token": "t1"}, {"Set-Cookie": "session=s1; Path=/"})

    steps = [
        {"name": "one", "path": "/1", "headers": {"X-Step": "hunter2"}},
        {"name": "away", "path": path, "headers": {"X-Step": "hunter2"}},
        {"name": "home", "path": "/home", "headers": {"X-Step": "hunter2"}},
    ]
    foreign = Reply(200, b"", {"Set-Cookie": "foreign=f1; Path=/"})
    measured, own, other = asyncio.run(two_origins(steps, answer, lambda _: foreign, allowed=True))
    assert {one.outcome for one in measured.values()} == {Outcome.OK}
    (seen,) = other.requests
    assert not SECRETS & seen.headers.keys()
    assert seen.headers["x-correlation-id"] == measured["visit"].correlation_id
    (home,) = own.seen("/home")
    assert home.headers.keys() >= SECRETS
    assert home.headers["cookie"] == "session=s1"


@pytest.mark.parametrize(("path", "reason"), [("/away", Reason.STATUS), ("{other}/", Reason.ADDRESS)])
def test_no_request_goes_to_an_origin_that_is_not_allowed(path: str, reason: Reason) -> None:
    """A redirect there is the answer itself, a step there a failure."""
    measured, _, other = asyncio.run(
        two_origins([{"name": "away", "path": path}], lambda _, to: moved(f"{to}/"), lambda _: Reply(), allowed=False)
        if "{other}" in path
        else two_origins(
            [{"name": "away", "path": path}],
            lambda request, to: Reply(200, {"access_token": "t1"}) if request.path == "/token" else moved(f"{to}/"),
            lambda _: Reply(),
            allowed=False,
        )
    )
    assert measured["visit"].reason is reason
    assert not other.requests


def test_no_body_crosses_to_another_origin() -> None:
    """A redirect that asks for the same POST elsewhere is not followed: the body may hold a password."""

    def answer(request: Request, other: str) -> Reply:
        return Reply(200, {"access_token": "t1"}) if request.path == "/token" else moved(f"{other}/", 307)

    steps = [{"name": "log_in", "path": "/login", "method": "POST", "form": {"password": "hunter2"}}]
    measured, _, other = asyncio.run(two_origins(steps, answer, lambda _: Reply(), allowed=True))
    assert measured["visit"].reason is Reason.STATUS
    assert not other.requests


@pytest.mark.parametrize(
    ("status", "method", "body"), [(303, "GET", b""), (302, "GET", b""), (307, "POST", b"a=1"), (308, "POST", b"a=1")]
)
def test_a_redirect_at_home_is_followed_as_browsers_do(status: int, method: str, body: bytes) -> None:
    """303 and 302 ask with GET, 307 and 308 send the same again."""
    (measured,), server = walk(
        [{"name": "one", "path": "/old", "method": "POST", "form": {"a": "1"}}],
        answer=lambda request: moved("/new", status) if request.path == "/old" else Reply(),
    )
    assert measured["visit"].outcome is Outcome.OK
    (new,) = server.seen("/new")
    assert (new.method, new.body, "content-type" in new.headers) == (method, body, bool(body))


def test_redirects_are_bounded() -> None:
    """A loop ends after so many, as a wrong status."""
    (measured,), server = walk([{"name": "one", "path": "/"}], answer=lambda _: moved("/"), max_redirects=3)
    assert measured["visit"].reason is Reason.STATUS
    assert "a redirect too many" in measured["visit"].detail
    assert len(server.requests) == 4


STEP = {"name": "one", "path": "/"}


@pytest.mark.parametrize(
    ("steps", "place", "message"),
    [
        ([{**STEP, "path": "/{x}"}], (0,), "no earlier step saves {x}; saved by then: none"),
        ([{**STEP, "path": "/{x}", "save": {"x": "id"}}], (0,), "no earlier step saves {x}; saved by then: none"),
        ([{**STEP, "save": {"y": "id"}}, {"name": "two", "path": "/", "headers": {"A": "{x}"}}], (1,), "by then: y"),
        ([{**STEP, "json": {"a": ["{x}"]}}], (0,), "no earlier step saves {x}"),
        ([{**STEP, "form": {"a": "{x}"}}], (0,), "no earlier step saves {x}"),
        ([STEP, STEP], (1, "name"), "two steps are called one"),
        ([], (), "at least one step"),
        ([{**STEP, "json": 1, "form": {}}], (0,), "one body"),
        ([{**STEP, "save": {"x": {}}}], (0, "save", "x"), "either json or header"),
        ([{**STEP, "path": "ftp://x"}], (0, "path"), "pattern"),
        ([{**STEP, "headers": {"A": "x\r\nB: y"}}], (0, "headers", "A"), "one line"),
    ],
)
def test_a_mistake_is_said_at_its_step(steps: Any, place: tuple[str | int, ...], message: str) -> None:
    """The configuration is refused before anything runs, at the very place."""
    with pytest.raises(ValidationError) as caught:
        journey("http://localhost", steps, {})
    (error,) = caught.value.errors()
    assert error["loc"] == ("probes", "visit", "steps", *place)
    assert message in error["msg"]
