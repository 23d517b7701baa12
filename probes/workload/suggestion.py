"""Which probes a portal should have: one for each statement and endpoint that matters, each tried once."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from baselines.clock import Clock
from baselines.measurement import Outcome
from probes.database.connection import Connection
from probes.probe_set import ProbeSet
from probes.registry import load_probe_kinds
from probes.settings import ProbeSettings
from probes.targets import HttpTarget, PostgresTarget
from probes.workload.database import connected, read_workload
from probes.workload.draft import draft_query
from probes.workload.naming import query_name, route_name
from probes.workload.paths import paths_of
from probes.workload.portal import METRICS_PATH, Portal
from probes.workload.routes import Endpoint, Route, Traffic
from probes.workload.sql_text import Nature
from probes.workload.statement import Statement, Workload

_HEALTH = frozenset({"/health", "/healthz", "/ready", "/readyz", "/livez", "/ping"})
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Suggested:
    """A probe by name as a configuration has it; `share` of the time or the requests, None where nobody counts."""

    name: str
    entry: Entry
    share: float | None
    note: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that gets no probe: its text or route, its share, and why."""

    what: str
    share: float | None
    reason: str


Suggestion = Suggested | LeftOut


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A probe that is still to be tried, in one of several ways."""

    what: str
    name: str
    ways: Sequence[tuple[Entry, ProbeSettings]]
    share: float | None
    note: str = ""


class Suggesting:
    """Suggests probes for one configuration, whose names are all different."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._names: set[str] = set()

    async def for_database(
        self, name: str, target: PostgresTarget, *, most: int, cover: float
    ) -> AsyncIterator[Suggestion]:
        """Probes of a database, the statement that takes the most time first, then of its server.

        Statements are looked at until `most` could be probes, and tried until those that work stand for the part
        `cover` (0 to 1) of the time. Raises WorkloadError.
        """
        # Not both at once: our own connection, and that of the probes.
        async with connected(target) as connection:
            workload = await read_workload(connection)
            looked_at: list[_Candidate | LeftOut] = []
            for statement in workload.statements:
                if sum(isinstance(one, _Candidate) for one in looked_at) >= most:
                    break
                share = workload.share(statement.seconds)
                try:
                    calls = workload.calls_per_hour(statement)
                    looked_at.append(await self._query(connection, name, statement, share, calls))
                except ValueError as reason:
                    looked_at.append(LeftOut(statement.text, share, str(reason)))
        covered, seen = 0.0, 0
        # Tried one after the other by hand: the time this takes is not the service's to ration.
        async for suggestion in self._tried(looked_at, name, target.model_copy(update={"share": 1.0})):
            yield suggestion
            seen += 1
            covered += (suggestion.share or 0.0) if isinstance(suggestion, Suggested) else 0.0
            if covered >= cover:
                break
        if rest := workload.statements[seen:]:
            yield _not_needed(workload, rest)
        if "postgresql_server" in load_probe_kinds():
            entry = {"kind": "postgresql_server", "target": name, "category": "database_server"}
            yield Suggested(self._named(f"{name}_server"), entry, None, "the server's own figures")

    async def for_portal(self, name: str, target: HttpTarget) -> AsyncIterator[Suggestion]:
        """Probes of a portal: each endpoint that is read with GET, and its own figures. Raises WorkloadError."""
        portal = Portal(target, self._clock)
        try:
            routes = await portal.routes()
            shares = _shares(routes.traffic)
            looked_at: list[_Candidate | LeftOut] = []
            for endpoint in sorted(routes.endpoints, key=lambda one: -(shares.get(one.route) or 0.0)):
                share = shares.get(endpoint.route)
                try:
                    looked_at.append(await self._endpoint(portal, name, endpoint, share))
                except ValueError as reason:
                    looked_at.append(LeftOut(" ".join(endpoint.route), share, str(reason)))
        finally:
            await portal.close()
        async for suggestion in self._tried(looked_at, name, target):
            yield suggestion
        if routes.traffic is not None and "scrape" in load_probe_kinds():
            yield Suggested(self._named(f"{name}_traffic"), _scrape(name, routes.traffic), None, "what its users meet")

    def for_host(self) -> Suggested:
        """The probe of the machine that the prober runs on."""
        return Suggested(self._named("host"), {"kind": "host", "category": "system_resources"}, None, "this machine")

    async def _query(
        self, connection: Connection, target_name: str, statement: Statement, share: float, calls_per_hour: float | None
    ) -> _Candidate:
        """Raises ValueError with the reason why there can be none."""
        if statement.nature is Nature.WRITE:
            raise ValueError("it writes, or locks what it reads")
        draft = await draft_query(connection, statement)
        entry: Entry = {"kind": "sql", "target": target_name, "category": "database_queries", "query": draft.query}
        if draft.arguments:
            entry["arguments"] = [list(one) for one in draft.arguments]
        if calls_per_hour:
            entry["calls_per_hour"] = float(f"{calls_per_hour:.3g}")
        milliseconds = 1000 * statement.seconds / statement.calls if statement.calls else 0.0
        note = f"{statement.calls} calls of {milliseconds:.3g} ms" + ("" if draft.is_exact else ", matched by its text")
        name = query_name(draft.shape, draft.columns, self._names)
        ways = [(entry, _validated(name, entry))]
        return _Candidate(statement.text, self._named(name), ways, share, note)

    async def _endpoint(self, portal: Portal, target_name: str, endpoint: Endpoint, share: float | None) -> _Candidate:
        """Raises ValueError with the reason why there can be none."""
        if endpoint.route.method != "GET":
            raise ValueError("it changes something; write a probe by hand where that does no harm")
        name = route_name(endpoint.route, self._names)
        category = "reachability" if endpoint.route.template in _HEALTH else "api_endpoints"
        ways = []
        for path in await paths_of(portal, endpoint):
            entry: Entry = {"kind": "http", "target": target_name, "category": category, "path": path}
            ways.append((entry, _validated(name, entry)))
        return _Candidate(" ".join(endpoint.route), self._named(name), ways, share)

    async def _tried(
        self, looked_at: Sequence[_Candidate | LeftOut], target_name: str, target: PostgresTarget | HttpTarget
    ) -> AsyncIterator[Suggestion]:
        """Each candidate run once as the service would; left out with the reason where no way works."""
        probes = {
            f"{one.name}_{number}": settings.model_copy(update={"name": f"{one.name}_{number}"})
            for one in looked_at
            if isinstance(one, _Candidate)
            for number, (_, settings) in enumerate(one.ways)
        }
        async with ProbeSet(probes, {target_name: target}, self._clock) as probe_set:
            for one in looked_at:
                yield one if isinstance(one, LeftOut) else await self._first_that_works(one, probe_set)

    async def _first_that_works(self, candidate: _Candidate, probe_set: ProbeSet) -> Suggestion:
        trouble = ""
        for number, (entry, _) in enumerate(candidate.ways):
            (measurement,) = await probe_set.run(f"{candidate.name}_{number}", self._clock.now())
            if measurement.outcome is Outcome.OK:
                return Suggested(candidate.name, entry, candidate.share, candidate.note)
            trouble = trouble or measurement.detail or str(measurement.reason)
        return LeftOut(candidate.what, candidate.share, f"tried once: {trouble}")

    def _named(self, name: str) -> str:
        self._names.add(name)
        return name


def _validated(name: str, entry: Entry) -> ProbeSettings:
    """Raises ValueError with the first mistake."""
    try:
        return load_probe_kinds()[entry["kind"]].settings.model_validate({**entry, "name": name})
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error


def _not_needed(workload: Workload, statements: Sequence[Statement]) -> LeftOut:
    share = workload.share(sum(one.seconds for one in statements))
    return LeftOut(f"{len(statements)} further statements", share, "the others stand for enough")


def _shares(traffic: Traffic | None) -> Mapping[Route, float]:
    """By route its part of all requests; none where the portal does not count them."""
    whole = sum(one.requests for one in traffic.counts) if traffic else 0.0
    return {one.route: one.requests / whole for one in traffic.counts} if traffic and whole else {}


def _scrape(target_name: str, traffic: Traffic) -> Entry:
    series: Entry = {"requests_per_minute": {"rate": traffic.counter, "per": "1m"}}
    if traffic.status_label is not None:
        failed = f'{traffic.counter}{{{traffic.status_label}=~"5.."}}'
        series["error_rate"] = {"ratio": failed, "of": traffic.counter, "minimum": 20}
    return {"kind": "scrape", "target": target_name, "category": "traffic", "path": METRICS_PATH, "series": series}
