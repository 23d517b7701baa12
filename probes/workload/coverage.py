"""Which statements and routes of the portal the configured probes stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from probes.workload.routes import Route, RouteCount, route_of
from probes.workload.statement import Statement, Workload


@dataclass(frozen=True, slots=True)
class SqlIdentity:
    """A probe's statement as the server knows it at this moment: by id where it gives one, else by normal form."""

    queryid: int | None
    form: str

    def stands_for(self, statement: Statement) -> bool:
        """Also where the portal writes its values into the text and the probe has parameters: other id, same form."""
        return self.queryid == statement.queryid or self.form == statement.form


@dataclass(frozen=True, slots=True)
class StatementCoverage:
    """By probe the statements it stands for; those of several probes are counted once in `share`."""

    workload: Workload
    by_probe: Mapping[str, Sequence[Statement]]
    uncovered: Sequence[Statement]

    @property
    def share(self) -> float:
        """Part of the portal's execution time, from 0 to 1."""
        left = sum(one.seconds for one in self.uncovered) + self.workload.hidden_seconds
        return 1 - self.workload.share(left) if self.workload.seconds else 0.0

    def share_of(self, probe: str) -> float:
        """Part of the portal's execution time that this probe stands for."""
        return self.workload.share(sum(one.seconds for one in self.by_probe[probe]))


def cover_statements(workload: Workload, probes: Mapping[str, SqlIdentity]) -> StatementCoverage:
    """What these probes stand for, by name."""
    by_probe = {
        name: tuple(one for one in workload.statements if identity.stands_for(one)) for name, identity in probes.items()
    }
    covered = {one.queryid for found in by_probe.values() for one in found}
    return StatementCoverage(workload, by_probe, [one for one in workload.statements if one.queryid not in covered])


@dataclass(frozen=True, slots=True)
class RequestCoverage:
    """By probe the route it stands for; `counts` has every route of the portal, the most requested first."""

    counts: Sequence[RouteCount]
    by_probe: Mapping[str, Sequence[Route]]

    @property
    def uncovered(self) -> list[RouteCount]:
        """The routes no probe stands for."""
        covered = {route for routes in self.by_probe.values() for route in routes}
        return [one for one in self.counts if one.route not in covered]

    @property
    def share(self) -> float:
        """Part of all requests, from 0 to 1."""
        return 1 - self._part(self.uncovered) if self.counts else 0.0

    def share_of(self, routes: Sequence[Route]) -> float:
        """Part of all requests that went to these routes."""
        return self._part([one for one in self.counts if one.route in routes])

    def _part(self, counts: Sequence[RouteCount]) -> float:
        whole = sum(one.requests for one in self.counts)
        return sum(one.requests for one in counts) / whole if whole else 0.0


def cover_requests(counts: Sequence[RouteCount], probes: Mapping[str, Sequence[tuple[str, str]]]) -> RequestCoverage:
    """What these probes stand for: by name the methods and paths they ask for (a query is of no account)."""
    routes = [one.route for one in counts]
    return RequestCoverage(
        counts,
        {
            name: [found for method, path in asked if (found := route_of(method, path, routes)) is not None]
            for name, asked in probes.items()
        },
    )
