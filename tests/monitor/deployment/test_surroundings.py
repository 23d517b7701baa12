"""What a gate reads of the portal's own database: open where it is as it must be, and never without having read it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import asyncpg
import pytest

from monitor.clock import SystemClock
from monitor.demo.faults import Fault
from monitor.deployment.deployment import Deployment
from monitor.deployment.event import Event, EventKind
from monitor.deployment.surroundings import Surroundings
from monitor.errors import CannotRunError
from probes import PostgresTarget
from tests.monitor.cli.commands import NOWHERE
from tests.monitor.demo.deployed_portal import ask, migrate_quietly
from tests.monitor.deployment.driven import MIGRATION
from tests.probes.deployment.watching import target
from thresholds.deployment.gate import Condition, GateState
from thresholds.deployment.gate_figures import load_gate_figures
from thresholds.deployment.integrity import IntegrityFigure
from thresholds.deployment.plan import DeploymentPlan

T = TypeVar("T")
OPEN, CLOSED, INCONCLUSIVE = GateState.OPEN, GateState.CLOSED, GateState.INCONCLUSIVE
OF_THE_DATABASE = (
    Condition.INTEGRITY,
    Condition.CHECKLIST,
    Condition.STATISTICS,
    Condition.INDEXES,
    Condition.OPERATIONS,
)


class HastyClock(SystemClock):
    """The real time, in which whoever waits long is woken at once."""

    async def sleep(self, seconds: float) -> None:
        """What is short is waited for: somebody looks again and again meanwhile."""
        await asyncio.sleep(seconds if seconds < 5 else 0)


def reading(dsn: str | None, act: Callable[[Surroundings], Awaitable[T]], **settings: Any) -> T:
    """What `act` reads of that database."""
    database: tuple[str, PostgresTarget] | None = None if dsn is None else ("db", target(dsn, **settings))

    async def run() -> T:
        return await act(Surroundings(database, load_gate_figures(), HastyClock()))

    return asyncio.run(run())


def deployment(
    plan: DeploymentPlan = MIGRATION,
    integrity: dict[str, IntegrityFigure] | None = None,
    completed: Collection[str] = (),
) -> Deployment:
    """Opened an hour ago, by the portal's clock."""
    opened = datetime.now(UTC) - timedelta(hours=1)
    detail = {
        "plan": plan.model_dump(mode="json"),
        "before": "pre-v42",
        "integrity": {name: {"value": one.value, "trouble": one.trouble} for name, one in (integrity or {}).items()},
    }
    events = [Event(number=1, at=opened, kind=EventKind.OPENED, by="ann", phase="", detail=detail)]
    for phase in completed:
        for kind in (EventKind.PHASE_STARTED, EventKind.PHASE_COMPLETED):
            number = len(events) + 1
            events.append(Event(number=number, at=opened, kind=kind, by="ann", phase=phase, detail={}))
    return Deployment.read("v42", "test", events)


def result(dsn: str | None, condition: Condition, of: Deployment, **settings: Any) -> tuple[GateState, tuple[str, ...]]:
    found = reading(dsn, lambda surroundings: surroundings.result(condition, of), **settings)
    assert found.condition is condition
    return found.state, found.reasons


def execute(dsn: str, statements: str) -> None:
    ask(dsn, lambda connection: connection.execute(statements))


@pytest.mark.parametrize("condition", OF_THE_DATABASE)
@pytest.mark.parametrize("dsn", [None, NOWHERE], ids=["none", "away"])
def test_without_its_database_nothing_is_open(dsn: str | None, condition: Condition) -> None:
    """None is configured, or nobody answers: inconclusive with a reason, and no password in it."""
    plan = MIGRATION.model_copy(update={"database": None})
    state, reasons = result(dsn, condition, deployment(plan))
    assert state is not OPEN
    # The checklist has items for a person to sign besides; the others have read nothing at all.
    assert state is INCONCLUSIVE or condition is Condition.CHECKLIST
    assert reasons
    assert "geheim" not in str(reasons)


def test_without_its_database_no_deployment_counts_what_must_not_get_lost() -> None:
    """It is not opened then."""
    with pytest.raises(CannotRunError, match="what must not get lost can't be counted"):
        reading(NOWHERE, lambda surroundings: surroundings.answers(MIGRATION, ()))


def test_what_must_not_get_lost(portal_database: str) -> None:
    """Counted before, held after: as it was, more, fewer; what only a later phase makes true is asked from then on."""
    before = reading(portal_database, lambda surroundings: surroundings.answers(MIGRATION, ()))
    assert len(before) == 10
    assert all(one.trouble == "" for one in before.values())
    assert "products without ownership" not in before

    now = deployment(integrity=before)
    state, reasons = result(portal_database, Condition.INTEGRITY, now)
    assert (state, len(reasons)) == (OPEN, 10)
    execute(portal_database, "DELETE FROM portfolio_valuations WHERE id = (SELECT min(id) FROM portfolio_valuations)")
    state, reasons = result(portal_database, Condition.INTEGRITY, now)
    assert state is CLOSED
    assert [one.partition(":")[0] for one in reasons] == ["rows of portfolio_valuations", "sum of valuations"]

    later = deployment(integrity=before, completed=("pre_migration", "phase_1", "phase_2", "phase_3"))
    state, reasons = result(portal_database, Condition.INTEGRITY, later)
    assert "products without ownership: could not be asked" not in "".join(reasons)
    asked = reading(portal_database, lambda one: one.answers(MIGRATION, later.completed_phases))
    assert "column" in asked["products without ownership"].trouble


