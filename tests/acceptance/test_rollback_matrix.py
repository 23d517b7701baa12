"""Each row of the rollback matrix, reached by a real fault of a real portal on a real database."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from baselines import Spacing
from baselines.capture import WARM_UP_CALLS, CapturePlan
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from monitor.advising import Advised, Advising
from monitor.capturing import Capturing
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration, load_configuration
from monitor.database import store_pool
from monitor.demo import probes as demo_probes
from monitor.demo.faults import Fault, switch
from monitor.demo.portal import SERVICE, SMALL, install
from monitor.demo.portal.misbehaviour import POLL_SECONDS
from monitor.demo.stage import running_portal
from monitor.duel import Duel
from monitor.event_loop import run
from probes import ProbeSet, series_of
from tests.monitor.cli.commands import configuration
from thresholds import Action, Assessment

# One after the other: each calls a portal of its own, and two at once would be in each other's way.
pytestmark = pytest.mark.xdist_group("demo")

PASSWORD = "only for the tests"
SECRET = "a secret of the tests, long enough to sign with"
PLAN = CapturePlan(sessions=5, samples=10, spacing=Spacing.BURST)
# These rows ask what still answers. Five times as slow is allowed, so that the mood of the machine has no say in them.
TOLERANCE_PERCENT = 400.0
SUMMARY = "analytics_portfolio_summary"


@dataclass(slots=True)
class House:
    """A portal that runs until it is stopped, its database, and a configuration that watches both."""

    database: str
    store: str
    configuration: Configuration
    portal: ExitStack

    def advised_after(self, harm: Callable[["House"], Awaitable[None]]) -> Advised:
        """The advice against a baseline of the healthy portal, after something was done to it."""

        async def act() -> Advised:
            settings, clock = self.configuration.settings, SystemClock()
            async with store_pool(self.store) as pool:
                store, ledger = PostgresBaselines(pool), PostgresLedger(pool)
                async with ProbeSet(settings.probes, settings.targets, clock) as probes:
                    capturing = Capturing(self.configuration, probes, ledger, clock, TerminalProgress())
                    before = await capturing.capture("before", PLAN)
                await store.save(before)
                await harm(self)
                comparing = Comparing(
                    figures=Figures.load(self.configuration, series_of(settings.probes)),
                    store=store,
                    ledger=ledger,
                    tolerance_percent=TOLERANCE_PERCENT,
                )
                advising = Advising(self.configuration, comparing, PLAN, clock, TerminalProgress())
                advised = await advising.now(before, name="after")
                assert [one.name for one in await store.summaries()] == ["before"]
                return advised

        return run(act())


def watching(directory: Path, store: str, database: str, url: str) -> Configuration:
    """The demo's probes before the migration, of a portal and its database."""
    login = {"path": "/auth/login", "username": SERVICE, "password": PASSWORD}
    path = configuration(
        directory,
        store,
        targets={
            demo_probes.DATABASE_TARGET: {"kind": "postgresql", "url": database},
            demo_probes.FIGURES_TARGET: {"kind": "http", "url": url},
            demo_probes.API_TARGET: {"kind": "http", "url": url, "login": login},
        },
        probes=demo_probes.probes(migrated=False),
    )
    return load_configuration(path, {})


@pytest.fixture
def portal_database(empty_database: str) -> str:
    """The database of a small portal, not migrated."""
    asyncio.run(install(empty_database, adviser_password=PASSWORD, service_password=PASSWORD, volume=SMALL))
    return empty_database


@pytest.fixture
def house(portal_database: str, store: str, tmp_path: Path) -> Iterator[House]:
    """A healthy portal."""
    with ExitStack() as portal:
        url = portal.enter_context(running_portal(portal_database, SECRET))
        yield House(portal_database, store, watching(tmp_path, store, portal_database, url), portal)


async def nothing(_: House) -> None:
    """A deployment that harms nobody."""


async def stop(house: House) -> None:
    """The portal's process ends; its database lives on."""
    await asyncio.to_thread(house.portal.close)


def faulty(fault: Fault, size: float | None = None) -> Callable[[House], Awaitable[None]]:
    """A fault is put in, and the portal has taken it up."""

    async def harm(house: House) -> None:
        await switch(house.database, fault, True, size)
        await asyncio.sleep(4 * POLL_SECONDS)

    return harm


def test_a_portal_that_is_stopped_is_restored_as_a_whole(house: House) -> None:
    """Tier 3, by senior management, in under 4 h, though its database answers; nothing had to be captured for that."""
    advised = house.advised_after(stop)
    advice = advised.advice
    assert (advice.action, advice.rollback_tier, advice.time_limit_minutes) == (Action.ROLLBACK, 3, 240)
    assert advice.decided_by == "deployment lead and senior management"
    assert (advised.assessment, advised.capture) == (None, None)
    assert len(advice.evidence) == 7
    assert "api_endpoints.client_groups: 4 of 4 calls failed (refused)" in advice.evidence


