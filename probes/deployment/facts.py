"""What is there in a watched database, what works on it, and what its migration logged: one reading, not judged."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from probes.database.connection import Connection
from probes.database.functions import denied
from probes.database.sql import statement as statement_of_database
from probes.deployment.query import NoValueError, Value, has_table, one_value, rows, value_of
from probes.deployment.sql import statement
from probes.errors import ProbeFailed

T = TypeVar("T")

# What the names of the portal's performance indexes begin with: those that its migration makes, apart from keys and
# from what was there before.
PERFORMANCE_INDEX = "idx_"
# Autovacuum comes round every minute (autovacuum_naptime); after ten of them it is not coming.
_LONG_AGO = timedelta(minutes=10)
_HIDDEN = "sessions of others can't be seen: grant pg_read_all_stats to the role"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """One reading; None is what could not be read, and `troubles` says why, by field or by name of answer.

    - `active_connections`: sessions of clients in this database with a transaction open, ours not counted
    - `tables`, `functions`, `triggers`: those of the names that were asked for
    - `foreign_keys`, `constraints` (those that check a row), `indexes` and `performance_indexes` (those that are valid)
    - `invalid_indexes`, `stale_tables`: by name; stale are the statistics of a table that changed a lot since it was
      analyzed, or that have nothing of an indexed column
    - `failed_operations`, and `constraint_errors` among them, in the portal's `migration_log`; 0 in a database without
      one (`has_log`), which has logged none
    - `answers` to the questions that were asked, by name
    """

    size_bytes: int | None
    connections: int | None
    active_connections: int | None
    tables: frozenset[str] | None
    functions: frozenset[str] | None
    triggers: frozenset[str] | None
    foreign_keys: int | None
    constraints: int | None
    indexes: int | None
    performance_indexes: int | None
    invalid_indexes: tuple[str, ...] | None
    stale_tables: tuple[str, ...] | None
    has_log: bool | None
    failed_operations: int | None
    constraint_errors: int | None
    answers: Mapping[str, Value]
    troubles: Mapping[str, str]

    def entries(self) -> Iterator[tuple[str, float | str | frozenset[str] | None, str]]:
        """Each figure, set of names and answer with its name and, where it is None, the reason."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in _ENTRIES}
        for name, value in {**self.answers, **fields}.items():
            yield name, float(value) if isinstance(value, int) else value, self.troubles.get(name, "")


_ENTRIES = (
    *("size_bytes", "connections", "active_connections", "tables", "functions", "triggers", "foreign_keys"),
    *("constraints", "indexes", "performance_indexes", "failed_operations", "constraint_errors"),
)


async def read_facts(
    connection: Connection,
    *,
    tables: Collection[str] = (),
    functions: Collection[str] = (),
    triggers: Collection[str] = (),
    questions: Mapping[str, str] | None = None,
    since: datetime | None = None,
    performance_index: str = PERFORMANCE_INDEX,
) -> DatabaseFacts:
    """Reads all of it, one statement after the other, each within the connection's own time-outs.

    `tables`, `functions`, `triggers`: names to look for, `name` in any schema or `schema.name`. `questions`: SQL with
    one answer, by name. `since`: failed operations from then on, all of them without it.

    Raises ProbeFailed where the connection is lost, and for nothing else.
    """
    troubles: dict[str, str] = {}

    async def reading(names: Sequence[str], read: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await read()
        except (ProbeFailed, NoValueError) as error:
            if connection.is_closed():
                raise
            troubles.update(dict.fromkeys(names, str(error)))
            return None

    async def one_row(names: Sequence[str], name: str, *arguments: object) -> Mapping[str, Any]:
        """Nothing where it could not be read."""
        found = await reading(names, lambda: rows(connection, statement(name), *arguments))
        return dict(found[0]) if found else {}

    looked_for = (list(tables), list(functions), list(triggers), performance_index)
    size = await one_row(["size_bytes"], "size")
    sessions = await one_row(_SESSIONS, "sessions")
    if sessions.get("hidden"):
        sessions = {}
        troubles.update(dict.fromkeys(_SESSIONS, _HIDDEN))
    objects = await one_row(_OBJECTS, "objects", *looked_for)
    stale = await reading(["stale_tables"], lambda: _stale(connection))
    log = await reading(_LOG, lambda: _failures(connection, since))
    answers = {}
    for name, sql in (questions or {}).items():
        answers[name] = await reading([name], partial(_answer, connection, sql))
    return DatabaseFacts(
        size_bytes=size.get("bytes"),
        connections=sessions.get("connections"),
        active_connections=sessions.get("active"),
        tables=_names(objects.get("tables")),
        functions=_names(objects.get("functions")),
        triggers=_names(objects.get("triggers")),
        foreign_keys=objects.get("foreign_keys"),
        constraints=objects.get("constraints"),
        indexes=objects.get("indexes"),
        performance_indexes=objects.get("performance_indexes"),
        invalid_indexes=tuple(objects["invalid_indexes"]) if objects else None,
        stale_tables=stale,
        has_log=None if log is None else log[0],
        failed_operations=None if log is None else log[1],
        constraint_errors=None if log is None else log[2],
        answers=answers,
        troubles=troubles,
    )


_SESSIONS = ("connections", "active_connections")
_OBJECTS = (
    *("tables", "functions", "triggers", "foreign_keys", "constraints", "indexes", "performance_indexes"),
    "invalid_indexes",
)
_LOG = ("has_log", "failed_operations", "constraint_errors")


def _names(found: list[str] | None) -> frozenset[str] | None:
    return None if found is None else frozenset(found)


async def _stale(connection: Connection) -> tuple[str, ...]:
    changed = await rows(connection, statement_of_database("stale_statistics"), _LONG_AGO)
    without = await rows(connection, statement("without_statistics"))
    return tuple(dict.fromkeys(row["relation"] for row in (*changed, *without)))


async def _failures(connection: Connection, since: datetime | None) -> tuple[bool, int, int]:
    """Whether there is a log; failed operations in it, and those that a constraint refused."""
    if not await has_table(connection, "migration_log"):
        return False, 0, 0
    (row,) = await rows(connection, statement("failed_operations"), since)
    return True, row["failed"], row["refused"]


async def _answer(connection: Connection, sql: str) -> Value:
    if forbidden := denied(sql):
        raise NoValueError(f"a question may not use {' and '.join(forbidden)}")
    return value_of(await rows(connection, one_value(sql)))