@pytest.mark.parametrize(
    ("follow", "rows", "state"),
    [
        (True, [], OPEN),
        (True, ["failed"], CLOSED),
        (True, ["failed", "completed"], OPEN),
        (True, ["completed", "started"], OPEN),
        (False, [], OPEN),
        (False, ["failed"], CLOSED),
        (False, ["failed", "completed"], CLOSED),
    ],
)
def test_operations_that_failed(portal_database: str, follow: bool, rows: list[str], state: GateState) -> None:
    """By what the log says at the gate, though no service has followed it: one that was carried out after it failed
    failed no more, where the plan follows the log; a database without a log has logged none."""
    plan = MIGRATION.model_copy(update={"follow": follow})
    assert result(portal_database, Condition.OPERATIONS, deployment(plan))[0] is OPEN
    migrate_quietly(portal_database)
    for minute, status in enumerate(rows):

        async def write(connection: asyncpg.Connection, status: str = status, minute: int = minute) -> None:
            began = datetime.now(UTC) + timedelta(minutes=minute)
            await connection.execute(
                "INSERT INTO migration_log (phase, operation, status, started_at, finished_at)"
                " VALUES ('phase_5', 'constraints again', $1, $2, $2)",
                status,
                began,
            )

        ask(portal_database, write)
    assert result(portal_database, Condition.OPERATIONS, deployment(plan))[0] is state


def test_operations_of_a_log_that_may_not_be_read(portal_database: str, probe_role: str) -> None:
    """Nothing that failed was seen, which opens nothing."""
    migrate_quietly(portal_database)
    execute(portal_database, "REVOKE ALL ON migration_log FROM portalwatch_probe, pg_read_all_data, PUBLIC")
    execute(portal_database, "REVOKE pg_read_all_data FROM portalwatch_probe")
    for follow in (True, False):
        plan = MIGRATION.model_copy(update={"follow": follow})
        state, reasons = result(probe_role, Condition.OPERATIONS, deployment(plan))
        assert state is INCONCLUSIVE
        assert reasons[0].startswith("the log could not be read")


def test_an_index_that_is_invalid(portal_database: str) -> None:
    """It is named with its remedy."""
    assert result(portal_database, Condition.INDEXES, deployment()) == (OPEN, ("no index is invalid",))
    migrate_quietly(portal_database, Fault.INVALID_INDEX)
    state, reasons = result(portal_database, Condition.INDEXES, deployment())
    assert state is CLOSED
    assert "REINDEX INDEX CONCURRENTLY" in reasons[0]


def test_statistics_that_are_out_of_date(portal_database: str) -> None:
    """Those of a table that was not analyzed after its migration."""
    assert result(portal_database, Condition.STATISTICS, deployment()) == (OPEN, ("statistics are fresh",))
    migrate_quietly(portal_database, Fault.MISSING_ANALYZE)
    told = "portfolio_valuations has changed a lot since it was analysed: ANALYZE portfolio_valuations"
    assert result(portal_database, Condition.STATISTICS, deployment()) == (CLOSED, (told,))


def test_the_checklist(portal_database: str) -> None:
    """A person has to vouch for two of its items; what can be read passes."""
    state, reasons = result(portal_database, Condition.CHECKLIST, deployment())
    assert state is INCONCLUSIVE
    assert len(reasons) == 2
    read = reading(portal_database, lambda one: one.evaluated(deployment()))
    assert read.score.score == 15


def test_whether_what_was_measured_came_out_of_the_cache(portal_database: str) -> None:
    """By the blocks between two readings; where one is missing nothing is said."""

    async def act(surroundings: Surroundings) -> list[GateState]:
        before = await surroundings.cache()
        assert before is not None
        reader = await asyncpg.connect(portal_database)
        try:
            for _ in range(50):
                await reader.fetchval("SELECT count(*) FROM portfolio_valuations")
            await reader.execute("SELECT pg_stat_force_next_flush()")
        finally:
            await reader.close()
        restarted = replace(before, started_at=before.started_at - timedelta(days=1))
        given = (before, None, restarted)
        return [(await surroundings.warmth(one)).state for one in given]

    assert reading(portal_database, act) == [OPEN, INCONCLUSIVE, INCONCLUSIVE]

    async def away(surroundings: Surroundings) -> object:
        return await surroundings.cache()

    assert reading(NOWHERE, away) is None


def test_only_what_is_about_the_database_is_asked_of_it(portal_database: str) -> None:
    """A comparison is none of its conditions."""
    with pytest.raises(ValueError, match="comparison is not about the database"):
        result(portal_database, Condition.COMPARISON, deployment())
