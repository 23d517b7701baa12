"""The transport against real servers, on both event loops: connections, times, and what goes wrong."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
import uvloop

from baselines.measurement import Reason
from probes import HttpTarget, ProbeFailed, ProbeRun
from probes.stopwatch import LoopDelay, Stopwatch
from probes.web import idle
from probes.web.exchange import Exchange
from probes.web.link import HttpLink
from probes.web.transport import WireTransport
from tests.probes.raw_server import Answer, RawServer, dripping, raw_server, resetting, saying, until
from tests.probes.watched import SystemClock

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CLOCK = SystemClock()

each_loop = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
Loop = Callable[[], asyncio.AbstractEventLoop]


def new_run() -> ProbeRun:
    return ProbeRun(0, "c" * 32, CLOCK, Stopwatch(CLOCK, LoopDelay(CLOCK)))


class Way:
    """A link to a server of the test, and the run of its last exchange."""

    def __init__(self, server: RawServer, link: HttpLink) -> None:
        self.server = server
        self.link = link
        self.run = new_run()

    @property
    def transport(self) -> WireTransport:
        assert isinstance(self.link.transport, WireTransport)
        return self.link.transport

    async def get(self, method: str = "GET", limit_bytes: int = 1000) -> Exchange:
        self.run = new_run()
        return await self.link.request(self.link.prepare(method, "/", {}, None), limit_bytes, self.run)


def way(loop: Loop, answer: Answer, use: Callable[[Way], Awaitable[Any]], **target: Any) -> Any:
    """What `use` returns; proves that nothing of ours is left: no connection, no task."""

    @asynccontextmanager
    async def link(url: str) -> Any:
        one = HttpLink(HttpTarget(kind="http", url=url, **target), CLOCK)
        yield one
        await one.close()

    async def main() -> Any:
        async with raw_server(answer) as server, link(server.url) as one:
            before = asyncio.all_tasks()
            result = await use(Way(server, one))
            await one.close()
            assert not one.transport._open
            await server.until_alone()
            assert asyncio.all_tasks() <= before | {task for task in asyncio.all_tasks() if "serve" in repr(task)}
        return result

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main())


@each_loop
def test_connections_are_kept_and_say_so(loop: Loop) -> None:
    """One connection carries one request after the other; phases and details tell which was the first."""

    async def use(one: Way) -> None:
        await one.get()
        assert list(one.run.phases) == ["resolve", "connect", "send", "first_byte", "transfer"]
        assert one.run.details == {
            "transport": "wire",
            "connection": "new",
            "address": "127.0.0.1",
            "body_bytes": "5",
            "status": "200",
            "http_version": "1.1",
        }
        await one.get()
        assert list(one.run.phases) == ["send", "first_byte", "transfer"]
        assert (one.run.details["connection"], one.server.connections) == ("kept", 1)

    way(loop, saying(HELLO, keep=True), use)


@each_loop
def test_new_connections_are_asked_to_end(loop: Loop) -> None:
    """A target measured over new connections keeps none, whatever the server says."""

    async def use(one: Way) -> None:
        for number in (1, 2):
            await one.get()
            assert (one.run.details["connection"], one.server.connections) == ("new", number)
            assert b"Connection: close\r\n" in one.server.requests[-1]
        await one.server.until_alone()

    way(loop, saying(HELLO, keep=True), use, connection="new")


@each_loop
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        HELLO + b"and something else",
    ],
)
def test_a_connection_that_is_done_is_not_used_again(loop: Loop, answer: bytes) -> None:
    """Said to be closed, ended by the end of the body, or out of step."""

    async def use(one: Way) -> None:
        for number in (1, 2):
            assert (await one.get()).body == b"hello"
            assert one.server.connections == number

    way(loop, saying(answer), use)


@each_loop
def test_idle_connections_are_given_up_in_time(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """They end by themselves, without another request, and a later request opens anew."""
    monkeypatch.setattr(idle, "KEEPALIVE_SECONDS", 0.05)

    async def use(one: Way) -> None:
        await one.get()
        await one.server.until_alone()
        await one.get()
        assert one.server.connections == 2

    way(loop, saying(HELLO, keep=True), use)


@each_loop
def test_idle_connections_are_bounded(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a burst the server has most of its connections back."""
    monkeypatch.setattr(idle, "MAX_IDLE", 3)

    async def use(one: Way) -> None:
        request = one.link.prepare("GET", "/", {}, None)
        await asyncio.gather(*(one.link.request(request, 1000, new_run()) for _ in range(20)))
        assert one.server.connections == 20
        await until(lambda: one.server.open <= 3)
        await one.get()
        assert one.run.details["connection"] == "kept"

    way(loop, saying(0.05, HELLO, keep=True), use)


