"""Questions to a watched database besides its probes: over its one connection, in turn with them, never for long."""

import asyncio
import secrets
from collections.abc import Sequence

import asyncpg

from baselines.clock import Clock
from probes.database.link import DatabaseLink
from probes.probe import ProbeRun
from probes.stopwatch import LoopDelay, Stopwatch

# For the turn and the statement together; a database that is busier than this is asked the next time.
PATIENCE_SECONDS = 10.0


class Asking:
    """Asks over a link that probes use too."""

    def __init__(self, link: DatabaseLink, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._loop_delay = LoopDelay(clock)

    async def rows(self, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """The rows of the query. Raises ProbeFailed, and TimeoutError where ten seconds are not enough."""
        run = ProbeRun(0, secrets.token_hex(16), self._clock, Stopwatch(self._clock, self._loop_delay))
        async with asyncio.timeout(PATIENCE_SECONDS), self._link.turn():
            return await self._link.rows(query, arguments, run)
