"""What the statements of a watched database took between two readings of pg_stat_statements."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

import asyncpg

from baselines.clock import Clock
from baselines.workload import NOTHING, StatementText, Usage, WorkloadBin, WorkloadGap
from probes.database.asking import Asking
from probes.database.connection import MARKER
from probes.database.link import DatabaseLink
from probes.database.tokens import masked
from probes.errors import ProbeFailed
from probes.probe import Links
from probes.targets import HttpTarget, PostgresTarget
from probes.workload.database import EXTENSION, SHARED_ROLE
from probes.workload.errors import FORBIDDEN, MISSING, NOT_LOADED, TOO_OLD, WorkloadError
from probes.workload.sql_text import Nature, nature, normal_form

logger = logging.getLogger(__name__)

# So many statements of a bin are told apart, those that took most of the time; the rest is one.
MOST_STATEMENTS = 200
LONGEST_TEXT = 2000
# Where an application writes constants into names, statements never end; what is known of them does.
_MOST_KNOWN = 10_000

# Who carried it out, the server's id of it, and since when the server has counted: another count is another entry.
Entry = tuple[int, int, datetime]

_SETTING = f"SELECT ({EXTENSION}) AS schema, ({SHARED_ROLE}) AS is_shared"
# Without the texts, which are in a file of the server. Of PostgreSQL 14 and later. What a function carries out is in
# the function's own time already.
_COUNTERS = """
SELECT userid::bigint, queryid, calls, total_exec_time / 1000 AS seconds, rows, stats_reset
FROM {schema}.pg_stat_statements(false), {schema}.pg_stat_statements_info
WHERE toplevel AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND ($1 OR userid <> current_user::regrole)
"""
_TEXTS = """
SELECT queryid, min(query) AS query FROM {schema}.pg_stat_statements
WHERE queryid = ANY ($1::bigint[]) AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY queryid
"""
# What the server says where it can't count, as far as there is something to do about it.
_TROUBLES = (
    (asyncpg.ObjectNotInPrerequisiteStateError, NOT_LOADED),
    (asyncpg.UndefinedColumnError, TOO_OLD),
    (asyncpg.UndefinedTableError, TOO_OLD),
)


def statement_key(sql: str) -> str:
    """What a statement goes by: sixteen hexadecimal digits made of its normal form."""
    return hashlib.sha256(normal_form(sql).encode()).hexdigest()[:16]


class WorkloadDeltas:
    """The bins of one database. Ours are left out as `read_workload` does, and so are utility statements.

    Texts are asked for once, and only of statements that are among the longest of a bin: those of `CREATE ROLE` and the
    like hold passwords, so what is no reading or writing statement is forgotten at once.
    """

    def __init__(self, database: str, link: DatabaseLink, clock: Clock) -> None:
        self._database = database
        self._asking = Asking(link, clock)
        self._setting: asyncpg.Record | None = None
        self._texts: dict[int, StatementText | None] = {}
        self._last: tuple[datetime, Mapping[Entry, Usage]] | None = None
        self._trouble = ""

    async def read(self, at: datetime) -> WorkloadBin | WorkloadGap | None:
        """What was carried out since the reading before; nothing the first time, and why where it can't be told.

        A bin may be followed by a longer one where a reading failed. Never raises for a target.
        """
        trouble = ""
        try:
            return await self._read(at)
        except WorkloadError as error:
            trouble = str(error)
        except ProbeFailed as failure:
            trouble = next(
                (told for kind, told in _TROUBLES if isinstance(failure.__cause__, kind)), f"the database: {failure}"
            )
        except TimeoutError:
            trouble = "the database was too busy to be asked"
        finally:
            if trouble and trouble != self._trouble:
                logger.warning("the workload of %s is not watched: %s", self._database, trouble)
            self._trouble = trouble
        self._setting = None
        return WorkloadGap(database=self._database, at=at, reason=trouble)

    async def _read(self, at: datetime) -> WorkloadBin | None:
        counters = await self._counters()
        before, self._last = self._last, (at, counters)
        if before is None:
            return None
        started_at, counted = before
        took = _differences(counted, counters)
        longest = set(sorted(took, key=lambda queryid: -took[queryid].seconds)[:MOST_STATEMENTS])
        await self._learn([queryid for queryid in longest if queryid not in self._texts])
        statements: dict[StatementText, Usage] = defaultdict(lambda: NOTHING)
        other = NOTHING
        for queryid, usage in took.items():
            text = self._texts.get(queryid) if queryid in longest else None
            if text is None:
                other += usage
            else:
                statements[text] += usage
        return WorkloadBin(
            database=self._database, started_at=started_at, finished_at=at, statements=dict(statements), other=other
        )

    async def _counters(self) -> dict[Entry, Usage]:
        """Raises WorkloadError, ProbeFailed and TimeoutError."""
        if self._setting is None:
            (self._setting,) = await self._asking.rows(_SETTING)
        schema, is_shared = self._setting["schema"], self._setting["is_shared"]
        if schema is None:
            raise WorkloadError(MISSING)
        rows = await self._asking.rows(_COUNTERS.format(schema=schema), is_shared)
        seen = {(user, queryid, since): Usage(*usage) for user, queryid, *usage, since in rows if queryid is not None}
        if rows and not seen:
            raise WorkloadError(FORBIDDEN)
        return seen

    async def _learn(self, queryids: list[int]) -> None:
        if not queryids or self._setting is None:
            return
        if len(self._texts) > _MOST_KNOWN:
            self._texts.clear()
        for row in await self._asking.rows(_TEXTS.format(schema=self._setting["schema"]), queryids):
            self._texts[row["queryid"]] = _statement(row["query"])


def _statement(query: str | None) -> StatementText | None:
    """None for ours, for what has no plan, and where the server has lost the text."""
    if query is None or query.startswith(MARKER.strip()) or nature(query) is Nature.UTILITY:
        return None
    return StatementText(
        key=statement_key(query), text=masked(query)[:LONGEST_TEXT], writes=nature(query) is Nature.WRITE
    )


def _differences(before: Mapping[Entry, Usage], after: Mapping[Entry, Usage]) -> dict[int, Usage]:
    """By the server's id, what was counted in between. An entry that counts less than it did was evicted and began
    anew, so that all it has is new."""
    took: dict[int, Usage] = defaultdict(lambda: NOTHING)
    for entry, now in after.items():
        was = before.get(entry, NOTHING)
        if now.calls < was.calls or now.seconds < was.seconds or now.rows < was.rows:
            was = NOTHING
        if now.calls > was.calls:
            took[entry[1]] += Usage(now.calls - was.calls, now.seconds - was.seconds, now.rows - was.rows)
    return dict(took)


class WorkloadReader:
    """The bins of all databases of a configuration, over the links that the probes use."""

    def __init__(self, targets: Mapping[str, PostgresTarget | HttpTarget], links: Links, clock: Clock) -> None:
        self._databases = [
            WorkloadDeltas(name, links.to(name, DatabaseLink), clock)
            for name, target in targets.items()
            if isinstance(target, PostgresTarget)
        ]

    async def read(self, at: datetime) -> list[WorkloadBin | WorkloadGap]:
        """What each database tells, one after the other: nothing here is in a hurry."""
        read = [await database.read(at) for database in self._databases]
        return [one for one in read if one is not None]
