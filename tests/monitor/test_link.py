"""The bounded queue between the processes, over a real pair of sockets."""

import asyncio
import socket
from datetime import timedelta

import pytest

from baselines import Inspected, Inspection, LedgerEntry, Measurement, Outcome, PlanShape, Reason, Section
from baselines.inspection import TableState
from baselines.plan_node import NodeFigures
from baselines.snapshot import DatabaseSession, Snapshot
from baselines.workload import StatementText, Usage, WorkloadBin, WorkloadGap
from monitor import wire
from monitor.link import (
    Heartbeat,
    HoldBack,
    LinkWriter,
    MoreCalls,
    Request,
    TakeSnapshot,
    ask,
    read_link,
    read_requests,
)
from tests.clocks import START


def measured(number: int) -> Measurement:
    """A measurement that can be told from others."""
    return Measurement(
        series=f"q.s{number}", intended_at=START, started_at=START, outcome=Outcome.OK, value=float(number)
    )


async def received(end: socket.socket, count: int) -> list[Measurement | Heartbeat | wire.Note]:
    """The first so many things that come over the link."""
    things: list[Measurement | Heartbeat | wire.Note] = []
    async for one in read_link(end, asyncio.Event()):
        things.append(one)
        if len(things) == count:
            break
    return things


def test_a_measurement_survives_the_wire() -> None:
    """Every field comes back, of a timeout too."""
    one = Measurement(
        series="q.a",
        intended_at=START,
        started_at=START,
        outcome=Outcome.TIMEOUT,
        value=5.0,
        reason=Reason.DEADLINE,
        phases={"connect": 0.001},
        prober_delay_seconds=0.002,
        correlation_id="c1",
    )
    assert wire.decode(wire.encode(one)) == one


def test_measurements_and_heartbeats_arrive_in_order() -> None:
    """The first sign of life comes at once, with how often the prober died; measurements follow in order."""

    async def run() -> list[Measurement | Heartbeat | wire.Note]:
        writing_end, reading_end = socket.socketpair()
        with writing_end:
            writer = LinkWriter(writing_end, restarts=2)
            sending = asyncio.create_task(writer.send())
            await asyncio.sleep(0)
            writer.hand([measured(1), measured(2)])
            try:
                return await received(reading_end, 3)
            finally:
                sending.cancel()

    things = asyncio.run(run())
    (heartbeat,) = (one for one in things if isinstance(one, Heartbeat))
    assert (heartbeat.dropped, heartbeat.restarts) == (0, 2)
    assert heartbeat.cpu_seconds > 0
    assert heartbeat.resident_bytes > 1e6
    assert [one for one in things if isinstance(one, Measurement)] == [measured(1), measured(2)]


def test_the_prober_never_waits_for_a_reader() -> None:
    """With nobody reading, the oldest are dropped and counted, and what arrives later are the newest."""

    async def run() -> tuple[int, list[Measurement | Heartbeat | wire.Note]]:
        writing_end, reading_end = socket.socketpair()
        with writing_end:
            writer = LinkWriter(writing_end, capacity=10)
            writer.hand([measured(number) for number in range(25)])
            await writer.drain()
            return writer.dropped, await received(reading_end, 10)

    dropped, things = asyncio.run(run())
    assert dropped == 15
    assert things == [measured(number) for number in range(15, 25)]


def test_a_torn_line_is_left_out() -> None:
    """What a dying prober wrote half is skipped, and what its successor writes is read."""

    async def run() -> list[Measurement | Heartbeat | wire.Note]:
        writing_end, reading_end = socket.socketpair()
        with writing_end:
            writing_end.sendall(wire.encode(measured(1))[:20] + b"\n" + wire.encode(measured(2)))
            return await received(reading_end, 1)

    assert asyncio.run(run()) == [measured(2)]


def test_reading_ends_after_stop_and_leaves_the_socket_to_others() -> None:
    """What was sent before the stop is read; then the reader goes, and the next one on the same socket reads on."""

    async def run() -> tuple[list[Measurement | Heartbeat | wire.Note], list[Measurement | Heartbeat | wire.Note]]:
        writing_end, reading_end = socket.socketpair()
        heir = reading_end.dup()
        stop = asyncio.Event()
        stop.set()
        with writing_end, heir:
            writing_end.sendall(wire.encode(measured(1)))
            first = [one async for one in read_link(reading_end, stop)]
            writing_end.sendall(wire.encode(measured(2)))
            return first, await received(heir, 1)

    assert asyncio.run(run()) == ([measured(1)], [measured(2)])


