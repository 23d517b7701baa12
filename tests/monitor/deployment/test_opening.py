"""Opening a deployment: it is held against a baseline that is there, and what must not get lost is counted first."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from baselines import Spacing
from baselines.postgres import PostgresBaselines
from monitor.cli.progress import TerminalProgress
from monitor.configuration import load_configuration
from monitor.deployment.actions import close
from monitor.deployment.deployment import Outcome
from monitor.deployment.opening import Opening
from monitor.deployment.postgres import PostgresDeployments
from monitor.errors import CannotRunError, ConfigurationError
from tests.monitor.cli.commands import NOWHERE, configuration, sql_probes
from tests.monitor.cli.stored import in_store, made, names_in, save
from tests.monitor.demo.deployed_portal import value
from tests.monitor.deployment.driven import MIGRATION
from tests.monitor.deployment.driven import PLAN as WITHOUT_INTEGRITY
from tests.monitor.test_advising import HastyClock
from thresholds.deployment.plan import CapturePlan

PLAN = MIGRATION.model_copy(update={"capture": CapturePlan(sessions=2, samples=5, spacing=Spacing.BURST)})
Act = Callable[[Opening, PostgresDeployments], Awaitable[None]]


def opening(store: str, directory: Path, database: str, act: Act) -> list[str]:
    """Run `act` where the portal has that database; what the person who waits was told."""
    path = configuration(directory, store, **sql_probes(database, a="SELECT 1"))
    configured = load_configuration(path, {})
    said: list[str] = []

    async def run(pool: asyncpg.Pool) -> None:
        one = Opening(configured, pool, HastyClock(), TerminalProgress(), said.append)
        await act(one, PostgresDeployments(pool, "test"))

    in_store(store, run)
    return said


def test_a_deployment_is_opened_on_a_baseline_that_is_captured_for_it(
    store: str, portal_database: str, tmp_path: Path
) -> None:
    """By the plan's own measure; what must not get lost is kept with the answers of before."""
    rows = value(portal_database, "SELECT count(*) FROM portfolio_valuations")

    async def act(one: Opening, deployments: PostgresDeployments) -> None:
        await one.require_free(deployments, "v42")
        assert await one.capture("v42-before", PLAN) == "v42-before"
        opened = await one.open(deployments, "v42", PLAN, "v42-before", "ann")
        assert await deployments.find() == opened
        assert (opened.name, opened.before, opened.opened_by, opened.plan) == ("v42", "v42-before", "ann", PLAN)
        assert opened.integrity["rows of portfolio_valuations"].value == rows
        assert "products without ownership" not in opened.integrity  # nobody may ask for it yet
        with pytest.raises(ConfigurationError, match="the deployment v42 is open"):
            await one.require_free(deployments, "v43")
        await deployments.change(lambda it: close(it, "ann", Outcome.ABANDONED, {}), opened.opened_at)
        with pytest.raises(ConfigurationError, match="there was a deployment v42 already"):
            await one.require_free(deployments, "v42")
        await one.require_free(deployments, "v43")

    said = opening(store, tmp_path, portal_database, act)
    assert "capturing v42-before: about 1 min" in said
    assert names_in(store) == ["v42-before"]

    async def captured(pool: asyncpg.Pool) -> list[int]:
        return [one.sessions for one in await PostgresBaselines(pool).summaries()]

    assert in_store(store, captured) == [2]


def test_a_name_that_is_taken_is_said_before_minutes_are_spent(store: str, tmp_path: Path) -> None:
    """Nothing is asked of the portal."""
    save(store, made("v42-before", 10))

    async def act(one: Opening, _: PostgresDeployments) -> None:
        with pytest.raises(ConfigurationError, match="there is a baseline v42-before already; give it with --before"):
            await one.capture("v42-before", PLAN)

    assert opening(store, tmp_path, NOWHERE, act) == []


def test_where_nothing_can_be_counted_nothing_is_opened(store: str, tmp_path: Path) -> None:
    """A deployment whose losses nobody could see afterwards does not begin."""

    async def act(one: Opening, deployments: PostgresDeployments) -> None:
        with pytest.raises(CannotRunError, match="what must not get lost can't be counted"):
            await one.open(deployments, "v42", PLAN, "pre", "ann")
        assert await deployments.find() is None
        opened = await one.open(deployments, "v42", WITHOUT_INTEGRITY, "pre", "ann")
        assert opened.integrity == {}

    opening(store, tmp_path, NOWHERE, act)


def test_two_who_open_at_once_leave_one_deployment(store: str, portal_database: str, tmp_path: Path) -> None:
    """The other has counted in vain, and is told who was faster."""

    async def act(one: Opening, deployments: PostgresDeployments) -> None:
        opens = (one.open(deployments, name, PLAN, "pre", "ann") for name in ("v42", "v43"))
        done = await asyncio.gather(*opens, return_exceptions=True)
        (refused,) = [each for each in done if isinstance(each, BaseException)]
        assert isinstance(refused, ConfigurationError)
        assert "is open since" in str(refused)

    opening(store, tmp_path, portal_database, act)
