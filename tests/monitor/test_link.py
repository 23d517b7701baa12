"""The bounded queue between the processes, over a real pair of sockets."""

import asyncio
import socket

import pytest

from baselines import Inspected, Inspection, LedgerEntry, Measurement, Outcome, PlanShape, Reason, Section
from monitor import wire
from monitor.link import Heartbeat, LinkWriter, read_link
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
    assert Heartbeat(dropped=0, restarts=2) in things
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
    generic=True,
    server_seconds=0.0125,
    rows=7,
    hit_ratio=0.99,
    analyzed_at={"t": START, "u": None},
    settings={"plan_cache_mode": "auto"},
)


@pytest.mark.parametrize(
    "note",
    [
        Inspected(series="q.a", at=START, inspection=INSPECTION),
        Inspected(series="q.b", at=START, inspection=Inspection(plan=PlanShape(()))),
        LedgerEntry(source="db", section=Section.INDEXES, at=START, facts={"index é": "x" * 1_000_000}),
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
            for line in (b'{"later": [1]}', b"{}", b'{"heartbeat": 3}', b'{"ledger": 3}', b'{"ledger": ["a"]}', b"3"):
                writing_end.sendall(line + b"\n")
            writing_end.sendall(wire.encode(measured(2)))
            return await received(reading_end, 1)

    assert asyncio.run(run()) == [measured(2)]