def test_a_torn_heartbeat_is_left_out() -> None:
    """A heartbeat that a dying prober wrote half, glued to its successor's line, ends nobody."""

    async def run() -> list[Measurement | Heartbeat | wire.Note]:
        writing_end, reading_end = socket.socketpair()
        with writing_end:
            writing_end.sendall(
                b'{"heartbeat": {"dropped": 0, "res' + wire.encode(measured(1)) + wire.encode(measured(2))
            )
            return await received(reading_end, 1)

    assert asyncio.run(run()) == [measured(2)]


INSPECTION = Inspection(
    plan=PlanShape(("Aggregate", "  Seq Scan on t")),
    figures=(NodeFigures(1, 8.5, 1, 0), NodeFigures(20, 8.25)),
    generic=True,
    server_seconds=0.0125,
    rows=7,
    hit_ratio=0.99,
    analyzed_at={"t": START, "u": None},
    tables={"t": TableState(rows=7, changed=3, without_statistics=0)},
    settings={"plan_cache_mode": "auto"},
)


@pytest.mark.parametrize(
    "note",
    [
        Inspected(series="q.a", at=START, inspection=INSPECTION),
        Inspected(series="q.b", at=START, inspection=Inspection(plan=PlanShape(()))),
        LedgerEntry(source="db", section=Section.INDEXES, at=START, facts={"index é": "x" * 1_000_000}),
        Snapshot(source="db", at=START, reason="é", sessions=(DatabaseSession(pid=1, blocked_by=(2, 3)),)),
        WorkloadGap(database="db", at=START, reason="no extension"),
        WorkloadBin(
            database="db",
            started_at=START,
            finished_at=START + timedelta(minutes=5),
            statements={StatementText("0a", "SELECT é", False): Usage(3, 0.25, 7)},
            other=Usage(1, 0.5, 0),
        ),
    ],
)
def test_a_note_survives_the_link(note: wire.Note) -> None:
    """Every field comes back, also of a line far longer than any measurement; measurements go on behind it."""

    async def run() -> list[Measurement | Heartbeat | wire.Note]:
        writing_end, reading_end = socket.socketpair()
        with writing_end:
            writer = LinkWriter(writing_end)
            writer.note(note)
            writer.hand([measured(1)])
            things, _ = await asyncio.gather(received(reading_end, 2), writer.drain())
            return things

    assert asyncio.run(run()) == [note, measured(1)]


def test_what_nobody_knows_is_left_out() -> None:
    """An object of another release, or no object that holds anything, ends nobody."""

    async def run() -> list[Measurement | Heartbeat | wire.Note]:
        writing_end, reading_end = socket.socketpair()
        with writing_end:
            for line in (
                b'{"later": [1]}',
                b"{}",
                b'{"heartbeat": 3}',
                b'{"ledger": 3}',
                b'{"ledger": ["a"]}',
                b'{"snapshot": {}}',
                b"3",
            ):
                writing_end.sendall(line + b"\n")
            writing_end.sendall(wire.encode(measured(2)))
            return await received(reading_end, 1)

    assert asyncio.run(run()) == [measured(2)]


async def requested(end: socket.socket, count: int) -> list[Request]:
    """The first so many requests that come over the link."""
    requests: list[Request] = []
    async for one in read_requests(end):
        requests.append(one)
        if len(requests) == count:
            break
    return requests


def test_requests_go_the_other_way_beside_measurements() -> None:
    """Both directions at once over the same pair, each in its order."""

    async def run() -> tuple[list[Measurement | Heartbeat | wire.Note], list[Request]]:
        probing_end, serving_end = socket.socketpair()
        with probing_end:
            writer = LinkWriter(probing_end)
            writer.hand([measured(number) for number in range(2000)])
            for number in range(5):
                ask(serving_end, MoreCalls(f"probe {number} é"))
            things, requests, _ = await asyncio.gather(
                received(serving_end, 2000), requested(probing_end, 5), writer.drain()
            )
            return things, requests

    things, requests = asyncio.run(run())
    assert things == [measured(number) for number in range(2000)]
    assert requests == [MoreCalls(f"probe {number} é") for number in range(5)]


