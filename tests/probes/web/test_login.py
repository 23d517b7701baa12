"""Tokens and other credentials: fetched once, renewed in time, and shown to nobody."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError

from baselines.measurement import Measurement, Outcome, Reason
from probes import HttpTarget, ProbeFailed, ProbeRun
from probes.stopwatch import LoopDelay, Stopwatch
from probes.web.link import HttpLink
from probes.web.login import REFUSAL_SECONDS
from tests.clocks import ManualClock
from tests.probes.scripted_server import Reply, Request, ScriptedServer, scripted_server
from tests.probes.watched import look, watched, with_probes

LOGIN = {"path": "/token", "username": "probe", "password": "hunter2"}


class Visitor:
    """Asks a link for its headers, by a clock that the test moves."""

    def __init__(self, server: ScriptedServer, target: Mapping[str, Any]) -> None:
        self.server = server
        self.clock = ManualClock()
        settings = HttpTarget.model_validate({"kind": "http", "url": server.url, **target})
        self.link = HttpLink(settings, self.clock)

    async def headers(self, stale: Mapping[str, str] | None = None) -> dict[str, str]:
        """Of one run; `stale` has just been refused."""
        run = ProbeRun(0, "0" * 32, self.clock, Stopwatch(self.clock, LoopDelay(self.clock)))
        return await self.link.own_headers(run, stale)

    async def refused(self) -> ProbeFailed:
        """Why there are none."""
        with pytest.raises(ProbeFailed) as caught:
            await self.headers()
        assert caught.value.reason is Reason.LOGIN
        return caught.value


def visit(target: Mapping[str, Any], answer: Callable[[Request], Reply], use: Any) -> Any:
    """What `use` makes of a visitor of a server that answers so."""

    async def main() -> Any:
        async with scripted_server(answer) as server:
            visitor = Visitor(server, target)
            try:
                return await use(visitor)
            finally:
                await visitor.link.close()

    return asyncio.run(main())


def tokens(**further: Any) -> Callable[[Request], Reply]:
    """A server whose answers have the tokens t1, t2 and so on, and what is given besides."""
    count = iter(range(1, 100))
    return lambda _: Reply(200, {"access_token": f"t{next(count)}", **further})


def test_one_token_serves_all_who_ask_at_once() -> None:
    """Ten runs at the same time wait for one log-in."""

    async def use(visitor: Visitor) -> None:
        asked = await asyncio.gather(*(visitor.headers() for _ in range(10)))
        assert asked == [{"Authorization": "Bearer t1"}] * 10
        assert len(visitor.server.requests) == 1
        fresh = await asyncio.gather(*(visitor.headers(stale=asked[0]) for _ in range(10)))
        assert fresh == [{"Authorization": "Bearer t2"}] * 10
        assert len(visitor.server.requests) == 2

    visit({"login": LOGIN}, tokens(), use)


def test_concurrent_probes_share_a_token() -> None:
    """All probes of a target log in once, whichever runs first, and once more after the server forgot the token."""

    async def main() -> None:
        valid = "t1"
        reply = tokens()

        def answer(request: Request) -> Reply:
            if request.path == "/token":
                return reply(request)
            return Reply(200 if request.headers.get("authorization") == f"Bearer {valid}" else 401)

        async with scripted_server(answer) as server:
            names = [f"probe_{number}" for number in range(5)]
            entry = {"kind": "http", "target": "portal", "category": "tests", "path": "/"}
            configuration = watched(
                {"portal": {"kind": "http", "url": server.url, "login": LOGIN}}, dict.fromkeys(names, entry)
            )

            async def use(probe_set: Any) -> None:
                nonlocal valid
                for logins in (1, 2):
                    measured: list[Measurement] = await asyncio.gather(*(look(probe_set, name) for name in names))
                    assert {one.outcome for one in measured} == {Outcome.OK}
                    assert len(server.seen("/token")) == logins
                    valid = "t2"

            await with_probes(configuration, use)

    asyncio.run(main())


def test_a_token_is_renewed_before_it_ends() -> None:
    """It is kept for nine tenths of its lifetime."""

    async def use(visitor: Visitor) -> list[str]:
        found = []
        for seconds in (0, 80, 15):
            visitor.clock.advance(seconds)
            found.append((await visitor.headers())["Authorization"])
        return found

    assert visit({"login": LOGIN}, tokens(expires_in=100), use) == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_a_token_is_found_wherever_it_stands() -> None:
    """Dotted paths lead to token and lifetime."""
    login = {**LOGIN, "token_field": "data.auth.0.jwt", "lifetime_field": "data.seconds"}
    answer = Reply(200, {"data": {"auth": [{"jwt": "t1"}], "seconds": 10}})

    async def use(visitor: Visitor) -> None:
        assert await visitor.headers() == {"Authorization": "Bearer t1"}
        visitor.clock.advance(9.5)
        await visitor.headers()
        assert len(visitor.server.requests) == 2

    visit({"login": login}, lambda _: answer, use)


def test_the_grants_of_oauth_are_sent_as_forms() -> None:
    """Further fields go along; a refresh token is used instead of the password, with the grant it needs."""
    login = {
        **LOGIN,
        "encoding": "form",
        "fields": {"grant_type": "password", "scope": "read"},
        "refresh_path": "/refresh",
    }

    async def use(visitor: Visitor) -> None:
        await visitor.headers()
        visitor.clock.advance(100)
        assert await visitor.headers() == {"Authorization": "Bearer t2"}
        first, second = visitor.server.requests
        assert (first.path, second.path) == ("/token", "/refresh")
        assert first.headers["content-type"] == "application/x-www-form-urlencoded"
        assert parse_qs(first.body.decode()) == {
            "grant_type": ["password"],
            "scope": ["read"],
            "username": ["probe"],
            "password": ["hunter2"],
        }
        assert parse_qs(second.body.decode()) == {
            "grant_type": ["refresh_token"],
            "scope": ["read"],
            "refresh_token": ["r1"],
        }

    visit({"login": login}, tokens(expires_in=100, refresh_token="r1"), use)


def test_a_refresh_token_that_is_no_longer_taken_is_no_failure() -> None:
    """Name and password are sent instead."""
    reply = tokens(expires_in=100, refresh_token="r1")

    async def use(visitor: Visitor) -> None:
        await visitor.headers()
        visitor.clock.advance(100)
        assert await visitor.headers() == {"Authorization": "Bearer t2"}
        assert [one.path for one in visitor.server.requests] == ["/token", "/refresh", "/token"]

    login = {**LOGIN, "refresh_path": "/refresh"}
    visit({"login": login}, lambda one: Reply(400) if one.path == "/refresh" else reply(one), use)


def test_a_refused_password_is_not_tried_again_at_once() -> None:
    """Many probes would lock the user out: a refusal holds for a while, and is told without asking again."""

    async def use(visitor: Visitor) -> None:
        for _ in range(5):
            assert str(await visitor.refused()) == "the log-in at /token answered 403"
        assert len(visitor.server.requests) == 1
        visitor.clock.advance(REFUSAL_SECONDS)
        await visitor.refused()
        assert len(visitor.server.requests) == 2

    visit({"login": LOGIN}, lambda _: Reply(403, b"hunter2 is wrong"), use)


def test_a_server_in_trouble_is_asked_again() -> None:
    """A 503 says nothing of the password."""
    replies = [Reply(503), Reply(200, {"access_token": "t1"})]

    async def use(visitor: Visitor) -> None:
        await visitor.refused()
        assert await visitor.headers() == {"Authorization": "Bearer t1"}

    visit({"login": LOGIN}, lambda _: replies.pop(0), use)


@pytest.mark.parametrize(
    "body", [b"no JSON", b"[" * 50_000, {"access_token": 7}, {"access_token": ""}, {"access_token": "a\r\nX: b"}, []]
)
def test_an_answer_without_a_token_says_what_to_set(body: Any) -> None:
    """What is no text that can stand in a header is no token; the answer is not quoted."""

    async def use(visitor: Visitor) -> str:
        return str(await visitor.refused())

    said = visit({"login": LOGIN}, lambda _: Reply(200, body), use)
    assert said == "the answer of /token has no text 'access_token'; set login.token_field"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"basic": {"username": "probe", "password": "pässword"}}, {"authorization": "Basic *"}),
        ({"bearer": "t0"}, {"authorization": "Bearer t0"}),
        ({"headers": {"X-Key": "k"}}, {"x-key": "k"}),
        ({"headers": {"X-Key": "k"}, "bearer": "t0"}, {"x-key": "k", "authorization": "Bearer t0"}),
    ],
)
def test_fixed_credentials_go_with_each_request(target: Any, expected: Mapping[str, str]) -> None:
    """Basic, bearer and own headers need no log-in, and a 401 asks for none."""

    async def main() -> tuple[Measurement, list[Request]]:
        async with scripted_server(lambda _: Reply(401)) as server:
            configuration = watched(
                {"portal": {"kind": "http", "url": server.url, **target}},
                {"probe": {"kind": "http", "target": "portal", "category": "tests", "path": "/"}},
            )
            return await with_probes(configuration, look), server.requests

    measured, (request,) = asyncio.run(main())
    assert measured.reason is Reason.STATUS
    basic = base64.b64encode("probe:pässword".encode()).decode()
    for name, value in expected.items():
        assert request.headers[name] == value.replace("*", basic)


def test_own_headers_go_with_the_log_in_too() -> None:
    """An API key is asked for at the door as well."""

    async def use(visitor: Visitor) -> None:
        assert await visitor.headers() == {"X-Key": "k", "Authorization": "Bearer t1"}
        assert visitor.server.requests[0].headers["x-key"] == "k"

    visit({"login": LOGIN, "headers": {"X-Key": "k"}}, tokens(), use)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"login": LOGIN, "bearer": "hunter2"}, "keep one"),
        ({"basic": {"username": "u", "password": "hunter2"}, "bearer": "hunter2"}, "keep one"),
        ({"bearer": "hunter2", "headers": {"authorization": "hunter2"}}, "keep one"),
        ({"bearer": "hunter2\n"}, "one line"),
        ({"headers": {"X-Key": "hunter2\r\nX-Admin: yes"}}, "one line"),
        ({"headers": {"X Key": "hunter2"}}, "pattern"),
        ({"basic": {"username": "a:b", "password": "hunter2"}}, "pattern"),
        ({"proxy": "socks5://u:hunter2@localhost"}, "starts with http"),
        ({"proxy": "http://u:hunter2@localhost", "networks": ["10.0.0.0/8"]}, "the proxy's choice"),
        ({"networks": []}, "at least 1"),
        ({"networks": ["10.0.0.1/8"]}, "network"),
        ({"origins": ["https://u:hunter2@login.example"]}, "scheme, host and port"),
        ({"origins": ["https://login.example/hunter2"]}, "scheme, host and port"),
    ],
)
def test_what_does_not_fit_is_refused_without_its_secret(target: Any, message: str) -> None:
    """Each mistake says what to do, and shows no value."""
    with pytest.raises(ValidationError) as caught:
        watched({"portal": {"kind": "http", "url": "http://localhost", **target}}, {})
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_no_secret_is_shown() -> None:
    """Neither the text of the settings nor what is printed of them has one."""
    login = {**LOGIN, "fields": {"client_secret": "hunter2"}}
    for further in ({"login": login}, {"bearer": "hunter2"}, {"basic": {"username": "u", "password": "hunter2"}}):
        secret = {"proxy": "http://u:hunter2@localhost", "headers": {"X-Key": "hunter2"}, **further}
        target = HttpTarget.model_validate({"kind": "http", "url": "http://localhost", **secret})
        assert "hunter2" not in repr(target) + target.model_dump_json()