def test_most_endpoints_failing_rolls_back_application_and_database(house: House) -> None:
    """Tier 2, by the deployment lead, in under 60 minutes, with each endpoint's failures as evidence."""
    advised = house.advised_after(faulty(Fault.FAILING_ENDPOINTS))
    advice = advised.advice
    assert (advice.action, advice.rollback_tier, advice.time_limit_minutes) == (Action.ROLLBACK, 2, 60)
    assert advice.decided_by == "deployment lead"
    assert advice.reason.startswith("5 of 7 series of the core functionality are broken: rollback of database and app")
    assert advice.evidence[0].startswith("5 of 7 series of the core functionality are broken (api_endpoints)")
    assert advice.evidence[1].startswith("api_endpoints.analytics_portfolio_summary fails in ")
    assert advised.capture is not None
    assert {"api_endpoints.client_groups", "database_queries.client_groups_list"} <= set(advised.capture.series)


def test_one_minor_endpoint_failing_goes_on_with_fixes(house: House) -> None:
    """One of seven is under 25 % of the functionality, even where each of its calls fails."""
    advised = house.advised_after(faulty(Fault.FAILING_ENDPOINT, 1.0))
    assert (advised.advice.action, advised.advice.rollback_tier) == (Action.CONTINUE, None)
    assert advised.advice.reason == (
        "continue with fixes: 1 of 7 series of the core functionality are broken (api_endpoints.client_group_products)"
    )
    assert advised.assessment is not None
    assert advised.assessment.has_finding


def test_a_healthy_portal_goes_on(house: House) -> None:
    """Nothing is degraded."""
    advised = house.advised_after(nothing)
    assert (advised.advice.action, advised.advice.reason) == (Action.CONTINUE, "nothing is degraded")
    assert advised.advice.evidence[0] == "12 of 12 compared series are within tolerance or faster"


def beside(database: str) -> str:
    """The DSN of the copy that stands beside that database."""
    return urlunsplit(urlsplit(database)._replace(path=f"{urlsplit(database).path}_new"))


@pytest.fixture
def copied_database(postgres_server: str, portal_database: str) -> Iterator[str]:
    """The new portal's database: a copy of the old one's."""
    name = urlsplit(portal_database).path.strip("/")
    execute(postgres_server, f"CREATE DATABASE {name}_new TEMPLATE {name}")
    yield beside(portal_database)
    execute(postgres_server, f"DROP DATABASE {name}_new WITH (FORCE)")


def execute(dsn: str, statement: str) -> None:
    """Carry out a statement."""

    async def act() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(act())


async def seconds_of(configuration: Configuration, probe: str) -> float:
    """What one warm call takes, as that probe measures it: the median of ten."""
    settings, clock = configuration.settings, SystemClock()
    async with ProbeSet(settings.probes, settings.targets, clock) as probes:
        values = []
        for _ in range(WARM_UP_CALLS + 10):
            (measured,) = await probes.run(probe, clock.now())
            assert measured.value is not None
            values.append(measured.value)
    return statistics.median(values[WARM_UP_CALLS:])


def assessed_beside_itself(
    times: float, delay: float, old_database: str, new_database: str, store: str, directory: Path
) -> Assessment:
    """A duel of two portals that wait for a dependency: by construction a whole call of the new one takes so many times
    what one of the old takes, since what it takes besides waiting was measured.
    """
    with (
        running_portal(old_database, SECRET) as old,
        running_portal(new_database, SECRET) as new,
    ):
        watched = watching(directory, store, old_database, old)

        async def act() -> Assessment:
            await switch(old_database, Fault.SLOW_ENDPOINT, True, delay)
            await asyncio.sleep(4 * POLL_SECONDS)
            whole = await seconds_of(watched, SUMMARY)
            assert whole > delay
            await switch(new_database, Fault.SLOW_ENDPOINT, True, delay + (times - 1) * whole)
            await asyncio.sleep(4 * POLL_SECONDS)
            assessment, _ = await Duel.between(watched, old, new, globs=[SUMMARY]).fight(SystemClock())
            return assessment

        return run(act())


def test_45_percent_slower_rolls_back_the_application(
    portal_database: str, copied_database: str, store: str, tmp_path: Path
) -> None:
    """Tier 1, approved by the deployment lead, in under 15 minutes: over 40 % with a probability of 80 % or more."""
    advice = assessed_beside_itself(1.45, 0.3, portal_database, copied_database, store, tmp_path).advice
    assert (advice.action, advice.rollback_tier, advice.time_limit_minutes) == (Action.ROLLBACK, 1, 15), advice
    assert advice.decided_by == "application administrator, deployment lead approves"
    assert advice.over_40 >= 0.8
    assert "more than 40 % slower" in advice.evidence[0]


def test_30_percent_slower_holds_at_the_gate(
    portal_database: str, copied_database: str, store: str, tmp_path: Path
) -> None:
    """Over 25 % with a probability of 80 % or more, and not over 40 %."""
    advice = assessed_beside_itself(1.30, 0.3, portal_database, copied_database, store, tmp_path).advice
    assert (advice.action, advice.rollback_tier, advice.time_limit_minutes) == (Action.HOLD, None, None), advice
    assert advice.over_25 >= 0.8
    assert advice.over_40 <= 0.2


def test_no_slower_goes_on(portal_database: str, copied_database: str, store: str, tmp_path: Path) -> None:
    """At the standard tolerance, beside a portal that is as fast."""
    advice = assessed_beside_itself(1.0, 0.1, portal_database, copied_database, store, tmp_path).advice
    assert (advice.action, advice.reason) == (Action.CONTINUE, "nothing is degraded"), advice
