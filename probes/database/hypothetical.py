"""The proof that a slower plan is for want of an index: with the index back, by hypopg, the old plan returns.

Nothing is built: hypopg keeps an index that is none in the memory of one session, and only EXPLAIN sees it.
"""

import asyncio
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from baselines.clock import Clock
from baselines.ledger import Change, Section, State
from baselines.plan_node import PlanNode
from baselines.plan_shape import PlanShape
from probes.database.asking import PATIENCE_SECONDS
from probes.database.link import Argument, DatabaseLink
from probes.database.plan import cost_of, shape_of
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.stopwatch import LoopDelay, Stopwatch

_SCHEMA = """
SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
WHERE extname = 'hypopg'
"""
# The comments make each EXPLAIN prepare its statement anew: a generic plan made before would not know the index, and
# one made with it must never be carried out.
_WITHOUT = "/* without the index */ "
_WITH = "/* with the index */ "

_NAME = r'(?:"(?:[^"]|"")*"|[^\s".]+)'
_ITEM = re.compile(rf"index (?:{_NAME}\.)?(?P<name>{_NAME}) on (?P<table>(?:{_NAME}\.)?{_NAME})")


@dataclass(frozen=True, slots=True)
class GoneIndex:
    """An index that was there: its name as EXPLAIN calls it, and the statement that would bring it back."""

    name: str
    statement: str

    @classmethod
    def of(cls, change: Change) -> Self | None:
        """Of an index that is gone or invalid in the change ledger, None where the change is anything else."""
        match = _ITEM.fullmatch(change.item)
        if match is None or change.section is not Section.INDEXES or not change.is_loss:
            return None
        if change.before is None or change.before in tuple(State):
            return None  # it never worked
        definition = change.before.removeprefix("unique ")
        create = "CREATE INDEX" if definition == change.before else "CREATE UNIQUE INDEX"
        return cls(_plain(match["name"]), f"{create} ON {match['table']} USING {definition}")


@dataclass(frozen=True, slots=True)
class IndexProof:
    """What the planner says of a statement without the index and with it; costs in its own unit."""

    index: str
    cost_without: float
    cost_with: float
    old_plan_returns: bool

    @property
    def sentence(self) -> str:
        """For people."""
        costs = f"cost {self.cost_with:,.1f} instead of {self.cost_without:,.1f}"
        if self.old_plan_returns:
            return f"with {self.index} back the old plan returns: {costs}"
        return f"with {self.index} back the old plan does not return: {costs}"


@dataclass(frozen=True, slots=True)
class Unproved:
    """Why there is no proof, for people."""

    reason: str


async def prove(
    link: DatabaseLink,
    query: str,
    arguments: Sequence[Argument],
    index: GoneIndex,
    old_plan: PlanShape,
    clock: Clock,
) -> IndexProof | Unproved:
    """Plans the statement without the index and with it; nothing is carried out or written.

    In turn with the probes of that database, whose connection is opened anew afterwards: with the session goes the
    hypothetical index. A plan has returned where its nodes, tables and indexes are the old ones; its conditions are
    written differently by a generic and a custom plan.
    """
    run = ProbeRun(0, secrets.token_hex(16), clock, Stopwatch(clock, LoopDelay(clock)))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), link.turn():
            try:
                return await _proof(link, query, arguments, index, old_plan, run)
            finally:
                await link.close()
    except ProbeFailed as failure:
        return Unproved(str(failure))
    except TimeoutError:
        return Unproved(f"no answer within {PATIENCE_SECONDS:g} s")


async def _proof(
    link: DatabaseLink,
    query: str,
    arguments: Sequence[Argument],
    index: GoneIndex,
    old_plan: PlanShape,
    run: ProbeRun,
) -> IndexProof | Unproved:
    schema = await link.rows(_SCHEMA, (), run)
    if not schema:
        return Unproved("hypopg is not installed in this database (CREATE EXTENSION hypopg)")
    without = await link.explain(_WITHOUT + query, arguments, "VERBOSE", run)
    create = f"SELECT indexname FROM {schema[0][0]}.hypopg_create_index($1)"
    ((name,),) = await link.rows(create, (index.statement,), run)
    document = await link.explain(_WITH + query, arguments, "VERBOSE", run)
    return IndexProof(
        index=index.name,
        cost_without=cost_of(without),
        cost_with=cost_of(document),
        old_plan_returns=_accesses(shape_of(document), {name: index.name}) == _accesses(old_plan, {}),
    )


def _accesses(plan: PlanShape, names: dict[str, str]) -> list[tuple[Any, ...]]:
    """The nodes without their conditions, an index under its other name."""
    nodes = map(PlanNode.read, plan.nodes)
    return [(one.depth, one.kind, one.relation, one.index and names.get(one.index, one.index)) for one in nodes]


def _plain(name: str) -> str:
    """The name as it is without an identifier's quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
