"""A query as the portal sends it: seconds until its last row has come, or the number that it returns."""

import asyncio
import logging
import math
import random
from collections.abc import Sequence, Set
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self

import asyncpg
from pydantic import Field, model_validator

from baselines.inspection import Inspection, TableState
from baselines.measurement import Reason
from baselines.series import Direction, Series, Unit
from probes.database.connection import MARKER
from probes.database.functions import Query
from probes.database.link import Argument, DatabaseLink
from probes.database.plan import Execution, figures_of, relations_of, shape_of
from probes.errors import ProbeFailed
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import ProbeSettings
from probes.targets import PostgresTarget

logger = logging.getLogger(__name__)

_PLANS_SO_FAR = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1"
# Columns that should have statistics and have none. pg_stats shows those of columns that our role may read, and none
# where row security keeps rows from it.
_TABLES = """
SELECT schemaname || '.' || relname AS relation, greatest(last_analyze, last_autoanalyze) AS analyzed_at,
       n_live_tup AS rows, n_mod_since_analyze AS changed,
       (SELECT count(*) FROM pg_attribute AS a
        WHERE a.attrelid = t.relid AND a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget IS DISTINCT FROM 0
          AND a.attgenerated <> 'v' AND NOT row_security_active(t.relid)
          AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
          AND NOT EXISTS (SELECT FROM pg_stats AS s
                          WHERE (s.schemaname, s.tablename, s.attname) = (t.schemaname, t.relname, a.attname))
       ) AS without_statistics
FROM pg_stat_user_tables AS t
WHERE (schemaname, relname) IN (SELECT * FROM unnest($1::text[], $2::text[]))
"""


class SqlSettings(ProbeSettings):
    """`query` has `$1`, `$2` … where `arguments` go, a list of lists that the runs take in turn: one fixed value would
    measure a warm cache. Fewer rows than `minimum_rows` or more than `maximum_rows` are a failed assertion.

    `measure: value` makes the series of the number in the first column of the only row, in `unit`, and `direction` says
    whether more of it is worse (ceiling) or less (floor). NULL says that there is too little to tell it from.
    """

    target_type: ClassVar[type[PostgresTarget]] = PostgresTarget
    acts_as_user: ClassVar[bool] = True

    query: Query
    arguments: tuple[tuple[Argument, ...], ...] = Field(default=((),), min_length=1)
    minimum_rows: int = Field(default=0, ge=0)
    maximum_rows: int | None = Field(default=None, ge=0)
    measure: Literal["time", "value"] = "time"
    unit: Unit | None = None
    direction: Direction = Direction.CEILING

    @model_validator(mode="after")
    def _fits_what_is_measured(self) -> Self:
        if self.measure == "time" and (self.unit is not None or self.direction is not Direction.CEILING):
            raise ValueError("a time is in seconds, and more is worse; unit and direction go with measure: value")
        if self.measure == "value" and (self.minimum_rows or self.maximum_rows is not None):
            raise ValueError("a value comes in exactly one row; minimum_rows and maximum_rows go with measure: time")
        return self

    def series(self) -> tuple[Series, ...]:
        """One, under the probe's own name."""
        unit = Unit.SECONDS if self.measure == "time" else self.unit or Unit.COUNT
        return (self.series_named(Series(f"{self.category}.{self.name}", unit, self.direction)),)


