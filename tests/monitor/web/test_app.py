"""The HTTP interface, through a real store."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import httpx
import pytest

from alerts import Alerts, DeliveryWorker, Evidence, Policy
from alerts.postgres import PostgresAlerts
from alerts.postgres_outbox import PostgresOutbox
from baselines import LedgerEntry, Measurement, Outcome, Reason, Section, Series, SeriesRegistry, Unit
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_snapshots import PostgresSnapshots
from baselines.snapshot import DatabaseSession, Snapshot
from monitor.access import AccessTokens, Right
from monitor.acknowledging import IncidentAnswers
from monitor.checks.postgres import PostgresCheckRuns
from monitor.database import store_pool
from monitor.deployment.evaluated import LastEvaluated
from monitor.deployment.postgres import PostgresDeployments
from monitor.exporter import Exporter
from monitor.ingest.intake import Intake
from monitor.link import Heartbeat
from monitor.settings import Settings
from monitor.tracking.postgres import PostgresErrors
from monitor.tracking.tracker import ErrorTracker
from monitor.watch import Watch
from monitor.web.app import create_app
from monitor.web.rights import Gate
from tests.alerts.house import SIGNER, PlainBriefer
from tests.clocks import START, ManualClock
from thresholds import Finding, Level, Rule, load_routing

SERIES = SeriesRegistry([Series("q.<a>", cadence_seconds=30.0), Series("q.b", cadence_seconds=30.0)])
FINDING = Finding(
    series="q.b",
    route="system_unavailable",
    rule=Rule.BASELINE,
    level=Level.WARNING,
    unit=Unit.SECONDS,
    summary="q.b is twice as slow",
    since=START,
    value=2.0,
    limit=1.25,
)


@dataclass(frozen=True, slots=True)
class House:
    """What a test moves and asks."""

    client: httpx.AsyncClient
    clock: ManualClock
    watch: Watch
    alerts: Alerts
    tokens: AccessTokens
    ledger: PostgresLedger
    snapshots: PostgresSnapshots


def visit(store: str, act: Callable[[House], Awaitable[None]], *, operators_need_token: bool = False) -> None:
    """Run `act` against the application on a store."""

    async def run() -> None:
        async with store_pool(store) as pool:
            clock = ManualClock()
            exporter = Exporter(SERIES, version="0")
            watch = Watch(SERIES, clock.now())
            policy = Policy(load_routing(), {}, lambda _: Evidence(1, 1))
            outbox = PostgresOutbox(pool, policy, "test")
            worker = DeliveryWorker(
                outbox,
                {},
                policy=policy,
                clock=clock,
                observer=exporter,
                random=Random(1),
                briefer=PlainBriefer(),
                links=SIGNER,
            )
            alerts = Alerts(PostgresAlerts(pool, policy), outbox, worker, clock=clock, observer=exporter, links=SIGNER)
            tokens, ledger, snapshots = AccessTokens(pool), PostgresLedger(pool), PostgresSnapshots(pool)
            settings = Settings(environment="test")
            app = create_app(
                settings=settings,
                watch=watch,
                alerts=alerts,
                policy=policy,
                answers=IncidentAnswers(alerts, {}, httpx.AsyncClient(), clock),
                ledger=ledger,
                snapshots=snapshots,
                deployments=PostgresDeployments(pool, "test"),
                evaluated=LastEvaluated(),
                checks=PostgresCheckRuns(pool),
                intake=Intake(settings.ingest, tokens, exporter, clock),
                errors=ErrorTracker(settings, PostgresErrors(pool, "test"), exporter, clock),
                exporter=exporter,
                gate=Gate(tokens, clock, operators_need_token=operators_need_token),
                clock=clock,
            )
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                await act(House(client, clock, watch, alerts, tokens, ledger, snapshots))

    asyncio.run(run())


def measured(series: str, clock: ManualClock) -> Measurement:
    """A measurement of now."""
    return Measurement(series=series, intended_at=clock.now(), started_at=clock.now(), outcome=Outcome.OK, value=0.0123)


def test_ready_says_why_it_is_not(store: str) -> None:
    """503 without a sign of life of the prober; 200 with one; 503 again for a probe that stopped, by name."""

    async def act(house: House) -> None:
        answer = await house.client.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["the probing process shows no sign of life"]
        house.watch.heartbeat, house.watch.heartbeat_at = Heartbeat(0, 0), house.clock.now()
        assert (await house.client.get("/ready")).status_code == 200
        house.clock.advance(600)
        house.watch.heartbeat_at = house.clock.now()
        house.watch.saw(measured("q.b", house.clock))
        answer = await house.client.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["not measured for three intervals: q.<a>"]
        house.watch.store_up = False
        assert "the store can't be reached" in (await house.client.get("/ready")).text

    visit(store, act)


def test_health_only_says_that_we_live(store: str) -> None:
    """Alive, whatever else is wrong."""

    async def act(house: House) -> None:
        house.watch.store_up = False
        assert (await house.client.get("/health")).json() == {"status": "alive"}

    visit(store, act)


def test_metrics_are_prometheus_text_or_openmetrics(store: str) -> None:
    """The Accept header decides."""

    async def act(house: House) -> None:
        plain = await house.client.get("/metrics")
        assert plain.headers["content-type"].startswith("text/plain")
        opened = await house.client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
        assert opened.headers["content-type"].startswith("application/openmetrics-text")
        assert opened.text.endswith("# EOF\n")

    visit(store, act)


def test_an_alert_is_acknowledged_over_http(store: str) -> None:
    """Who took it is kept; a second time, and an unknown alert, are told apart."""

    async def act(house: House) -> None:
        await house.alerts.record([FINDING])
        (alert,) = (await house.client.get("/api/v1/alerts")).json()
        path = f"/api/v1/alerts/{alert['id']}"
        answer = await house.client.post(f"{path}/acknowledge", json={"by": "ann"})
        assert (answer.json()["state"], answer.json()["acknowledged_by"]) == ("acknowledged", "ann")
        assert (await house.client.get(path)).json()["state"] == "acknowledged"
        assert (await house.client.get("/api/v1/alerts/none")).status_code == 404
        assert (await house.client.post("/api/v1/alerts/none/acknowledge", json={"by": "a"})).status_code == 404
        assert (await house.client.post(f"{path}/acknowledge", json={"by": ""})).status_code == 422

    visit(store, act)


@pytest.mark.parametrize("path", ["changes", "snapshots", "snapshots/1", "checks", "errors", "errors/trends"])
def test_what_only_the_store_knows_says_that_it_is_away(path: str, store: str) -> None:
    """503 with what to do, and nothing of the database in it."""

    async def act(house: House) -> None:
        async with store_pool(store) as pool:
            await pool.execute("ALTER SCHEMA public RENAME TO elsewhere")
        answer = await house.client.get(f"/api/v1/{path}")
        assert answer.status_code == 503
        assert answer.json() == {"detail": "The store can't be reached; try again."}

    visit(store, act)


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/docs", "/api/v1/series"])
def test_the_public_view_needs_no_token(path: str, store: str) -> None:
    """Also where operators need one."""

    async def act(house: House) -> None:
        assert (await house.client.get(path)).status_code in (200, 503)

    visit(store, act, operators_need_token=True)


def test_an_operator_needs_the_operators_right(store: str) -> None:
    """401 without a token or with a wrong one, 403 with that of another right, 200 with the right one."""

    async def act(house: House) -> None:
        async def ask(token: str | None) -> int:
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            return (await house.client.get("/api/v1/alerts", headers=headers)).status_code

        operator = await house.tokens.create("ann", Right.OPERATOR, house.clock.now())
        ingest = await house.tokens.create("front", Right.INGEST, house.clock.now(), START + timedelta(days=1))
        assert [await ask(None), await ask("pw_wrong"), await ask(ingest), await ask(operator)] == [401, 401, 403, 200]

    visit(store, act, operators_need_token=True)


def test_another_site_can_not_act_through_a_browser_on_this_machine(store: str) -> None:
    """Without tokens, a request that a foreign page made is refused."""

    async def act(house: House) -> None:
        await house.alerts.record([FINDING])
        (alert,) = (await house.client.get("/api/v1/alerts")).json()
        path = f"/api/v1/alerts/{alert['id']}/acknowledge"
        foreign = await house.client.post(path, json={"by": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403
        rebound = await house.client.get("/api/v1/alerts", headers={"Host": "evil.example"})
        assert rebound.status_code == 403

    visit(store, act)


def test_the_api_page_lists_every_path(store: str) -> None:
    """/docs is made from the OpenAPI document and loads nothing from elsewhere."""

    async def act(house: House) -> None:
        document = (await house.client.get("/openapi.json")).json()
        page = (await house.client.get("/docs")).text.replace("<wbr>", "")
        assert all(path in page for path in document["paths"])
        assert "<script" not in page
        assert "://" not in page.replace("http://127.0.0.1", "")

    visit(store, act)


def test_the_series_document_says_what_is_known(store: str) -> None:
    """Values in base units, findings, and whether a probe is silent."""

    async def act(house: House) -> None:
        failed = Measurement(
            series="q.b",
            intended_at=house.clock.now(),
            started_at=house.clock.now(),
            outcome=Outcome.ERROR,
            reason=Reason.REFUSED,
        )
        house.watch.saw(failed)
        house.watch.judged([FINDING])
        first, second = (await house.client.get("/api/v1/series")).json()
        assert (first["series"], first["value"], first["findings"]) == ("q.<a>", None, [])
        assert (second["outcome"], second["reason"]) == ("error", "refused")
        assert second["findings"][0]["summary"] == FINDING.summary

    visit(store, act)


def test_a_correlation_id_is_echoed_or_made(store: str) -> None:
    """The caller's id comes back; one that could forge a log line, or none, is replaced."""

    async def act(house: House) -> None:
        async def ask(given: str) -> str:
            answer = await house.client.get("/health", headers={"X-Correlation-ID": given})
            return str(answer.headers["X-Correlation-ID"])

        assert await ask("fe_1700000000000_abc") == "fe_1700000000000_abc"
        forged = await ask("x y")
        assert len(forged) == 32
        assert await ask("x y") != forged

    visit(store, act)


