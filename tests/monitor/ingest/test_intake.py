"""The door as it is met over HTTP: rights, limits, sizes and shapes, on a real store with real tokens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel, Field

from baselines import SeriesRegistry
from monitor.access import AccessTokens, Right
from monitor.database import store_pool
from monitor.exporter import Exporter
from monitor.ingest.browsers import PATHS, BrowserAccess
from monitor.ingest.intake import Intake
from monitor.settings import IngestSettings
from tests.alerts.house import ManualClock

PORTAL = "https://portal.example"
PATH = PATHS[0]
GOOD = {"name": "x", "size": 1}


class Note(BaseModel):
    """What a test sends."""

    name: str = Field(max_length=5)
    size: float = Field(ge=0, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Door:
    """What a test asks and moves."""

    app: FastAPI
    client: httpx.AsyncClient
    tokens: AccessTokens
    clock: ManualClock
    exporter: Exporter

    def counted(self, outcome: str) -> float:
        """How many requests ended like that."""
        return (
            self.exporter.registry.get_sample_value(
                "portalwatch_ingest_requests_total", {"kind": "notes", "outcome": outcome}
            )
            or 0.0
        )

    async def from_portal(self, **given: object) -> httpx.Response:
        """What a page of the portal sends."""
        return await self.client.post(PATH, headers={"Origin": PORTAL}, **given)  # type: ignore[arg-type]


def at_the_door(store: str, act: Callable[[Door], Awaitable[None]], settings: IngestSettings | None = None) -> None:
    """Run `act` against an application with one way in; by default the portal's origin may send."""
    chosen = settings or IngestSettings(origins=(PORTAL,))

    async def run() -> None:
        clock, exporter = ManualClock(), Exporter(SeriesRegistry([]), version="0")
        async with store_pool(store) as pool:
            tokens, app = AccessTokens(pool), FastAPI()
            intake = Intake(chosen, tokens, exporter, clock)
            app.add_middleware(BrowserAccess, origins=chosen.origins)

            @app.post(PATH, status_code=202)
            async def take(request: Request) -> dict[str, str]:
                return {"name": (await intake.admit(request, "notes", Note)).name}

            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                await act(Door(app, client, tokens, clock, exporter))

    asyncio.run(run())


def test_by_default_nobody_may_send(store: str) -> None:
    """Without an origin and a token every request is refused, and counted."""

    async def act(door: Door) -> None:
        assert (await door.client.post(PATH, json=GOOD)).status_code == 401
        assert (await door.from_portal(json=GOOD)).status_code == 403
        assert door.counted("refused") == 2

    at_the_door(store, act, IngestSettings())


def test_a_page_of_an_allowed_origin_may_send_and_of_no_other(store: str) -> None:
    """Exactly that scheme, host and port; the answer says that the page may read it."""

    async def act(door: Door) -> None:
        answer = await door.from_portal(json=GOOD)
        assert answer.status_code == 202
        assert answer.headers["access-control-allow-origin"] == PORTAL
        assert answer.headers["vary"] == "Origin"
        for origin in ("http://portal.example", f"{PORTAL}:8443", f"{PORTAL}.evil.example", "null", "", "*"):
            other = await door.client.post(PATH, json=GOOD, headers={"Origin": origin})
            assert other.status_code == 403
            assert "access-control-allow-origin" not in other.headers

    at_the_door(store, act)


def test_a_preflight_is_answered_for_allowed_origins_alone(store: str) -> None:
    """What a browser asks before it sends JSON elsewhere."""

    async def act(door: Door) -> None:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        answer = await door.client.options(PATH, headers={"Origin": PORTAL, **asked})
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == PORTAL
        assert "content-type" in answer.headers["access-control-allow-headers"]
        other = await door.client.options(PATH, headers={"Origin": "https://evil.example", **asked})
        assert other.status_code == 403
        assert not [name for name in other.headers if name.startswith("access-control")]

    at_the_door(store, act)


def test_a_token_of_the_right_ingest_may_send_and_no_other(store: str) -> None:
    """An operator's token does not, nor a wrong one; one that is revoked is refused within seconds."""

    async def act(door: Door) -> None:
        now = door.clock.now()
        right = await door.tokens.create("portal", Right.INGEST, now)
        wrong = await door.tokens.create("alice", Right.OPERATOR, now)
        for token, status in ((right, 202), (wrong, 403), ("pw_guessed", 401), ("", 401)):
            sent = await door.client.post(PATH, json=GOOD, headers={"Authorization": f"Bearer {token}"})
            assert sent.status_code == status
            assert token == "" or token not in sent.text
        await door.tokens.revoke("portal", now)
        await door.clock.move(seconds=6)
        sent = await door.client.post(PATH, json=GOOD, headers={"Authorization": f"Bearer {right}"})
        assert sent.status_code == 401

    at_the_door(store, act)


