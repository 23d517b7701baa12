"""The book that the portal's own migration keeps of what it did."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from baselines.measurement import Reason
from probes.database.connection import Connection
from probes.database.tokens import masked
from probes.deployment.query import has_table, rows
from probes.deployment.sql import statement
from probes.errors import ProbeFailed

ERROR_CHARACTERS = 200
# PostgreSQL's messages quote values behind a colon, names elsewhere.
_QUOTED_VALUE = re.compile(r': "[^"]*("|$)')


class OperationStatus(StrEnum):
    """The customer's four words."""

    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class LoggedOperation:
    """A row of `migration_log`. `error`: the first line of the message, cut off, with `?` for constants."""

    id: int
    phase: str
    operation: str
    status: OperationStatus
    error: str | None
    seconds: float | None
    rows: int | None
    started_at: datetime
    finished_at: datetime | None


async def read_log(connection: Connection, since: datetime) -> list[LoggedOperation] | None:
    """What began or ended since, in the log's order; None where there is no log: taking phase 1 back drops it.

    Raises ProbeFailed, also where the log is not as the customer's is.
    """
    if not await has_table(connection, "migration_log"):
        return None
    found = await rows(connection, statement("migration_log"), since)
    try:
        return [
            LoggedOperation(**{**row, "status": OperationStatus(row["status"]), "error": _told(row["error"])})
            for row in found
        ]
    except ValueError as error:
        known = ", ".join(OperationStatus)
        raise ProbeFailed(Reason.ASSERTION, f"migration_log has a status that is none of {known}") from error


def _told(message: str | None) -> str | None:
    if not message or not message.strip():
        return None
    first = message.strip().splitlines()[0]  # detail and hint stand below, and may quote a row
    return masked(_QUOTED_VALUE.sub(": ?", first))[:ERROR_CHARACTERS]