def test_snapshots_are_told_since_an_instant(store: str) -> None:
    """A list says what each shows in a sentence, one of them has all of it, and one that is not there is a 404."""

    async def act(house: House) -> None:
        sessions = (DatabaseSession(pid=1), DatabaseSession(pid=2, blocked_by=(1,)))
        taken = Snapshot(source="db", at=house.clock.now(), reason="why", series="q.a", sessions=sessions)
        await house.snapshots.append("test", taken)
        await house.snapshots.append("elsewhere", taken)
        (one,) = (await house.client.get("/api/v1/snapshots")).json()
        assert (one["series"], one["sentence"]) == ("q.a", "pid 1 blocks 1 session")
        whole = (await house.client.get(f"/api/v1/snapshots/{one['id']}")).json()
        assert [each["blocked_by"] for each in whole["sessions"]] == [[], [1]]
        assert (await house.client.get(f"/api/v1/snapshots/{one['id'] + 1}")).status_code == 404
        later = house.clock.now() + timedelta(seconds=1)
        assert (await house.client.get("/api/v1/snapshots", params={"since": later.isoformat()})).json() == []

    visit(store, act)


def test_changes_are_told_since_an_instant(store: str) -> None:
    """With the sentence of each; nothing where nobody had looked before, 422 for an instant without a zone."""

    async def act(house: House) -> None:
        for work_mem in ("4MB", "64kB"):
            facts = {"setting work_mem": work_mem}
            entry = LedgerEntry(source="db", section=Section.SETTINGS, at=house.clock.now(), facts=facts)
            await house.ledger.append("test", entry)
            house.clock.advance(3600)
        since = (START + timedelta(minutes=1)).isoformat()
        (change,) = (await house.client.get("/api/v1/changes", params={"since": since})).json()
        assert (change["source"], change["before"], change["after"]) == ("db", "4MB", "64kB")
        assert change["summary"] == "setting work_mem 4MB → 64kB"
        asked = {"since": (START + timedelta(hours=1)).isoformat()}
        assert (await house.client.get("/api/v1/changes", params=asked)).json() == []
        assert (await house.client.get("/api/v1/changes")).json() == []
        answer = await house.client.get("/api/v1/changes", params={"since": "2026-03-02T09:00:00"})
        assert answer.status_code == 422

    visit(store, act)
