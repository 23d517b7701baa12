"""What the service reads of the portal's database during a deployment: its migration log, and facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.deployment.deployment import Deployment
from monitor.deployment.evaluated import wanted_for
from monitor.deployment.plan_file import database_of
from monitor.errors import ConfigurationError
from monitor.settings import Settings
from probes import ProbeFailed
from probes.database.connected import connected
from probes.database.connection import Connection
from probes.deployment.facts import DatabaseFacts, read_facts
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


async def read_wanted(connection: Connection, wanted: Wanted, since: datetime) -> DatabaseFacts:
    """What is wanted besides the figures that are always read. Raises ProbeFailed where the connection is lost."""
    return await read_facts(
        connection,
        tables=wanted.tables,
        functions=wanted.functions,
        triggers=wanted.triggers,
        questions=wanted.questions,
        since=since,
    )


def known(found: DatabaseFacts) -> Mapping[str, Fact]:
    """Each fact by its name; one that could not be read has its trouble."""
    return {name: Fact(value, trouble) for name, value, trouble in found.entries()}


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
            async with connected(database[1]) as connection:
                if follows:
                    read = Read(logged=await read_log(connection, deployment.opened_at))
                    follows = False
                if wants_facts:
                    wanted = Wanted.union([self._standing, wanted_for(deployment)])
                    read = replace(read, facts=known(await read_wanted(connection, wanted, deployment.opened_at)))
        except (ProbeFailed, ConfigurationError) as failure:
            return replace(read, trouble=str(failure) if follows else "")
        return read
