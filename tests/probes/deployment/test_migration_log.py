"""The books of the demo portal's own migration."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import asyncpg
import pytest

from probes.deployment.migration_log import ERROR_CHARACTERS, OperationStatus, read_log
from probes.errors import ProbeFailed
from tests.monitor.demo.deployed_portal import ask, roll_back_quietly
from tests.probes.deployment.watching import watching

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def insert(dsn: str, status: str, error: str | None, hours_ago: int = 0, finished: bool = True) -> None:
    """One more row of the log."""

    async def write(connection: asyncpg.Connection) -> None:
        await connection.execute(
            "INSERT INTO migration_log (phase, operation, status, error_message, started_at, finished_at)"
            " VALUES ('phase_5', 'constraints', $1, $2, now() - $3 * interval '1 h',"
            " CASE WHEN $4 THEN now() - $3 * interval '1 h' END)",
            status,
            error,
            hours_ago,
            finished,
        )

    ask(dsn, write)


def test_a_portal_that_was_never_migrated_has_no_books(portal_database: str) -> None:
    """Which is something else than books without an entry."""
    assert watching(portal_database, lambda connection: read_log(connection, LONG_AGO)) is None


def test_the_log_of_a_whole_migration(portal_database: str, probe_role: str, migrated: str) -> None:
    """Six operations in their order, each with its seconds, rows and times; also for the role that watches."""
    log = watching(probe_role, lambda connection: read_log(connection, LONG_AGO))
    assert log is not None
    assert [(one.phase, one.status) for one in log] == [(f"phase_{n}", OperationStatus.COMPLETED) for n in range(1, 7)]
    assert log[2].operation == "data migration"
    assert log[2].rows == 520 + 5331
    assert all((one.seconds or 0) > 0 and one.error is None for one in log)
    assert all(one.finished_at is not None and one.finished_at > one.started_at for one in log)
    assert migrated == portal_database


def test_what_ended_before_is_left_out(migrated: str) -> None:
    """What began or ended since counts, also where it still runs."""
    insert(migrated, "failed", "deadlock detected", hours_ago=30)
    insert(migrated, "started", None, hours_ago=1, finished=False)
    since = datetime.now(UTC) - timedelta(hours=24)
    log = watching(migrated, lambda connection: read_log(connection, since))
    assert log is not None
    assert [one.status for one in log] == [OperationStatus.COMPLETED] * 6 + [OperationStatus.STARTED]
    assert log[-1].finished_at is None


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ('relation "networth_statements" already exists', 'relation "networth_statements" already exists'),
        (
            'duplicate key value violates unique constraint "users_email_key"\nDETAIL:  Key (email)=(jane@roe.example)',
            'duplicate key value violates unique constraint "users_email_key"',
        ),
        ('invalid input syntax for type integer: "Jane Roe"', "invalid input syntax for type integer: ?"),
        ("there is no owner of 'Jane Roe' with 4711 pounds", "there is no owner of ? with ? pounds"),
        ("x" * 900, "x" * ERROR_CHARACTERS),
        ("  ", None),
    ],
)
def test_an_error_is_told_without_what_it_quotes(migrated: str, message: str, told: str | None) -> None:
    """Its first line, masked and bounded."""
    insert(migrated, "failed", message)
    log = watching(migrated, lambda connection: read_log(connection, LONG_AGO))
    assert log is not None
    assert (log[-1].status, log[-1].error) == (OperationStatus.FAILED, told)


def test_taken_back_to_the_first_phase(migrated: str) -> None:
    """What was taken back stands in the log as rolled back."""
    roll_back_quietly(migrated, down_to=3)
    log = watching(migrated, lambda connection: read_log(connection, LONG_AGO))
    assert log is not None
    assert [one.status for one in log[6:]] == [OperationStatus.ROLLED_BACK] * 4


def test_books_that_are_kept_otherwise_are_a_failure(migrated: str) -> None:
    """A status that nobody knows is told without quoting it."""

    async def change(connection: asyncpg.Connection) -> None:
        await connection.execute("ALTER TABLE migration_log DROP CONSTRAINT migration_log_status_check")
        await connection.execute("UPDATE migration_log SET status = 'Jane' WHERE id = 1")

    ask(migrated, change)
    with pytest.raises(ProbeFailed, match="none of started, completed, failed, rolled_back"):
        watching(migrated, lambda connection: read_log(connection, LONG_AGO))


def test_books_that_may_not_be_read_are_a_failure(migrated: str) -> None:
    """They are there, which is known, and what they say is not."""
    name = f"stranger_{urlsplit(migrated).path[-12:]}"
    ask(migrated, lambda connection: connection.execute(f"CREATE ROLE {name} LOGIN"))
    try:
        with pytest.raises(ProbeFailed, match="permission denied for table migration_log"):
            watching(
                migrated.replace("://portalwatch@", f"://{name}@"), lambda connection: read_log(connection, LONG_AGO)
            )
    finally:
        ask(migrated, lambda connection: connection.execute(f"DROP ROLE {name}"))
