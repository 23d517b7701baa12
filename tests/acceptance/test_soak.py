"""Two minutes of every fault in turn: the prober measures each, and ends with what it held after the first rounds."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from baselines import Reason
from tests.acceptance.faulty_server import FaultyServer, faulty_server
from tests.probes.gate import Gate, gate

SOAK_SECONDS = 120.0
# On a busy machine the first round does not always bring as much at once as a later one.
WARM_UP_ROUNDS = 2
# Longer than a probe backs off (8 intervals of a second): all run again.
SETTLING_SECONDS = 10.0
LEAST_SECONDS = 1.5
# Far more than a fault needs to be seen.
PATIENCE_SECONDS = 60.0

WEB, DATABASE, BYSTANDER = "api_endpoints", "database_queries", "reachability"

# Each fault and the reasons by which it may show; the first is the plain one.
WEB_FAULTS: Mapping[str, set[Reason]] = {
    "refused": {Reason.REFUSED},
    "reset mid-body": {Reason.PROTOCOL},
    "slow headers": {Reason.DEADLINE, Reason.READ_TIMEOUT},
    "slow drip": {Reason.DEADLINE, Reason.READ_TIMEOUT},
    "endless": {Reason.BODY_TOO_LARGE},
    "invalid chunking": {Reason.PROTOCOL},
    "garbage": {Reason.PROTOCOL},
    "redirect loop": {Reason.STATUS},
    "401": {Reason.STATUS},
}
DATABASE_FAULTS: Mapping[str, set[Reason]] = {
    "stopped": {Reason.REFUSED},
    "frozen": {Reason.DEADLINE, Reason.CONNECT_TIMEOUT, Reason.STATEMENT_TIMEOUT},
    "locked": {Reason.LOCK_TIMEOUT},
    "terminated": {Reason.CANCELLED},
    "dropped": {Reason.SQL_ERROR},
}

pytestmark = pytest.mark.xdist_group("soak")


class Prober:
    """The process that probes, and what it has measured."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asking = asyncio.Lock()
        self.seen = Counter[str]()

    async def look(self) -> None:
        """Add to `seen` what was measured since."""
        self.seen.update(await self._ask("seen"))

    async def at_rest(self) -> dict[str, int]:
        """What it holds while nothing runs."""
        await asyncio.sleep(SETTLING_SECONDS)
        return await self._ask("rest")

    async def _ask(self, question: str) -> dict[str, int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._asking:
            self._process.stdin.write(f"{question}\n".encode())
            answer: dict[str, int] = json.loads(await self._process.stdout.readline())
        return answer

    async def sees(self, category: str, reasons: set[Reason] | None) -> None:
        """Waits until one of these reasons was measured anew; None: until runs end well."""
        wanted = [f"{category}:{one}" for one in reasons] if reasons else [f"{category}:ok"]
        await self.look()
        before = sum(self.seen[one] for one in wanted)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while sum(self.seen[one] for one in wanted) < before + 3:
            assert time.monotonic() < deadline, f"never measured: {wanted}, but {dict(self.seen)}"
            await asyncio.sleep(0.1)
            await self.look()


def configuration(web: int, good: int, dsn: str) -> dict[str, Any]:
    """Forty probes of the web server that fails, five of the database that does, and one that nothing befalls."""
    beat = {"every": 1.0, "timeout": 0.9}
    page = {"kind": "http", "target": "web", "category": WEB, "path": "/", "max_body": 100_000, **beat}
    rows = {"kind": "sql", "target": "database", "category": DATABASE, "query": "SELECT * FROM soaked", **beat}
    return {
        "targets": {
            "web": {"kind": "http", "url": f"http://127.0.0.1:{web}"},
            "good": {"kind": "http", "url": f"http://127.0.0.1:{good}"},
            "database": {"kind": "postgresql", "url": dsn, "lock_timeout": 0.1, "connect_timeout": 0.3},
        },
        "probes": {
            **{f"page_{number}": page for number in range(40)},
            **{f"rows_{number}": rows for number in range(5)},
            "bystander": {"kind": "http", "target": "good", "category": BYSTANDER, "path": "/", "every": 5},
        },
    }


def web_fault(server: FaultyServer, fault: str) -> AbstractAsyncContextManager[None]:
    """The fault for the length of the block."""

    @asynccontextmanager
    async def lasting() -> AsyncIterator[None]:
        if fault == "refused":
            server.refuse()
        else:
            server.fault = fault
        try:
            yield
        finally:
            server.fault = None
            if fault == "refused":
                await server.listen()

    return lasting()


@asynccontextmanager
async def database_fault(door: Gate, administrator: Any, fault: str) -> AsyncIterator[None]:
    """The fault for the length of the block."""
    match fault:
        case "stopped":
            door.shut()
            yield
            await door.start()
        case "frozen":
            door.open.clear()
            yield
            door.open.set()
        case "locked":
            async with administrator.transaction():
                await administrator.execute("LOCK TABLE soaked")
                yield
        case "terminated":
            ending = asyncio.create_task(terminate(administrator))
            yield
            ending.cancel()
            await asyncio.gather(ending, return_exceptions=True)
        case _:
            await administrator.execute("DROP TABLE soaked")
            yield
            await administrator.execute(TABLE)


TABLE = "CREATE TABLE soaked AS SELECT generate_series(1, 100) AS id"


async def terminate(administrator: Any) -> None:
    """Ends our connections again and again while their statements run: what is idle ends unseen."""
    while True:
        await administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE 'portalwatch%' AND datname = current_database()"
        )
        await asyncio.sleep(0.05)


