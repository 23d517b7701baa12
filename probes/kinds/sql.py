"""A query as the portal sends it: seconds until its last row has come, over the one connection of its database."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar

from pydantic import Field

from baselines.inspection import Inspection
from baselines.measurement import Reason
from baselines.plan_shape import PlanShape
from probes.database.link import Argument, DatabaseLink
from probes.errors import ProbeFailed
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import ProbeSettings
from probes.targets import PostgresTarget


class SqlSettings(ProbeSettings):
    """`query` has `$1`, `$2` … where `arguments` go, a list of lists that the runs take in turn: one fixed value would
    measure a warm cache. Fewer rows than `minimum_rows` are a failed assertion.
    """

    target_type: ClassVar[type[PostgresTarget]] = PostgresTarget

    query: str = Field(min_length=1)
    arguments: tuple[tuple[Argument, ...], ...] = Field(default=((),), min_length=1)
    minimum_rows: int = Field(default=0, ge=0)


@probe_kind("sql", SqlSettings)
class SqlProbe(Probe):
    """A prepared statement on a dedicated connection: measured, the cheapest and least biased way (+0.3 ms)."""

    def __init__(self, settings: SqlSettings, links: Links) -> None:
        self._settings = settings
        self._database = links.to(settings.target, DatabaseLink)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """One statement at a time over the connection: the wait for it is ours, not the database's."""
        return self._database.turn()

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """One execution with the next arguments."""
        settings = self._settings
        arguments = settings.arguments[run.number % len(settings.arguments)]
        rows = await self._database.fetch(settings.query, arguments, run)
        if rows < settings.minimum_rows:
            raise ProbeFailed(Reason.ASSERTION, f"{rows} rows came back, expected at least {settings.minimum_rows}")
        return [Reading(run.stopwatch.seconds)]

    async def inspect(self, run: ProbeRun) -> Inspection:
        """The plan with the first arguments: always the same ones, because conditions quote them."""
        plan = await self._database.explain(self._settings.query, self._settings.arguments[0], run)
        return Inspection(plan=PlanShape(tuple(_nodes(plan))))


# Of the texts of a node, those that say how rows are found and joined (PostgreSQL 14 to 18, EXPLAIN (FORMAT JSON)).
_CONDITIONS = ("Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter", "One-Time Filter")


def _nodes(plan: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """One text a node, from the top down. Costs, row estimates and widths are left out: they change every day."""
    text = "  " * depth + plan["Node Type"]
    if plan.get("Join Type", "Inner") != "Inner":
        text += f" {plan['Join Type']}"
    if "Relation Name" in plan:
        text += f" on {plan['Relation Name']}"
    if "Index Name" in plan:
        text += f" using {plan['Index Name']}"
    for condition in _CONDITIONS:
        if condition in plan:
            text += f" ({condition}: {plan[condition]})"
    yield text
    for child in plan.get("Plans", ()):
        yield from _nodes(child, depth + 1)
