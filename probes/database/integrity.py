"""Whether a database keeps its own rules: constraints that were never validated, and triggers that are switched off."""

import asyncpg

from baselines.database_state import DisabledTrigger, Integrity, UnprovedConstraint
from probes.database.asking import Asking
from probes.database.sql import statement
from probes.errors import ProbeFailed

# Bounded twice, in the rows that are looked at and in those that are counted; the target's time-out is the third bound.
# Names come quoted from the server itself.
_ORPHANS = """
SELECT count(*) AS orphans FROM (
    SELECT FROM (SELECT {columns} FROM {relation} LIMIT {rows}) AS child
    WHERE {present} AND NOT EXISTS (SELECT FROM {parent} AS parent WHERE {equal})
    LIMIT {most}
) AS found
"""


async def integrity(asking: Asking, *, rows_at_most: int, orphans_at_most: int) -> Integrity:
    """The state of all constraints and triggers, with the orphans of foreign keys that are NOT VALID.

    Raises ProbeFailed, and TimeoutError where the database is too busy.
    """
    (counted,) = await asking.rows(statement("count_constraints"))
    unproved = [
        await _unproved(asking, row, rows_at_most, orphans_at_most)
        for row in await asking.rows(statement("unproved_constraints"))
    ]
    disabled = [
        DisabledTrigger(table=row["relation"], name=row["name"], constraint=row["constraint"])
        for row in await asking.rows(statement("disabled_triggers"))
    ]
    return Integrity(constraints=counted["constraints"], unproved=unproved, disabled=disabled)


async def _unproved(asking: Asking, row: asyncpg.Record, rows_at_most: int, orphans_at_most: int) -> UnprovedConstraint:
    one = UnprovedConstraint(table=row["relation"], name=row["name"], foreign_key=row["foreign_key"])
    if not one.foreign_key:
        return one
    parts = {name: row[name] for name in ("columns", "relation", "present", "parent", "equal")}
    query = _ORPHANS.format(rows=rows_at_most, most=orphans_at_most, **parts)
    try:
        (found,) = await asking.rows(query)
    except ProbeFailed as failure:
        return UnprovedConstraint(table=one.table, name=one.name, foreign_key=True, why=str(failure))
    except TimeoutError:
        return UnprovedConstraint(table=one.table, name=one.name, foreign_key=True, why="it took too long")
    return UnprovedConstraint(table=one.table, name=one.name, foreign_key=True, orphans=found["orphans"])
