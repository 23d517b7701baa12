"""Advice at this moment, against real web servers: who is there, who is not, and what may be kept of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import pytest

from baselines import Baseline, Spacing
from baselines.capture import CapturePlan
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from monitor.advising import Advised, Advising
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures
from monitor.configuration import load_configuration
from monitor.reachability import LOOKS, PAUSE_SECONDS, nothing_answers
from probes import ProbeSet, series_of
from tests.baselines.made import baseline
from tests.monitor.cli.commands import NOWHERE, configuration
from tests.monitor.cli.stored import in_store, names_in
from tests.probes.web_server import WebServer, web_server
from thresholds import Action

PLAN = CapturePlan(sessions=2, samples=5, spacing=Spacing.BURST)
QUERY = {"kind": "sql", "target": "db", "category": "database_queries", "query": "SELECT 1"}
AWAY = "http://127.0.0.1:1"


def page(path: str, **more: object) -> dict[str, object]:
    """A probe for a path of the web server."""
    return {"kind": "http", "target": "web", "category": "api_endpoints", "path": path, **more}


def known(**milliseconds: float | None) -> Baseline:
    """What was captured before, by probe; None for one whose every call failed. Names that begin with q are queries."""
    samples = {
        f"{'database_queries' if name.startswith('q') else 'api_endpoints'}.{name}": (
            [None] * 20 if value is None else [value / 1000] * 20
        )
        for name, value in milliseconds.items()
    }
    return baseline("pre", [samples] * 5)


class HastyClock(SystemClock):
    """The real time, in which whoever sleeps is woken at once; `slept` is how long everybody wanted to."""

    slept = 0.0

    async def sleep(self, seconds: float) -> None:
        """Time is taken for passed."""
        self.slept += max(0.0, seconds)
        await asyncio.sleep(0)


@dataclass
class Advice:
    """What a test asks for, and where."""

    store: str
    directory: Path
    clock: HastyClock

    def now(
        self,
        before: Baseline,
        probes: Mapping[str, object],
        *,
        web: str | None = None,
        database: str = NOWHERE,
        then: Callable[[Advised, PostgresBaselines], Awaitable[None]] | None = None,
    ) -> tuple[Advised, WebServer]:
        """The advice, with a web server that is at `web`, or one of its own."""

        async def act(pool: asyncpg.Pool) -> tuple[Advised, WebServer]:
            async with web_server() as server:
                path = configuration(
                    self.directory,
                    self.store,
                    targets={
                        "web": {"kind": "http", "url": web or server.url},
                        "db": {"kind": "postgresql", "url": database},
                    },
                    probes=probes,
                )
                configured = load_configuration(path, {})
                store = PostgresBaselines(pool)
                await store.save(before)
                comparing = Comparing(
                    figures=Figures.load(configured, series_of(configured.settings.probes)),
                    store=store,
                    ledger=PostgresLedger(pool),
                    tolerance_percent=400,
                )
                advising = Advising(configured, comparing, PLAN, self.clock, TerminalProgress())
                advised = await advising.now(before, name="post")
                if then is not None:
                    await then(advised, store)
                return advised, server

        return in_store(self.store, act)


@pytest.fixture
def advice(store: str, tmp_path: Path) -> Advice:
    """Advice on an empty store, whose pauses take no time."""
    return Advice(store, tmp_path, HastyClock())


def test_where_nothing_answers_nothing_is_captured(advice: Advice) -> None:
    """Four looks two seconds apart, though the database is there; a sentence for each endpoint says why."""
    probes = {"a": page("/good"), "b": page("/good"), "q": QUERY}
    advised, _ = advice.now(known(a=5, b=5, q=5), probes, web=AWAY, database=advice.store)
    assert advice.clock.slept == (LOOKS - 1) * PAUSE_SECONDS
    assert (advised.advice.action, advised.advice.rollback_tier) == (Action.ROLLBACK, 3)
    assert advised.advice.evidence == (
        "api_endpoints.a: 4 of 4 calls failed (refused)",
        "api_endpoints.b: 4 of 4 calls failed (refused)",
    )
    assert (advised.assessment, advised.capture, names_in(advice.store)) == (None, None, ["pre"])


def test_a_portal_that_only_answers_5xx_is_not_accessible(advice: Advice) -> None:
    """It is there for nobody."""
    advised, _ = advice.now(known(a=5), {"a": page("/broken")})
    assert (advised.advice.rollback_tier, advised.capture) == (3, None)
    assert advised.advice.evidence == ("api_endpoints.a: 4 of 4 calls failed (answered 500)",)


def test_a_portal_that_answers_4xx_is_there(advice: Advice) -> None:
    """It is captured, after one look; that every call of it fails is found in the capture."""
    advised, _ = advice.now(known(a=5), {"a": page("/secured")})
    assert advice.clock.slept < PAUSE_SECONDS
    assert advised.assessment is not None
    assert (advised.advice.rollback_tier, advised.advice.evidence[1][:21]) == (3, "api_endpoints.a fails")


def test_a_log_in_that_is_refused_is_an_answer(advice: Advice, tmp_path: Path) -> None:
    """A wrong password of ours says nothing of the portal, however often it is tried."""

    async def look() -> tuple[str, ...]:
        async with web_server() as server:
            server.logins_refused = True
            login = {"path": "/auth/login", "username": "me", "password": "no"}
            path = configuration(
                tmp_path,
                advice.store,
                targets={"web": {"kind": "http", "url": server.url, "login": login}},
                probes={"a": page("/good"), "b": page("/good")},
            )
            settings = load_configuration(path, {}).settings
            async with ProbeSet(settings.probes, settings.targets, SystemClock()) as probes:
                first = await nothing_answers(probes, probes.names, advice.clock)
                return first + await nothing_answers(probes, probes.names, advice.clock)

    assert asyncio.run(look()) == ()


def test_one_target_that_is_away_is_a_finding_among_others(advice: Advice) -> None:
    """The endpoints answer, so the system is there; that its queries fail is captured, and not refused."""
    advised, _ = advice.now(known(a=5, q=5), {"a": page("/good"), "q": QUERY})
    assert advised.capture is not None
    assert all(samples.failed.all() for samples in advised.capture.samples_of("database_queries.q"))
    assert advised.advice.action is Action.CONTINUE
    assert advised.advice.evidence[0].startswith("database_queries.q fails in ")


def test_without_endpoints_the_queries_are_the_core(advice: Advice) -> None:
    """Then a database that is away is a system that is."""
    advised, _ = advice.now(known(q=5), {"a": page("/good"), "q": QUERY})
    assert (advised.advice.rollback_tier, advised.capture) == (3, None)


def test_what_failed_before_the_deployment_is_no_ground_to_roll_back(advice: Advice) -> None:
    """No rollback brings it back; the endpoint that is there is looked at alone."""
    advised, _ = advice.now(known(a=5, b=None), {"a": page("/good"), "b": page("/broken")})
    assert advised.advice.action is not Action.ROLLBACK
    advised, _ = Advice(advice.store, advice.directory, advice.clock).now(
        replace(known(b=None), name="older"), {"b": page("/broken")}
    )
    assert advised.advice.action is not Action.ROLLBACK
    assert advised.capture is not None


def test_nothing_is_stored_until_somebody_asks(advice: Advice) -> None:
    """Then the capture is, and the sessions that the suspicion asked for as what extends it; none becomes active."""

    async def keep(advised: Advised, store: PostgresBaselines) -> None:
        assert [one.name for one in await store.summaries()] == ["pre"]
        await advised.save(store)
        assert await store.active("test") == "pre"
        loaded = await store.load("post")
        assert advised.capture is not None
        assert len(loaded.sessions) == len(advised.capture.sessions) > PLAN.sessions

    probes = {"a": page("/good"), "b": page("/secured")}
    advised, _ = advice.now(known(a=5, b=5), probes, then=keep)
    assert names_in(advice.store)[:3] == ["pre", "post", "post+1"]
    assert len(advised.captures) > 1