async def in_turn(
    prober: Prober,
    category: str,
    faults: Mapping[str, set[Reason]],
    lasting: Callable[[str], AbstractAsyncContextManager[None]],
) -> None:
    """Each fault until it was measured, and then until all is well again."""
    for fault, reasons in faults.items():
        async with lasting(fault):
            await asyncio.gather(prober.sees(category, reasons), asyncio.sleep(LEAST_SECONDS))
        await prober.sees(category, None)


@asynccontextmanager
async def probing(path: Path) -> AsyncIterator[Prober]:
    """The process within the block; it must end by itself, and well, once nobody asks any more."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.acceptance.soaked_prober",
        path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Prober(process)
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_two_minutes_of_faults_leave_nothing_behind(empty_database: str, tmp_path: Path) -> None:
    """As many tasks, sockets and descriptors as after the first rounds of faults, and memory within 5 % of it.

    Meanwhile each fault is measured as what it is, each is recovered from, and the probe of another server never fails.
    """

    async def soak() -> None:
        administrator = await asyncpg.connect(empty_database)
        await administrator.execute(TABLE)
        async with faulty_server() as web, faulty_server() as good, gate(empty_database) as door:
            path = tmp_path / "portalwatch.yml"
            path.write_text(yaml.safe_dump(configuration(web.port, good.port, door.dsn)), encoding="utf-8")
            async with probing(path) as prober:
                for _ in range(WARM_UP_ROUNDS):
                    await round_of_faults(prober, web, door, administrator)
                first = await prober.at_rest()
                started = time.monotonic()
                while time.monotonic() - started < SOAK_SECONDS:
                    await round_of_faults(prober, web, door, administrator)
                last = await prober.at_rest()
                of_bystander = {one for one in prober.seen if one.startswith(BYSTANDER)}
        await administrator.close()
        grown = last.pop("bytes") / first.pop("bytes")
        assert last == first
        assert grown <= 1.05
        assert of_bystander == {f"{BYSTANDER}:ok"}

    asyncio.run(soak())


async def round_of_faults(prober: Prober, web: FaultyServer, door: Gate, administrator: Any) -> None:
    """Every fault of both sides once; the two sides fail at the same time."""
    await asyncio.gather(
        in_turn(prober, WEB, WEB_FAULTS, lambda fault: web_fault(web, fault)),
        in_turn(prober, DATABASE, DATABASE_FAULTS, lambda fault: database_fault(door, administrator, fault)),
    )
