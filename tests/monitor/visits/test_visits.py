"""From a request to the page: vitals in a real store, added up, exported, found poor and forgotten."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI

from baselines import SeriesRegistry
from baselines.vital import Visited, Vital
from monitor.access import AccessTokens
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.database import store_pool
from monitor.exporter import Exporter
from monitor.ingest.intake import Intake
from monitor.settings import IngestSettings, Settings
from monitor.visits.beacon import Visit
from monitor.visits.postgres import Arrived, PostgresVisits
from monitor.visits.watch import Visits
from monitor.web.rights import Gate
from monitor.web.visit_routes import collector_script, visit_routes
from monitor.yaml_file import YamlFile
from tests.alerts.house import ManualClock
from tests.monitor.visits.test_beacon import CHROME
from thresholds import Finding, Level

PORTAL = "https://portal.example"
PATH = "/api/performance/baseline"
SLOW = {
    "timestamp": "2026-03-02T14:00:00Z",
    "userAgent": CHROME,
    "url": f"{PORTAL}/clients/5",
    "metrics": {"LCP": 5200, "CLS": 0.02, "FID": 9, "FCP": 900, "TTFB": 120},
}


@dataclass
class Door:
    """What a test asks and moves; `told` are the findings, each round's in a list."""

    client: httpx.AsyncClient
    clock: ManualClock
    exporter: Exporter
    visits: Visits
    store: PostgresVisits
    told: list[Sequence[Finding]] = field(default_factory=list)

    async def send(self, body: object) -> int:
        """What a page of the portal sends; the status of the answer."""
        return (await self.client.post(PATH, json=body, headers={"Origin": PORTAL})).status_code

    def metric(self, name: str, **labels: str) -> float | None:
        """As it is exported."""
        return self.exporter.registry.get_sample_value(f"portalwatch_web_vital_{name}", labels)


def at_the_door(store: str, act: Callable[[Door], Awaitable[None]]) -> None:
    """Run `act` against the routes on a store."""
    configuration = Configuration(Settings(), None, YamlFile(Path(), {}))

    async def run() -> None:
        clock, exporter = ManualClock(), Exporter(SeriesRegistry([]), version="0")
        figures = Figures.load(configuration, SeriesRegistry([]))
        told: list[Sequence[Finding]] = []

        async def tell(findings: Sequence[Finding]) -> None:
            told.append(findings)

        async with store_pool(store) as pool:
            tokens, app, kept = AccessTokens(pool), FastAPI(), PostgresVisits(pool, "test")
            visits = Visits(kept, figures, exporter, tell, timedelta(days=400), clock)
            intake = Intake(IngestSettings(origins=(PORTAL,), per_client=1e4), tokens, exporter, clock)
            app.include_router(visit_routes(visits, intake, Gate(tokens, clock, operators_need_token=True)))
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                await act(Door(client, clock, exporter, visits, kept, told))

    asyncio.run(run())


def test_a_poor_route_is_exported_and_told_once_it_has_visits_enough(store: str) -> None:
    """49 visits are too few, the 50th makes a finding; an hour without visits takes it back."""

    async def act(door: Door) -> None:
        for _ in range(49):
            assert await door.send(SLOW) == 202
        assert await door.visits.writer.flush()
        await door.clock.move(minutes=6)
        await door.visits.look()
        assert not door.told[-1]
        lcp = {"metric": "largest_contentful_paint", "route": "/clients/:id", "device": "desktop"}
        assert door.metric("p75_seconds", **lcp) is None
        await door.send(SLOW)
        assert await door.visits.writer.flush()
        await door.clock.move(minutes=6)
        await door.visits.look()
        assert 5.0 < (door.metric("p75_seconds", **lcp) or 0) < 5.4
        poor = [one for one in door.told[-1] if one.level is not Level.OK]
        assert [one.series for one in poor] == ["real_users.largest_contentful_paint.desktop./clients/:id"]
        assert not [one for one in door.told[-1] if "first_input_delay" in one.series]
        assert poor[0].series in await door.visits.names()
        await door.clock.move(hours=2)
        await door.visits.look()
        assert [(one.series, one.level) for one in door.told[-1]] == [(poor[0].series, Level.OK)]
        assert door.metric("p75_seconds", **lcp) is None

    at_the_door(store, act)


def test_what_is_wrong_is_answered_counted_and_not_stored(store: str) -> None:
    """Another shape 422, no JSON 400, no right 403; bots and absurd values are taken and dropped."""

    async def act(door: Door) -> None:
        assert await door.send({**SLOW, "metrics": {"LCP": "fast"}}) == 422
        assert await door.send({"url": "x"}) == 422
        assert (await door.client.post(PATH, content=b"{", headers={"Origin": PORTAL})).status_code == 400
        assert (await door.client.post(PATH, json=SLOW, headers={"Origin": "https://evil.example"})).status_code == 403
        assert await door.send({**SLOW, "userAgent": "Googlebot/2.1"}) == 202
        assert await door.send({**SLOW, "metrics": {"LCP": -4}}) == 202
        assert (door.metric("dropped_total", reason="bot"), door.metric("dropped_total", reason="absurd")) == (1, 1)
        assert len(door.visits.writer) == 0

    at_the_door(store, act)


def test_bins_of_two_writers_add_up_in_one_row(store: str) -> None:
    """What arrives within five minutes is one row a vital, however often it is written; then it is pruned."""

    async def act(door: Door) -> None:
        now, visited = door.clock.now(), Visited("/a", "mobile")
        for number in (3, 7, 3):
            one = Arrived(now, Visit(visited, {Vital.TIME_TO_FIRST_BYTE: number}))
            await asyncio.gather(door.store.append([one, one]), door.store.append([one]))
        vitals = await door.store.between(now - timedelta(minutes=5), now + timedelta(minutes=5))
        assert vitals[visited][Vital.TIME_TO_FIRST_BYTE].counts == {3: 6, 7: 3}
        await door.store.prune(now + timedelta(minutes=5))
        assert not await door.store.between(now - timedelta(days=1), now + timedelta(days=1))

    at_the_door(store, act)


def test_the_collector_is_small_and_for_everybody(store: str) -> None:
    """Under 3 kB as it is sent, without eval, and a browser may keep it."""

    async def act(door: Door) -> None:
        answer = await door.client.get("/vitals.js")
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "max-age" in answer.headers["cache-control"]
        assert answer.text == collector_script()
        assert len(answer.content) < 3_000
        assert "eval(" not in answer.text

    at_the_door(store, act)
