"""How much of what a database reads it finds in its cache, between two readings."""

from dataclasses import dataclass
from datetime import datetime

from probes.database.connection import Connection
from probes.deployment.query import rows
from probes.deployment.sql import statement


@dataclass(frozen=True, slots=True)
class BlockCounts:
    """Blocks since the counters began, found in PostgreSQL's cache and not. `reset_at` and `started_at` tell whether
    they began anew."""

    hits: int
    reads: int
    reset_at: datetime | None
    started_at: datetime


async def read_blocks(connection: Connection) -> BlockCounts:
    """The counters of the connection's database. Raises ProbeFailed.

    What the sessions of others did lately is not in them yet: a session hands its counts in when a transaction ends,
    once a second at most, and what is left over ten seconds after it fell idle; under contention after a minute
    (PostgreSQL 15 to 18, pgstat.c). Only its own can a session hand in at once, by pg_stat_force_next_flush(). So take
    readings minutes apart, and the later one some ten seconds after the work that it is about.
    """
    (row,) = await rows(connection, statement("blocks"))
    return BlockCounts(row["hits"], row["reads"], row["stats_reset"], row["started_at"])


def hit_ratio(before: BlockCounts, after: BlockCounts) -> float | None:
    """The share, 0 to 1, of blocks between two readings that were found in the cache.

    None where nothing was read, and where the counters began anew in between: a reset, a crash or another server.
    """
    began_anew = (before.reset_at, before.started_at) != (after.reset_at, after.started_at)
    hits, reads = after.hits - before.hits, after.reads - before.reads
    if began_anew or hits < 0 or reads < 0 or hits + reads == 0:
        return None
    return hits / (hits + reads)
