"""What the service reads of the portal's database during a deployment: its migration log, and facts."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from monitor.deployment.deployment import Deployment
from monitor.deployment.evaluated import wanted_for
from monitor.deployment.plan_file import database_of
from monitor.errors import ConfigurationError
from monitor.settings import Settings
from probes import PostgresTarget, ProbeFailed
from probes.database.connection import Connection, connect, hang_up
from probes.database.failures import DRIVER_ERRORS, failure_of
from probes.deployment.facts import read_facts
from probes.deployment.migration_log import LoggedOperation, read_log
from thresholds.deployment.fact import Fact, Wanted

# The portal's books are read at every look, what else stands in the database once a minute.
_LOOKS_A_READING = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What one look read: rows of the portal's log, None where there is no log, and facts, None where they were not
    due or not to be had. `trouble`: why the log could not be read."""

    logged: Sequence[LoggedOperation] | None = ()
    facts: Mapping[str, Fact] | None = None
    trouble: str = ""


class Reading:
    """One reading after the other; `standing` is wanted besides what the deployment asks for."""

    def __init__(self, settings: Settings, standing: Wanted) -> None:
        self._settings = settings
        self._standing = standing
        self._looks = 0

    async def read(self, deployment: Deployment) -> Read:
        """What is due at this look; what can't be read is told, where it was the log."""
        self._looks += 1
        follows, wants_facts = deployment.plan.follow, self._looks % _LOOKS_A_READING == 1
        read = Read()
        if not (follows or wants_facts):
            return read
        try:
            database = database_of(deployment.plan, self._settings)
            if database is None:
                return read
            async with AsyncExitStack() as stack:
                connection = await _connected(stack, database[1])
                if follows:
                    read = Read(logged=await read_log(connection, deployment.opened_at))
                    follows = False
                if wants_facts:
                    read = replace(read, facts=await self._facts(connection, deployment))
        except (ProbeFailed, ConfigurationError) as failure:
            return replace(read, trouble=str(failure) if follows else "")
        return read

    async def _facts(self, connection: Connection, deployment: Deployment) -> Mapping[str, Fact]:
        """Raises ProbeFailed where the connection is lost."""
        wanted = Wanted.union([self._standing, wanted_for(deployment)])
        found = await read_facts(
            connection,
            tables=wanted.tables,
            functions=wanted.functions,
            triggers=wanted.triggers,
            questions=wanted.questions,
            since=deployment.opened_at,
        )
        return {name: Fact(value, trouble) for name, value, trouble in found.entries()}


async def _connected(stack: AsyncExitStack, target: PostgresTarget) -> Connection:
    """A connection as the probes have it, closed with the stack. Raises ProbeFailed."""
    try:
        connection = await connect(target)
    except DRIVER_ERRORS as error:
        raise failure_of(error, connection_lost=False) from error
    stack.push_async_callback(hang_up, connection)
    return connection
