"""What can be made to go wrong in the demo, for real, and ended again while the service watches."""

import contextlib
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
    HANGING_ENDPOINT = "hanging-endpoint"
    WRONG_BODY = "wrong-body"
    HELD_LOCK = "held-lock"
    EXHAUSTED_POOL = "exhausted-pool"
    BUSY_HOST = "busy-host"

    @property
    def is_of_database(self) -> bool:
        """Whether the fault is in the database; the others are the portal's own misbehaviour."""
        return self.value not in frozenset(Misbehaviour)


async def switch(dsn: str, fault: Fault, on: bool) -> None:
    """Puts a fault into the portal whose database `dsn` names, or ends it. Doing so twice changes nothing.

    A fault of the database is there when this returns; a running portal takes up one of its own within
    `misbehaviour.POLL_SECONDS`, and one that starts later starts with it.

    Raises asyncpg.PostgresError, such as UndefinedTableError where there is no demo portal.
    """
    connection = await asyncpg.connect(dsn)
    try:
        if fault.is_of_database:
            for statement in statements(f"faults/{'on' if on else 'off'}/{fault}"):
                # What a build leaves behind that failed on doubles is one of the faults.
                with contextlib.suppress(asyncpg.UniqueViolationError):
                    await connection.execute(statement)
        elif on:
            await connection.execute("INSERT INTO demo_faults (name) VALUES ($1) ON CONFLICT DO NOTHING", fault.value)
        else:
            await connection.execute("DELETE FROM demo_faults WHERE name = $1", fault.value)
    finally:
        await connection.close()
