"""What the service reads of the portal's own database: phases by its migration log, and what its facts tell."""

import asyncio
from pathlib import Path

import asyncpg

from monitor.deployment.actions import close, decide_rollback
from monitor.deployment.deployment import Outcome
from monitor.deployment.event import EventKind
from monitor.deployment.findings import FOLLOWING, PHASE
from monitor.deployment.phase import PhaseStatus
from tests.monitor.cli.commands import NOWHERE
from tests.monitor.demo.deployed_portal import ask, migrate_quietly, roll_back_quietly
from tests.monitor.deployment.accompanied import PLAN, PROBES, Accompanied, accompany
from thresholds import Level

FOLLOWING_PLAN = PLAN.model_copy(
    update={
        "follow": True,
        "phases": {f"phase_{n}": PLAN.phases["few"] for n in range(1, 7)},
        "contacts": PLAN.contacts.model_copy(update={"status": ()}),
    }
)


def database(dsn: str, **settings: object) -> dict[str, object]:
    """The portal's database as a target, and a probe on it."""
    return {
        "targets": {"db": {"kind": "postgresql", "url": dsn, **settings}},
        "probes": {"a": {"kind": "sql", "target": "db", "category": "database_queries", "query": "SELECT 1"}},
    }


def test_a_portal_whose_database_is_away(store: str, tmp_path: Path) -> None:
    """It is told that nothing can be followed, without the password, and the rest of the look goes on."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(FOLLOWING_PLAN)
        await house.begin("phase_1")
        await house.look(service, seconds=3700)
        assert set(service.wrong()) == {FOLLOWING, PHASE}
        assert "geheim" not in str(service.wrong())
        assert service.evaluated.of(await house.now()) is None

    accompany(store, tmp_path, act, **database(NOWHERE, connect_timeout="1 s"))


def test_a_plan_whose_database_the_configuration_has_no_more(store: str, tmp_path: Path) -> None:
    """Said like any other reason for which nothing is followed."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(FOLLOWING_PLAN.model_copy(update={"database": "elsewhere"}))
        await house.look(service)
        assert "there is no database elsewhere" in service.wrong()[FOLLOWING]

    accompany(store, tmp_path, act, **PROBES)


def test_the_portals_own_migration_is_followed(store: str, portal_database: str, tmp_path: Path) -> None:
    """The demo portal's: all phases with their operations, ungated ones told, facts read; then it is rolled back, and
    the log that went with it takes the phases along."""

    async def act(house: Accompanied) -> None:
        services = house.service(), house.service()
        await house.open(FOLLOWING_PLAN)
        await house.look(*services)
        assert services[0].wrong() == {}
        await asyncio.to_thread(migrate_quietly, portal_database)
        await house.look(*services)
        deployment = await house.now()
        assert {one.status for one in deployment.phases.values()} == {PhaseStatus.COMPLETED}
        assert {len(one.operations) for one in deployment.phases.values()} == {1}
        assert {one.attempts for one in deployment.phases.values()} == {1}
        assert all(one.ungated for one in deployment.phases.values())
        assert services[0].wrong()[PHASE] == "phase_6 began although its gate was not open"
        kinds = await house.kinds()
        await house.look(*services, times=5)
        assert await house.kinds() == kinds
        await house.look(services[0])
        read = services[0].evaluated.of(deployment)
        assert read is not None
        assert read.score.score == 100

        await house.do(lambda one, _: decide_rollback(one, "lea", "slow"))
        await asyncio.to_thread(roll_back_quietly, portal_database)
        await house.look(*services)
        assert {one.status for one in (await house.now()).phases.values()} == {PhaseStatus.ROLLED_BACK}
        assert (await house.kinds()).count(EventKind.PHASE_ROLLED_BACK) == 6
        assert FOLLOWING not in services[0].wrong()

    accompany(store, tmp_path, act, **database(portal_database))


def test_a_log_that_is_gone_is_told(store: str, portal_database: str, tmp_path: Path) -> None:
    """Nobody decided to roll back: nothing is forgotten of what it told, until somebody says what was taken back."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(FOLLOWING_PLAN)
        await asyncio.to_thread(migrate_quietly, portal_database)
        await house.look(service)
        await asyncio.to_thread(ask, portal_database, lambda one: one.execute("DROP TABLE migration_log"))
        await house.look(service)
        assert "it is gone, and told of phase_1, phase_2" in service.wrong()[FOLLOWING]
        assert {one.status for one in (await house.now()).phases.values()} == {PhaseStatus.COMPLETED}
        for phase in reversed(FOLLOWING_PLAN.phases):
            await house.end(phase, PhaseStatus.ROLLED_BACK)
        await house.look(service)
        assert FOLLOWING not in service.wrong()

    accompany(store, tmp_path, act, **database(portal_database))


def test_a_failed_operation_is_told_and_what_nobody_can_read_is_not(
    store: str, portal_database: str, tmp_path: Path
) -> None:
    """By the standing alerts, once a minute: before there is a log, nothing is said of it."""

    async def fail(connection: asyncpg.Connection) -> None:
        await connection.execute(
            "INSERT INTO migration_log (phase, operation, status, error_message, started_at, finished_at) VALUES "
            "('phase_2', 'again', 'failed', 'violates check constraint \"x\"', now(), now())"
        )

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(FOLLOWING_PLAN)
        await house.look(service)
        assert "deployment.failed_operations" not in service.said()
        assert service.said()["deployment.active_connections"] is Level.OK
        await asyncio.to_thread(migrate_quietly, portal_database)
        await asyncio.to_thread(ask, portal_database, fail)
        await house.look(service, times=6)
        told = service.wrong()
        assert told["deployment.failed_operations"].endswith("in the last 24 h: 1, must be none")
        assert "deployment.constraint_errors" in told
        await house.do(lambda one, _: close(one, "ann", Outcome.ABANDONED, {}))
        await house.look(service)
        assert service.wrong() == {}

    accompany(store, tmp_path, act, **database(portal_database))