def test_a_service_that_reads_can_ask() -> None:
    """On the very end from which it is just reading measurements."""

    async def run() -> Request:
        probing_end, serving_end = socket.socketpair()
        with probing_end:
            reading = asyncio.create_task(received(serving_end, 1))
            await asyncio.sleep(0)
            probing_end.setblocking(False)
            ask(serving_end, MoreCalls("a"))
            (request,) = await requested(probing_end, 1)
            probing_end.send(wire.encode(measured(1)))
            assert await reading == [measured(1)]
            return request

    assert asyncio.run(run()) == MoreCalls("a")


def test_a_reason_is_one_line() -> None:
    """However many lines it has: it is one request, the series first."""

    async def run() -> list[Request]:
        probing_end, serving_end = socket.socketpair()
        probing_end.setblocking(False)
        with probing_end, serving_end:
            ask(serving_end, TakeSnapshot("q.a", "slow:\n 3 s\r\n"))
            ask(serving_end, HoldBack(60, "phase_3\nallows no users"))
            ask(serving_end, MoreCalls("a"))
            return await requested(probing_end, 3)

    assert asyncio.run(run()) == [
        TakeSnapshot("q.a", "slow: 3 s"),
        HoldBack(60.0, "phase_3 allows no users"),
        MoreCalls("a"),
    ]


@pytest.mark.parametrize("cuts", [(1,), (3,), (7, 9), (10, 12), (2, 3, 4, 5, 6, 7, 8, 9, 10, 11)])
def test_a_request_in_pieces_is_read_whole(cuts: tuple[int, ...]) -> None:
    """However the bytes of two names come over, they are two names."""
    sent = b"calls abc\ncalls defg\n"

    async def run() -> list[Request]:
        probing_end, serving_end = socket.socketpair()
        probing_end.setblocking(False)
        with probing_end, serving_end:
            reading = asyncio.create_task(requested(probing_end, 2))
            for start, end in zip((0, *cuts), (*cuts, None), strict=True):
                serving_end.send(sent[start:end])
                await asyncio.sleep(0.001)
            return await reading

    assert asyncio.run(run()) == [MoreCalls("abc"), MoreCalls("defg")]


def test_a_torn_request_spoils_only_the_one_behind_it() -> None:
    """What a dying service wrote half is glued to the next request, which nobody knows; bytes of no text end nobody."""

    async def run() -> list[Request]:
        probing_end, serving_end = socket.socketpair()
        probing_end.setblocking(False)
        with probing_end, serving_end:
            serving_end.send(b"calls sear" + b"calls search\n" + b"\xff\xfe\nhold long x\n" + b"calls search\n")
            return await requested(probing_end, 2)

    assert asyncio.run(run()) == [MoreCalls("searcalls search"), MoreCalls("search")]


def test_requests_end_with_the_other_end() -> None:
    """Closed, there are no more; what was whole before is read, and half a name is none."""

    async def run() -> list[Request]:
        probing_end, serving_end = socket.socketpair()
        probing_end.setblocking(False)
        with probing_end:
            ask(serving_end, MoreCalls("a"))
            serving_end.send(b"ha")
            serving_end.close()
            return [one async for one in read_requests(probing_end)]

    assert asyncio.run(run()) == [MoreCalls("a")]


@pytest.mark.parametrize("blocking", [True, False])
def test_asking_never_waits(blocking: bool) -> None:
    """With nobody reading, the link fills up and further requests go nowhere; what had room is there whole."""
    probing_end, serving_end = socket.socketpair()
    with probing_end, serving_end:
        serving_end.setblocking(blocking)
        for _ in range(20_000):
            ask(serving_end, MoreCalls("x" * 100))
        probing_end.setblocking(False)
        first = asyncio.run(requested(probing_end, 10))
    assert first == [MoreCalls("x" * 100)] * 10


def test_asking_a_closed_link_is_no_error() -> None:
    """Neither where the prober's end is gone nor where our own is."""
    probing_end, serving_end = socket.socketpair()
    probing_end.close()
    ask(serving_end, MoreCalls("a"))
    serving_end.close()
    ask(serving_end, MoreCalls("a"))