def test_a_flood_from_one_client_is_answered_with_429(store: str) -> None:
    """It may go on when the time it was told has passed, and somebody with a token is not slowed by it."""

    async def act(door: Door) -> None:
        token = await door.tokens.create("portal", Right.INGEST, door.clock.now())
        bearer = {"Authorization": f"Bearer {token}"}
        await door.client.post(PATH, json=GOOD, headers=bearer)
        answers = [await door.from_portal(json=GOOD) for _ in range(12)]
        assert [one.status_code for one in answers] == [202] * 9 + [429] * 3
        assert door.counted("limited") == 3
        assert (await door.client.post(PATH, json=GOOD, headers=bearer)).status_code == 202
        await door.clock.move(seconds=int(answers[-1].headers["retry-after"]))
        assert (await door.from_portal(json=GOOD)).status_code == 202

    at_the_door(store, act, IngestSettings(origins=(PORTAL,), per_client=2))


def test_all_together_are_limited_too(store: str) -> None:
    """Also those with a token; who has no right takes nothing of it."""

    async def act(door: Door) -> None:
        for _ in range(5):
            await door.client.post(PATH, json=GOOD)
        assert [(await door.from_portal(json=GOOD)).status_code for _ in range(4)] == [202, 202, 202, 429]

    at_the_door(store, act, IngestSettings(origins=(PORTAL,), overall=3))


def test_a_client_that_leaves_within_its_body_is_counted(store: str) -> None:
    """It is nobody's failure, and none is raised."""

    async def act(door: Door) -> None:
        parts = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
        sent: list[Any] = []

        async def receive() -> Any:
            return next(parts)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": PATH,
            "raw_path": PATH.encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "headers": [(b"origin", PORTAL.encode())],
        }
        await door.app(scope, receive, send)
        assert sent[0]["status"] == 400
        assert door.counted("malformed") == 1

    at_the_door(store, act)


@pytest.mark.parametrize("told", [True, False])
def test_a_body_over_the_limit_is_refused_as_it_comes_in(store: str, told: bool) -> None:
    """Whether or not a header says its length; one at the limit is taken."""

    async def act(door: Door) -> None:
        async def pieces(size: int) -> AsyncIterator[bytes]:
            text = b'{"name": "x", "size": 1}'
            yield text
            for _ in range(0, size - len(text), 512):
                yield b" " * 512

        for size, status in ((2_024, 202), (9_000, 413)):
            body = b"".join([one async for one in pieces(size)]) if told else pieces(size)
            assert (await door.from_portal(content=body)).status_code == status
        assert door.counted("too_large") == 1

    at_the_door(store, act, IngestSettings(origins=(PORTAL,), body_bytes=2_100))


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"name": "secret", }', b"\xff\xfe", b"[" * 5_000, b'{"name": "\\ud800"}', b"name=x"]
)
def test_what_is_no_json_is_answered_with_where(store: str, body: bytes) -> None:
    """400, the line and column, and nothing of what was sent."""

    async def act(door: Door) -> None:
        answer = await door.from_portal(content=body)
        assert answer.status_code == 400
        assert "at line 1 column" in answer.json()["detail"]
        assert "secret" not in answer.text

    at_the_door(store, act)


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"name": "secret-secret", "size": 1}, "name"),
        ({"name": "x", "size": -1}, "size"),
        ({"name": "x", "size": "secret"}, "size"),
        ({"name": "x"}, "size"),
        (["secret"], ""),
    ],
)
def test_json_of_another_shape_is_answered_without_an_echo(store: str, said: object, where: str) -> None:
    """422 with the field and what is wrong with it; never the value."""

    async def act(door: Door) -> None:
        answer = await door.from_portal(json=said)
        assert answer.status_code == 422
        assert [one["where"] for one in answer.json()["detail"]] == [where]
        assert "secret" not in answer.text

    at_the_door(store, act)


def test_absurd_numbers_are_of_another_shape(store: str) -> None:
    """NaN and infinities are no JSON, and no figures."""

    async def act(door: Door) -> None:
        for number in (b"NaN", b"1e999", b"-Infinity"):
            answer = await door.from_portal(content=b'{"name": "x", "size": ' + number + b"}")
            assert answer.status_code in (400, 422)

    at_the_door(store, act)


def test_a_known_token_is_honoured_while_the_store_is_away() -> None:
    """Of one that was never seen nobody can say anything: 503."""

    class Away(AccessTokens):
        """Answers once, then never."""

        def __init__(self) -> None:
            self.asked = 0

        async def right_of(self, token: str, now: object) -> Right | None:  # noqa: ARG002
            self.asked += 1
            if self.asked > 1:
                raise ConnectionRefusedError
            return Right.INGEST

    async def run() -> None:
        clock, exporter = ManualClock(), Exporter(SeriesRegistry([]), version="0")
        intake, app = Intake(IngestSettings(), Away(), exporter, clock), FastAPI()

        @app.post(PATH, status_code=202)
        async def take(request: Request) -> None:
            await intake.admit(request, "notes", Note)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            statuses = []
            for token in ("pw_known", "pw_known", "pw_new"):
                sent = await client.post(PATH, json=GOOD, headers={"Authorization": f"Bearer {token}"})
                statuses.append(sent.status_code)
                clock.instant += timedelta(minutes=1)
            assert statuses == [202, 202, 503]

    asyncio.run(run())
