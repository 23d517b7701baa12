"""The deployment of the demo: the portal's migration, phase by phase, with the faults asked for, and back again."""

import time
from collections.abc import Callable, Iterable
from typing import Literal

import asyncpg

from monitor.demo.faults import Fault, switch
from monitor.demo.portal.database import statements

PHASES = {
    1: "validation and baseline",
    2: "core table creation",
    3: "data migration",
    4: "index optimisation",
    5: "constraints and validation",
    6: "post-migration verification",
}
"""The migration's phases, by number, as the customer names them."""

Progress = Callable[[int, str], None]


async def migrate(dsn: str, *, faults: frozenset[Fault], progress: Progress) -> None:
    """Runs phases 1 to 6 on the portal's database, and puts each fault in at the end of the phase that it breaks.

    `progress` is told the phase and one line of text when it starts and when it is completed. Each phase is kept in
    `migration_log` with its seconds and rows; one that fails is kept there too, and is left for `roll_back`.

    Raises asyncpg.PostgresError where a phase fails.
    """
    for phase in PHASES:
        await carry_out(dsn, phase, "migration", progress)
        for fault in sorted(faults):
            if _phase_broken_by(fault) == phase:
                await switch(dsn, fault, True)


async def roll_back(dsn: str, *, progress: Progress, down_to: int = 1) -> None:
    """Takes phases 6 to `down_to` back, whether or not each was carried out: what is not there is left alone.

    A fault of the database stays unless the phase it broke puts the thing right; `switch` ends it.

    Raises asyncpg.PostgresError where that fails, as it does on a database that was never migrated.
    """
    for phase in range(max(PHASES), down_to - 1, -1):
        await carry_out(dsn, phase, "rollback", progress)


def _phase_broken_by(fault: Fault) -> int:
    """An index gets lost among the others in phase 4; all else shows once the new release is there."""
    return 4 if fault in (Fault.MISSING_INDEX, Fault.INVALID_INDEX) else 6


async def carry_out(dsn: str, phase: int, direction: Literal["migration", "rollback"], progress: Progress) -> None:
    """One phase on the portal's database, there or back, kept in `migration_log`. Raises asyncpg.PostgresError."""
    operation = PHASES[phase]
    progress(phase, f"{operation}: {direction} started")
    connection = await asyncpg.connect(dsn)
    started = time.monotonic()
    try:
        rows = await _run(connection, list(statements(f"{direction}/phase_{phase}")))
    except asyncpg.PostgresError as error:
        await _log(connection, phase, "failed", time.monotonic() - started, None, str(error))
        raise
    else:
        seconds = time.monotonic() - started
        await _log(connection, phase, "completed" if direction == "migration" else "rolled_back", seconds, rows, None)
        progress(phase, f"{operation}: {direction} completed in {seconds:.1f} s, {rows} rows")
    finally:
        await connection.close()


async def _run(connection: asyncpg.Connection, phase: list[str]) -> int:
    """The rows that the statements changed. One transaction, unless a statement can't stand in one."""
    if any(_stands_alone(statement) for statement in phase):
        return await _execute(connection, phase)
    async with connection.transaction():
        return await _execute(connection, phase)


async def _execute(connection: asyncpg.Connection, phase: Iterable[str]) -> int:
    rows = 0
    for statement in phase:
        # The command tag ends in a count for statements that change rows: "INSERT 0 3900", "UPDATE 10400".
        verb, *rest = (await connection.execute(statement)).split()
        if verb in ("INSERT", "UPDATE", "DELETE"):
            rows += int(rest[-1])
    return rows


def _stands_alone(statement: str) -> bool:
    return statement.startswith("VACUUM") or " INDEX CONCURRENTLY " in statement


async def _log(
    connection: asyncpg.Connection, phase: int, status: str, seconds: float, rows: int | None, error: str | None
) -> None:
    # The first phase makes the log, and taking it back drops it; a server that went away takes no entry.
    if connection.is_closed() or await connection.fetchval("SELECT to_regclass('migration_log')") is None:
        return
    await connection.execute(
        "INSERT INTO migration_log"
        " (phase, operation, status, execution_seconds, rows_affected, error_message, started_at, finished_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() - make_interval(secs => $4), clock_timestamp())",
        f"phase_{phase}",
        PHASES[phase],
        status,
        seconds,
        rows,
        error,
    )
