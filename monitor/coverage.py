"""What the configured probes stand for, target by target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from baselines.clock import Clock
from monitor.watched import WatchedDatabase, WatchedPortal, watched_databases, watched_portals
from probes import HttpTarget, PostgresTarget, ProbeSettings
from probes.kinds.http import HttpSettings
from probes.kinds.journey import JourneySettings
from probes.kinds.sql import SqlSettings
from probes.workload.coverage import (
    RequestCoverage,
    SqlIdentity,
    StatementCoverage,
    cover_requests,
    cover_statements,
)
from probes.workload.database import connected, queryid_of, read_workload
from probes.workload.errors import WorkloadError
from probes.workload.portal import Portal
from probes.workload.sql_text import normal_form


@dataclass(frozen=True, slots=True)
class DatabaseAnswer:
    """One database. `troubles` says by probe why the server does not know its statement."""

    name: str
    coverage: StatementCoverage
    troubles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PortalAnswer:
    """One portal. Where it does not count its requests (`is_counted`), each documented route weighs the same."""

    name: str
    coverage: RequestCoverage
    is_counted: bool


@dataclass(slots=True)
class Answers:
    """All targets; `unreadable` says by name why one tells nothing."""

    databases: list[DatabaseAnswer] = field(default_factory=list)
    portals: list[PortalAnswer] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


async def covered(
    targets: Mapping[str, PostgresTarget | HttpTarget], probes: Mapping[str, ProbeSettings], clock: Clock
) -> Answers:
    """Asks every target once."""
    answers = Answers()
    for database in watched_databases(targets):
        try:
            answers.databases.append(await _database(database, probes))
        except WorkloadError as error:
            answers.unreadable[database.name] = str(error)
    for portal in watched_portals(targets):
        try:
            answers.portals.append(await _portal(portal, probes, clock))
        except WorkloadError as error:
            answers.unreadable[portal.name] = str(error)
    return answers


async def _database(database: WatchedDatabase, probes: Mapping[str, ProbeSettings]) -> DatabaseAnswer:
    identities: dict[str, SqlIdentity] = {}
    troubles: dict[str, str] = {}
    async with connected(database.target) as connection:
        workload = await read_workload(connection)
        for name, probe in probes.items():
            if not isinstance(probe, SqlSettings) or probe.target != database.name:
                continue
            queryid = None
            try:
                queryid = await queryid_of(connection, probe.query, probe.arguments[0])
            except (asyncpg.PostgresError, asyncpg.InterfaceError):
                troubles[name] = f"the server refuses its statement; see `portalwatch probe {name} --debug`"
            identities[name] = SqlIdentity(queryid, normal_form(probe.query))
    return DatabaseAnswer(database.name, cover_statements(workload, identities), troubles)


async def _portal(portal: WatchedPortal, probes: Mapping[str, ProbeSettings], clock: Clock) -> PortalAnswer:
    asked = {name: requests for name, one in probes.items() if one.target in portal.names and (requests := _asked(one))}
    reader = Portal(portal.target, clock)
    try:
        routes = await reader.routes()
    finally:
        await reader.close()
    return PortalAnswer(portal.name, cover_requests(routes.counts, asked), routes.traffic is not None)


def _asked(probe: ProbeSettings) -> Sequence[tuple[str, str]]:
    """The methods and paths that a probe asks for."""
    if isinstance(probe, HttpSettings):
        return [(probe.method, probe.path)]
    if isinstance(probe, JourneySettings):
        return [(step.method, step.path) for step in probe.steps]
    return []
