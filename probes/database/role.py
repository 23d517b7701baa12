"""The role that a database is watched as: whether it can do more than read, and whether it can see enough."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from probes.database.connection import MARKER, Connection, backend_of, connect, hang_up
from probes.database.failures import DRIVER_ERRORS, failure_of
from probes.database.sql import statement
from probes.targets import PostgresTarget

# PostgreSQL's own roles that do more than read what is in tables and statistics (PostgreSQL 15 to 18).
POWERFUL_ROLES = (
    "pg_write_all_data",
    "pg_read_server_files",
    "pg_write_server_files",
    "pg_execute_server_program",
    "pg_signal_backend",
    "pg_signal_autovacuum_worker",
    "pg_checkpoint",
    "pg_maintain",
    "pg_create_subscription",
    "pg_use_reserved_connections",
    "pg_database_owner",
)


@dataclass(frozen=True, slots=True)
class Role:
    """What the server says of the role that we are. Lists of tables are cut to the first three.

    `attributes` and `memberships` are those that do more than read. `others` are the names of the applications that
    work under the same role at this moment.
    """

    role: str
    database: str
    superuser: bool
    attributes: tuple[str, ...]
    memberships: tuple[str, ...]
    owned: tuple[str, ...]
    others: tuple[str, ...]
    writable: tuple[str, ...]
    schemas: tuple[str, ...]
    creates_schemas: bool
    sees_others: bool
    has_statements: bool

    def refusals(self) -> Iterator[str]:
        """Why no database should be watched as this role; nothing for one that only reads."""
        if self.superuser:
            yield f"{self.role} is a superuser"
            return  # who may do everything also may do all of the following
        if self.owned:
            yield f"{self.role} is the portal's own role or a member of it: it owns tables ({_listed(self.owned)})"
        if self.others:
            yield f"others work as {self.role} too ({_listed(self.others)}): it is no role of its own"
        if self.attributes:
            yield f"{self.role} has {_listed(self.attributes)}"
        if self.memberships:
            yield f"{self.role} is a member of {_listed(self.memberships)}"
        if self.writable and not self.owned:
            yield f"{self.role} may write to tables ({_listed(self.writable)})"
        if self.schemas:
            yield (
                f"{self.role} may create objects in the schema {_listed(self.schemas)}; "
                f"if everybody may: REVOKE CREATE ON SCHEMA {self.schemas[0]} FROM PUBLIC"
            )
        if self.creates_schemas:
            yield f"{self.role} may create schemas in {self.database}"

    def notes(self) -> Iterator[str]:
        """What can't be measured as this role, or in this database."""
        if not self.sees_others:
            yield (
                f"{self.role} is no member of pg_read_all_stats: sessions and statements of others stay out of sight"
            )
        if not self.has_statements:
            yield f"pg_stat_statements is not installed in {self.database}: nobody knows which statements take its time"


async def role_at(target: PostgresTarget) -> Role:
    """The role that the target's URL leads to. Raises ProbeFailed."""
    async with _connected(target, None) as connection:
        await backend_of(connection)
        (row,) = await connection.fetch(MARKER + statement("role"), POWERFUL_ROLES)
    said: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Role(**said)


async def reach_guard_database(target: PostgresTarget) -> None:
    """Raises ProbeFailed where the guard over long statements would not come in."""
    async with _connected(target, target.guard_database):
        pass


@asynccontextmanager
async def _connected(target: PostgresTarget, database: str | None) -> AsyncIterator[Connection]:
    try:
        connection = await connect(target, database)
        try:
            yield connection
        finally:
            await hang_up(connection)
    except DRIVER_ERRORS as error:
        raise failure_of(error, connection_lost=False) from error


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)