@probe_kind("sql", SqlSettings)
class SqlProbe(Probe):
    """A prepared statement on a dedicated connection: measured, the cheapest and least biased way (+0.3 ms)."""

    def __init__(self, settings: SqlSettings, links: Links) -> None:
        self._settings = settings
        self._database = links.to(settings.target, DatabaseLink)
        # The same order at every start, and not that of the file, which is often the tables' own.
        self._order = random.Random(settings.name).sample(range(len(settings.arguments)), len(settings.arguments))

    def turn(self) -> asyncio.Lock:
        """One statement at a time over the connection: the wait for it is ours, not the database's."""
        return self._database.turn()

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """One execution with the next arguments."""
        settings = self._settings
        position = self._order[run.number % len(self._order)]
        arguments = settings.arguments[position]
        if arguments:
            run.details["arguments"] = f"{position + 1} of {len(self._order)}: {_redacted(arguments)}"
        rows = await self._database.rows(settings.query, arguments, run)
        run.details["rows"] = str(len(rows))
        if settings.measure == "value":
            return [Reading(_value(rows, run))]
        if settings.minimum_rows:
            run.require(len(rows) >= settings.minimum_rows, f"at least {settings.minimum_rows} rows", f"{len(rows)}")
        if settings.maximum_rows is not None:
            run.require(len(rows) <= settings.maximum_rows, f"at most {settings.maximum_rows} rows", f"{len(rows)}")
        return [Reading(run.stopwatch.seconds)]

    async def inspect(self, run: ProbeRun) -> Inspection:
        """The plan with the first arguments, always the same ones, and how one execution with them went.

        Where the execution fails, or must not be, the plan comes without its figures.
        """
        query, arguments = self._settings.query, self._settings.arguments[0]
        before = await self._plans_so_far(run)
        document = await self._database.explain(query, arguments, "VERBOSE, SETTINGS", run)
        after = await self._plans_so_far(run)
        plan, carried_out = shape_of(document), await self._carried_out(run)
        execution = Execution.of(carried_out) if carried_out else None
        tables = await self._tables(relations_of(document), run)
        return Inspection(
            plan=plan,
            # The execution may have been of another plan: the server chooses between two each time.
            figures=figures_of(carried_out if carried_out and shape_of(carried_out) == plan else document),
            generic=after[0] > before[0] if after != before else None,
            server_seconds=execution.seconds if execution else None,
            rows=execution.rows if execution else None,
            hit_ratio=execution.hit_ratio if execution else None,
            analyzed_at={one["relation"]: one["analyzed_at"] for one in tables},
            tables={
                one["relation"]: TableState(
                    rows=one["rows"], changed=one["changed"], without_statistics=one["without_statistics"]
                )
                for one in tables
            },
            settings=document.get("Settings", {}),
        )

    async def _plans_so_far(self, run: ProbeRun) -> tuple[int, int]:
        """How often the server took a generic and a custom plan for the prepared statement."""
        rows = await self._database.rows(_PLANS_SO_FAR, [MARKER + self._settings.query], run)
        return (rows[-1][0], rows[-1][1]) if rows else (0, 0)

    async def _carried_out(self, run: ProbeRun) -> dict[str, Any] | None:
        """One execution watched by the server itself; what would write is refused by the read-only connection."""
        options = "VERBOSE, ANALYZE, BUFFERS, TIMING OFF"
        try:
            return await self._database.explain(self._settings.query, self._settings.arguments[0], options, run)
        except ProbeFailed as failure:
            logger.info("probe %s: a plan without the figures of an execution: %s", self._settings.name, failure)
            return None

    async def _tables(self, relations: Set[tuple[str, str]], run: ProbeRun) -> Sequence[asyncpg.Record]:
        """The state of each of these tables, by `relation`."""
        schemas, names = zip(*relations, strict=True) if relations else ((), ())
        return await self._database.rows(_TABLES, [schemas, names], run)


def _redacted(arguments: Sequence[Argument]) -> str:
    """The arguments by position and type: who reads along must not learn whom the query is about."""
    return ", ".join(f"${place} {type(one).__name__}" for place, one in enumerate(arguments, 1))


def _value(rows: Sequence[asyncpg.Record], run: ProbeRun) -> float:
    """The number in the first column of the only row; NULL is too little, and anything else a failed assertion."""
    run.require(len(rows) == 1, "one row", f"{len(rows)}")
    run.require(len(rows[0]) > 0, "a number", "no column")
    found: Any = rows[0][0]
    if found is None:
        raise ProbeFailed(Reason.TOO_LITTLE, "the query's answer is NULL")
    is_number = isinstance(found, int | float | Decimal) and not isinstance(found, bool)
    run.require(is_number, "a number", type(found).__name__)
    value = float(found)
    run.require(math.isfinite(value) and value >= 0, "a finite number, 0 or more", f"{value:g}")
    return value
