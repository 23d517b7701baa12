"""Whether a database plans by statistics that still hold."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.database.link import DatabaseLink
from probes.database.sql import statement
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.stopwatch import LoopDelay, Stopwatch

# Autovacuum comes round every minute (autovacuum_naptime); after ten of them it is not coming.
_LONG_AGO = timedelta(minutes=10)
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class StaleTable:
    """A table that has changed by so many rows since it was analyzed (None: it never was)."""

    name: str
    changed_rows: int
    analyzed_at: datetime | None


async def stale_tables(link: DatabaseLink, clock: Clock) -> Sequence[StaleTable]:
    """The tables whose statistics autovacuum itself would call out of date, the most changed first.

    In turn with the probes of that database. Raises ProbeFailed.
    """
    run = ProbeRun(0, secrets.token_hex(16), clock, Stopwatch(clock, LoopDelay(clock)))
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), link.turn():
            rows = await link.rows(statement("stale_statistics"), (_LONG_AGO,), run)
    except TimeoutError as error:
        raise ProbeFailed(Reason.DEADLINE, f"no answer within {_PATIENCE_SECONDS:g} s") from error
    return [StaleTable(row["relation"], row["changed"], row["analyzed_at"]) for row in rows]
