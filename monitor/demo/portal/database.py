"""The portal's database: the statements of its SQL files, and a new portal's tables and data."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

ADVISERS = ("adviser1@portal.example", "adviser2@portal.example", "adviser3@portal.example", "adviser4@portal.example")
"""The log-in names of the four advisers, who work at the same time."""

SERVICE = "probe@portal.example"
"""The log-in name of whoever watches the portal; its role says that it is nobody who works there."""

SERVICE_ROLE = "service"


@dataclass(frozen=True, slots=True)
class Volume:
    """How much the portal holds, besides its 130 client groups."""

    products_per_group: int
    valuations_per_portfolio: int

    def __post_init__(self) -> None:
        if self.products_per_group < 1 or self.valuations_per_portfolio < 2:
            raise ValueError("a portal has at least one product a group and two valuations a portfolio")


SMALL = Volume(products_per_group=4, valuations_per_portfolio=12)
LARGE = Volume(products_per_group=80, valuations_per_portfolio=48)
"""10,400 products and 499,200 valuations: enough that a missing index is felt."""


def statements(name: str) -> Iterator[str]:
    """The statements of `sql/<name>.sql` in order, without comment lines.

    A statement ends with the first line that ends in a semicolon, outside of $$ quotes.

    Raises FileNotFoundError where there is no such file.
    """
    text = files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    lines: list[str] = []
    quoted = False
    for line in text.splitlines():
        if not quoted and (not line.strip() or line.lstrip().startswith("--")):
            continue
        lines.append(line)
        quoted ^= line.count("$$") % 2 == 1
        if line.rstrip().endswith(";") and not quoted:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)


def hash_password(password: str, salt: bytes) -> bytes:
    """What `users` keeps of a password: scrypt with the parameters of RFC 7914's interactive log-in."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


async def install(
    dsn: str, *, adviser_password: str, service_password: str | None = None, volume: Volume = LARGE
) -> None:
    """Makes the portal's tables in an empty database and fills them, the same on every run but for the salts.

    Who watches it has a log-in only with a password for it.

    Raises asyncpg.PostgresError, such as DuplicateTableError where a portal is there already.
    """
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements("schema"):
            await connection.execute(statement)
        advisers = {email: f"Adviser {number}" for number, email in enumerate(ADVISERS, start=1)}
        await _add_users(connection, advisers, "adviser", adviser_password)
        await connection.execute(
            "SELECT set_config('demo.products_per_group', $1, false),"
            " set_config('demo.valuations_per_portfolio', $2, false)",
            str(volume.products_per_group),
            str(volume.valuations_per_portfolio),
        )
        for name in ("data", "indexes"):
            for statement in statements(name):
                await connection.execute(statement)
        if service_password is not None:
            await _add_users(connection, {SERVICE: "Monitoring"}, SERVICE_ROLE, service_password)
    finally:
        await connection.close()


async def count_statements(dsn: str) -> None:
    """Where the server can count statements, it does so from here on: filling the tables is no work of the portal's.

    `dsn` is a superuser's: the portal's own role may not install the extension.
    """
    connection = await asyncpg.connect(dsn)
    try:
        if "pg_stat_statements" in await connection.fetchval("SHOW shared_preload_libraries"):
            await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            await connection.execute(
                "SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()"
            )
    finally:
        await connection.close()


async def _add_users(connection: asyncpg.Connection, names: Mapping[str, str], role: str, password: str) -> None:
    """Users by log-in name, with the name that people know them by."""
    salt = secrets.token_bytes(16)
    hashed = hash_password(password, salt)
    await connection.executemany(
        "INSERT INTO users (email, full_name, password_salt, password_hash, role) VALUES ($1, $2, $3, $4, $5)",
        [(email, name, salt, hashed, role) for email, name in names.items()],
    )