def deaf_after_first() -> Answer:
    """Each connection has one good answer; the next request on it is met by the end, without a word."""
    served: set[int] = set()

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> bool:
        if id(writer) in served:
            await asyncio.sleep(1.0)
            return False
        served.add(id(writer))
        writer.write(HELLO)
        return True

    return answer


@each_loop
def test_a_request_that_meets_a_closing_connection_is_sent_again(loop: Loop) -> None:
    """Once, over a new connection; the first attempt is in neither the value nor the phases."""

    async def use(one: Way) -> None:
        await one.get()
        assert (await one.get()).body == b"hello"
        assert (one.server.connections, len(one.server.requests)) == (2, 3)
        assert one.run.details["connection"] == "new"
        assert one.run.stopwatch.seconds < 0.9
        assert one.run.phases["first_byte"] < 0.9

    way(loop, deaf_after_first(), use)


@each_loop
def test_a_request_that_might_do_something_twice_is_not_sent_again(loop: Loop) -> None:
    """Nobody knows what became of a POST."""

    async def use(one: Way) -> None:
        await one.get("POST")
        with pytest.raises(ProbeFailed, match="without an answer") as raised:
            await one.get("POST")
        assert raised.value.reason is Reason.PROTOCOL
        assert (one.server.connections, len(one.server.requests)) == (1, 2)

    way(loop, deaf_after_first(), use)


@each_loop
def test_a_new_connection_without_an_answer_is_not_tried_again(loop: Loop) -> None:
    """The server closes each time: that is its answer."""

    async def use(one: Way) -> None:
        with pytest.raises(ProbeFailed, match="without an answer"):
            await one.get()
        assert one.server.connections == 1

    way(loop, saying(), use)


@each_loop
def test_the_value_ends_with_the_last_byte(loop: Loop) -> None:
    """First byte and transfer are the server's pauses; what the prober does before and after is no part of it."""

    async def use(one: Way) -> None:
        await one.get()
        phases = one.run.phases
        assert phases["first_byte"] >= 0.08
        assert phases["transfer"] >= 0.35
        assert one.run.stopwatch.seconds == pytest.approx(sum(phases[x] for x in ("send", "first_byte", "transfer")))

    way(loop, saying(0.1, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 0.4, b"lo"), use)


@each_loop
def test_a_body_of_ours_is_sent_before_the_wait_begins(loop: Loop) -> None:
    """A request larger than the system takes at once counts as sending until it has gone out."""

    async def slow_reader(_: bytes, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.2)
        writer.write(HELLO)
        return False

    async def use(one: Way) -> None:
        one.run = new_run()
        request = one.link.prepare("PUT", "/", {}, "x" * 20_000_000)
        with suppress(ProbeFailed):  # the server answers without having read it all
            await one.link.request(request, 1000, one.run)
        assert one.run.phases["send"] >= 0.15

    way(loop, slow_reader, use)


ENDLESS_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@each_loop
@pytest.mark.parametrize(
    ("answer", "reason", "says"),
    [
        (
            resetting(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhel"),
            Reason.PROTOCOL,
            "reset the connection in the",
        ),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhel"), Reason.PROTOCOL, "closed the connection in the"),
        (resetting(), Reason.PROTOCOL, "without an answer"),
        (saying(b"this is no HTTP\r\n\r\n"), Reason.PROTOCOL, "no HTTP"),
        (saying(ENDLESS_CHUNKS + b"zz\r\n"), Reason.PROTOCOL, "no HTTP"),
        (saying(b"HTTP/1.1 200 OK\r\n", 2.0), Reason.READ_TIMEOUT, "no byte came for 0.2 s"),
        (saying(2.0), Reason.READ_TIMEOUT, "no byte came for 0.2 s"),
        (dripping(ENDLESS_CHUNKS, b"5\r\nhello\r\n"), Reason.BODY_TOO_LARGE, "larger than 1000 bytes"),
        (dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 5000), Reason.BODY_TOO_LARGE, "larger than 1000 bytes"),
        (dripping(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 5000 + b"\r\n"), Reason.PROTOCOL, "headers"),
    ],
)
def test_each_fault_has_its_reason_and_sentence(loop: Loop, answer: Answer, reason: Reason, says: str) -> None:
    """No fault hangs, and none leaves a connection behind."""

    async def use(one: Way) -> None:
        async with asyncio.timeout(10):
            with pytest.raises(ProbeFailed, match=says) as raised:
                await one.get()
        assert raised.value.reason is reason
        await until(lambda: not one.transport._open)

    way(loop, answer, use, read_timeout=0.2)


