"""The witness in the probing process: evidence is taken when something is wrong, at once, and not too often."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from baselines import Measurement, Outcome, Reason
from baselines.snapshot import Snapshot
from monitor.link import HoldBack, MoreCalls, TakeSnapshot, ask, read_requests
from monitor.probing import hear
from monitor.snapshots import A_DAY, HOST, PAUSE_SECONDS, Allowance, Witness
from probes import ProbeSet
from tests.clocks import START, ManualClock
from tests.probes.database.test_snapshot import another, pile_up, waited_for
from tests.probes.watched import SystemClock, look, watched, with_probes

NOWHERE = {"kind": "postgresql", "url": "postgresql://nobody@127.0.0.1:1/none", "connect_timeout": 0.5}
PORTAL = {"kind": "http", "url": "http://127.0.0.1:1"}
SQL = {"kind": "sql", "category": "q", "query": "SELECT 1"}


def test_one_in_a_minute_of_each_source() -> None:
    """The second within a minute is refused and does not count; another source has an allowance of its own."""
    clock = ManualClock()
    allowance = Allowance(clock)
    assert allowance.grants("a")
    clock.advance(PAUSE_SECONDS - 1)
    assert not allowance.grants("a")
    assert allowance.grants("b")
    clock.advance(1)
    assert allowance.grants("a")


def test_a_hundred_in_a_day() -> None:
    """In a trouble that lasts, no more are taken until the first of them is a day old."""
    clock = ManualClock()
    allowance = Allowance(clock)
    taken = 0
    for _ in range(23 * 60):
        taken += allowance.grants("a")
        clock.advance(60)
    assert taken == A_DAY
    clock.advance(3600)
    assert allowance.grants("a")


def witnessed(
    targets: dict[str, object],
    probes: dict[str, object],
    use: Callable[[ProbeSet, Witness, asyncio.Event], Awaitable[None]],
    count: int,
) -> list[Snapshot]:
    """The first so many snapshots that a witness takes because of what `use` does, which can wait for them."""
    taken: list[Snapshot] = []
    enough = asyncio.Event()

    def tell(one: Snapshot) -> None:
        taken.append(one)
        if len(taken) == count:
            enough.set()

    async def act(probe_set: ProbeSet) -> None:
        witness = Witness(configuration.probes, configuration.targets, probe_set.links, tell, SystemClock())
        watching = asyncio.create_task(witness.keep_watch())
        async with asyncio.timeout(30):
            await use(probe_set, witness, enough)
            await enough.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    configuration = watched(targets, probes)
    asyncio.run(with_probes(configuration, act))
    return taken


def test_a_probe_that_times_out_leaves_evidence(empty_database: str) -> None:
    """Its time-out in a pile-up of locks makes a snapshot that names the culprit, the series and the reason."""

    async def use(probes: ProbeSet, witness: Witness, enough: asyncio.Event) -> None:
        async with another(empty_database) as administrator, another(empty_database) as altering:
            await administrator.execute("CREATE TABLE accounts AS SELECT 7 AS id, 'x' AS owner")
            async with pile_up(empty_database, administrator):
                alter = asyncio.create_task(altering.execute("ALTER TABLE accounts ADD COLUMN note text"))
                await waited_for(administrator, 6)
                measured = await look(probes)
                assert measured.outcome is Outcome.TIMEOUT
                witness.saw([measured])
                await enough.wait()
            await alter

    (taken,) = witnessed(
        {"db": {"kind": "postgresql", "url": empty_database}},
        {"probe": {**SQL, "target": "db", "query": "SELECT * FROM accounts"}},
        use,
        1,
    )
    assert (taken.source, taken.series) == ("db", "q.probe")
    assert taken.reason.startswith("timeout: ")
    assert taken.blockers[0].session.application == "batch"
    assert taken.blockers[0].behind >= 6
    assert taken.processes


@pytest.mark.parametrize(
    ("targets", "target", "sources"),
    [
        ({"db": NOWHERE, "other": NOWHERE}, {**SQL, "target": "db"}, ["db"]),
        ({"db": NOWHERE, "portal": PORTAL}, {"kind": "http", "category": "q", "target": "portal", "path": "/"}, ["db"]),
        (
            {"db": NOWHERE, "other": NOWHERE, "portal": PORTAL},
            {"kind": "http", "category": "q", "target": "portal", "path": "/"},
            ["db", "other"],
        ),
        ({"portal": PORTAL}, {"kind": "http", "category": "q", "target": "portal", "path": "/"}, [HOST]),
    ],
)
def test_a_probe_speaks_for_its_database_or_for_all(
    targets: dict[str, object], target: dict[str, object], sources: list[str]
) -> None:
    """Without a database the host alone is looked at; one that can't be read is a gap, and the host is seen."""

    async def use(_: ProbeSet, witness: Witness, __: asyncio.Event) -> None:
        witness.want("q.unknown", "nobody knows it")
        witness.want("q.probe", "degraded")
        witness.want("q.probe", "a second later")

    taken = witnessed(targets, {"probe": target}, use, len(sources))
    assert sorted(one.source for one in taken) == sources
    assert {one.reason for one in taken} == {"degraded"}
    assert all(one.processes for one in taken)
    assert all(bool(one.gaps) == (one.source != HOST) for one in taken)


def test_what_went_well_or_was_skipped_is_no_reason() -> None:
    """Only a failure makes the witness look; what it says is the outcome with its detail."""
    seen: list[tuple[str, str]] = []

    class Listening(Witness):
        def want(self, series: str, reason: str) -> None:
            seen.append((series, reason))

    async def use(probe_set: ProbeSet) -> None:
        witness = Listening({}, {}, probe_set.links, lambda _: None, ManualClock())
        for outcome, reason, value in (
            (Outcome.OK, None, 0.1),
            (Outcome.SKIPPED, Reason.BUSY, None),
            (Outcome.ERROR, Reason.REFUSED, None),
        ):
            one = Measurement(
                series="q.a", intended_at=START, started_at=START, outcome=outcome, value=value, reason=reason
            )
            witness.saw([one, replace(one, detail="in words")])

    asyncio.run(with_probes(watched({}, {}), use))
    assert seen == [("q.a", "error: refused"), ("q.a", "error: in words")]


def test_what_the_service_asks_is_told_apart() -> None:
    """A series with a reason is for the witness, a probe's name for further calls, however they are mixed."""

    async def use(probes: ProbeSet, witness: Witness, __: asyncio.Event) -> None:
        probing_end, serving_end = socket.socketpair()
        further: asyncio.Queue[str] = asyncio.Queue()
        with probing_end:
            probing_end.setblocking(False)
            ask(serving_end, MoreCalls("probe"))
            ask(serving_end, TakeSnapshot("q.probe", "suspected: slower than its reference"))
            ask(serving_end, HoldBack(60, "phase_3 allows no users"))
            ask(serving_end, MoreCalls("another"))
            serving_end.close()
            await hear(read_requests(probing_end), probes, witness, further)
        (held,) = await probes.run("probe", START)
        assert (held.reason, held.detail) == (Reason.PAUSED, "phase_3 allows no users")
        assert [further.get_nowait() for _ in range(further.qsize())] == ["probe", "another"]

    (taken,) = witnessed({"db": NOWHERE}, {"probe": {**SQL, "target": "db"}}, use, 1)
    assert (taken.series, taken.reason) == ("q.probe", "suspected: slower than its reference")
