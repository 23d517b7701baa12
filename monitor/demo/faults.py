"""What can be made to go wrong in the demo, for real, and ended again while the service watches."""

import contextlib
import math
from enum import StrEnum

import asyncpg

from monitor.demo.portal.database import statements
from monitor.demo.portal.misbehaviour import Misbehaviour


class Fault(StrEnum):
    """Something that happens to real systems. A healthy deployment is the absence of every one of them."""

    MISSING_INDEX = "missing-index"
    INVALID_INDEX = "invalid-index"
    GROWN_TABLE = "grown-table"
    MISSING_ANALYZE = "missing-analyze"
    CHANGED_SETTING = "changed-setting"
    SLOW_ENDPOINT = "slow-endpoint"
    FAILING_ENDPOINT = "failing-endpoint"
    FAILING_ENDPOINTS = "failing-endpoints"
    HANGING_ENDPOINT = "hanging-endpoint"
    WRONG_BODY = "wrong-body"
    HELD_LOCK = "held-lock"
    EXHAUSTED_POOL = "exhausted-pool"
    BUSY_HOST = "busy-host"

    @property
    def is_of_database(self) -> bool:
        """Whether the fault is in the database; the others are the portal's own misbehaviour."""
        return self.value not in frozenset(Misbehaviour)

    @property
    def most(self) -> float | None:
        """The largest size it can have (seconds of delay, share of calls); None where there is but one size of it."""
        return {Fault.SLOW_ENDPOINT: math.inf, Fault.FAILING_ENDPOINT: 1.0}.get(self)


async def switch(dsn: str, fault: Fault, on: bool, size: float | None = None) -> None:
    """Puts a fault into the portal whose database `dsn` names, or ends it. Doing so twice changes nothing but its size.

    `size` is in seconds for the slow endpoint and the share of calls for the failing one; without it they are as large
    as usual.

    A fault of the database is there when this returns; a running portal takes up one of its own within
    `misbehaviour.POLL_SECONDS`, and one that starts later starts with it.

    Raises asyncpg.PostgresError, such as UndefinedTableError where there is no demo portal, and ValueError for a size
    that the fault can't have.
    """
    if size is not None and not (fault.most is not None and 0 < size <= fault.most and math.isfinite(size)):
        raise ValueError(f"{fault} can't have the size {size:g}")
    connection = await asyncpg.connect(dsn)
    try:
        if fault.is_of_database:
            for statement in statements(f"faults/{'on' if on else 'off'}/{fault}"):
                # What a build leaves behind that failed on doubles is one of the faults.
                with contextlib.suppress(asyncpg.UniqueViolationError):
                    await connection.execute(statement)
        elif on:
            await connection.execute(
                "INSERT INTO demo_faults (name, size) VALUES ($1, $2)"
                " ON CONFLICT (name) DO UPDATE SET size = excluded.size",
                fault.value,
                size,
            )
        else:
            await connection.execute("DELETE FROM demo_faults WHERE name = $1", fault.value)
    finally:
        await connection.close()