@each_loop
@pytest.mark.parametrize(
    "answer",
    [
        dripping(b"", b"H", 0.03),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X", 0.03),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", b"x", 0.03),
    ],
    ids=["before the head", "within the head", "body"],
)
def test_a_drip_is_no_silence_and_ends_with_the_deadline(loop: Loop, answer: Answer) -> None:
    """Bytes that come too slowly are waited for until the run is cancelled, and the time so far is kept."""

    async def use(one: Way) -> None:
        failures = (TimeoutError, ProbeFailed)  # "HH" can be no head
        with pytest.raises(failures):
            async with asyncio.timeout(0.4):
                await one.get()
        if one.run.stopwatch.seconds > 0.3:
            assert sum(one.run.phases.values()) >= 0.3
        await until(lambda: not one.transport._open)

    way(loop, answer, use, read_timeout=0.2)


@each_loop
def test_an_idle_connection_that_says_something_is_given_up(loop: Loop) -> None:
    """Nobody asked; it would be taken for the answer to the next request."""

    async def use(one: Way) -> None:
        await one.get()
        await until(lambda: not one.transport._open)
        assert (await one.get()).body == b"hello"
        assert one.server.connections == 2

    way(loop, saying(HELLO, 0.05, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", keep=True), use)


@each_loop
def test_a_client_of_httpx_goes_the_same_way(loop: Loop) -> None:
    """Its requests are timed into the run they name, its answers come decompressed and bounded."""
    body = gzip.compress(b"hello")
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nSet-Cookie: a=1\r\nContent-Length: %d\r\n\r\n" % len(body)

    async def use(one: Way) -> None:
        client = httpx.AsyncClient(transport=one.transport)
        run = new_run()
        response = await client.get(one.server.url, extensions={"run": run})
        assert (response.text, client.cookies["a"]) == ("hello", "1")
        assert run.stopwatch.seconds > 0
        assert (await client.get(one.server.url)).text == "hello"
        with pytest.raises(ProbeFailed, match="larger than 4 bytes"):
            await client.get(one.server.url, extensions={"limit_bytes": 4})

    way(loop, saying(answer + body, keep=True), use)


@each_loop
@pytest.mark.parametrize(
    ("sent", "kept"),
    [("portal-17", "portal-17"), ("x" * 128, "x" * 128), ("x" * 129, "c" * 32), ("a b", "c" * 32), ("", "c" * 32)],
)
def test_the_correlation_id_is_the_one_the_portal_logged(loop: Loop, sent: str, kept: str) -> None:
    """Where it answers a sane one; else it stays the one we sent."""

    async def use(one: Way) -> None:
        await one.get()
        assert one.run.correlation_id == kept

    answer = b"HTTP/1.1 200 OK\r\nX-Correlation-ID: %s\r\nContent-Length: 0\r\n\r\n" % sent.encode()
    way(loop, saying(answer), use)


@each_loop
def test_the_next_address_is_tried_where_one_refuses_or_keeps_silent(loop: Loop) -> None:
    """A name with several addresses is reached at the first that takes a connection, within the one time-out."""

    async def use(one: Way) -> None:
        async def several(host: str, port: int) -> list[str]:  # noqa: ARG001 (as a resolver is called)
            return ["127.0.0.9", "127.0.0.1"]

        one.transport._resolver.resolve = several  # type: ignore[method-assign]
        await one.get()
        assert one.run.details["address"] == "127.0.0.1"

    way(loop, saying(HELLO), use)


@each_loop
def test_a_thousand_at_once_are_all_answered(loop: Loop) -> None:
    """Half over kept connections, half over new ones; none is lost and no more than the bound stays."""

    async def use(one: Way) -> None:
        request = one.link.prepare("GET", "/", {}, None)
        for _ in range(2):
            runs = [one.link.request(request, 1000, new_run()) for _ in range(500)]
            assert {exchange.status for exchange in await asyncio.gather(*runs)} == {200}
        assert len(one.transport._open) <= idle.MAX_IDLE + 500

    way(loop, saying(HELLO, keep=True), use)
