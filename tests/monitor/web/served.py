"""The service's pages as a person meets them: real alerts in a real store, told to a sink, and a browser's forms."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from random import Random
from typing import Any

import httpx
from fastapi import FastAPI

from alerts import Alert, Alerts, AlertState, DeliveryWorker, Evidence, LinkSigner, Policy, WebhookSettings
from alerts.channels import open_channels
from alerts.postgres import PostgresAlerts
from alerts.postgres_outbox import PostgresOutbox
from baselines import Clock, Series, SeriesRegistry, Unit
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_snapshots import PostgresSnapshots
from monitor.access import AccessTokens
from monitor.acknowledging import IncidentAnswers
from monitor.checks.postgres import PostgresCheckRuns
from monitor.database import store_pool
from monitor.deployment.evaluated import LastEvaluated
from monitor.deployment.postgres import PostgresDeployments
from monitor.exporter import Exporter
from monitor.ingest.intake import Intake
from monitor.settings import AlertSettings, Settings
from monitor.tracking.postgres import PostgresErrors
from monitor.tracking.tracker import ErrorTracker
from monitor.watch import Watch
from monitor.web.app import create_app
from monitor.web.rights import Gate
from tests.alerts.house import (
    SIGNER,
    START,
    ManualClock,
    PlainBriefer,
    RecordingObserver,
    Sink,
    prompt,
    running_sink,
    sink_channel,
)
from thresholds import Finding, Level, Rule, load_routing

SERIES = SeriesRegistry([Series("q.a"), Series("q.b")])
LINK = re.compile(r"https://watch\.example(/ack/\S+)")


@dataclass(frozen=True, slots=True)
class House:
    """What a test asks and moves. The channels `slack-alerts`, `slack-critical` and `phone-call-escalation` go to the
    sink.
    """

    client: httpx.AsyncClient
    clock: ManualClock
    sink: Sink
    alerts: Alerts
    tokens: AccessTokens
    errors: ErrorTracker
    deliver: Callable[[], Awaitable[int]]

    async def tell(self, *findings: Finding) -> list[Alert]:
        """One evaluation, and the messages that follow; the alerts of those findings."""
        await self.alerts.record(findings)
        await self.deliver()
        known = {record.alert.fingerprint: record.alert for record in reversed(await self.alerts.list_alerts())}
        return [known[one.fingerprint] for one in findings]

    async def states(self) -> dict[str, AlertState]:
        """Every series with the state of its newest alert."""
        return {record.alert.series: record.alert.state for record in reversed(await self.alerts.list_alerts())}

    async def alert(self, alert_id: str) -> Alert:
        """As it is now."""
        record = await self.alerts.find_alert(alert_id)
        assert record is not None
        return record.alert

    async def events(self, alert_id: str, event: str) -> list[str | None]:
        """Who did that to the alert, each time."""
        record = await self.alerts.find_alert(alert_id)
        assert record is not None
        return [one.by for one in record.events if one.event == event]

    def links(self, channel: str = "slack-alerts") -> list[str]:
        """The paths of the links that messages of a channel carried, in order."""
        bodies = [message["message"] for path, message in self.sink.arrived if path == channel]
        return [found[1] for body in bodies if (found := LINK.search(body))]

    async def press(self, page: httpx.Response, **typed: str) -> httpx.Response:
        """Fill in the form of a page and press its button, as a browser without scripts does."""
        form = form_of(page.text)
        assert set(typed) <= set(form.fields)
        return await self.client.request(
            form.method, form.action or str(page.url), data={name: typed.get(name, "") for name in form.fields}
        )


def finding(level: Level = Level.WARNING, series: str = "q.a", *, route: str = "host", summary: str = "") -> Finding:
    """One that fires at once; a warning goes to `slack-alerts`, what is critical to `slack-critical`."""
    return Finding(
        series=series,
        route=route,
        rule=Rule.ABSOLUTE,
        level=level,
        unit=Unit.SECONDS,
        summary=summary or f"{series} is slow",
        since=START,
        value=1.25,
        limit=1.0,
    )


@asynccontextmanager
async def application(
    store: str,
    clock: Clock,
    *,
    port: int = 0,
    links: LinkSigner = SIGNER,
    operators_need_token: bool = False,
    webhooks: WebhookSettings | None = None,
    configured: dict[str, Any] | None = None,
) -> AsyncIterator[tuple[FastAPI, Alerts, DeliveryWorker, AccessTokens, ErrorTracker]]:
    """The application on a store, as the service puts it together; its channels go to the sink on that port."""
    channels = {name: sink_channel(port, name) for name in ("slack-alerts", "slack-critical", "phone-call-escalation")}
    observer, exporter = RecordingObserver(), Exporter(SERIES, version="0")
    policy = Policy(prompt(load_routing()), channels, lambda _: Evidence(1, 1))
    async with store_pool(store) as pool, httpx.AsyncClient() as outside:
        outbox, tokens = PostgresOutbox(pool, policy, "test"), AccessTokens(pool)
        worker = DeliveryWorker(
            outbox,
            open_channels(channels, observer),
            policy=policy,
            clock=clock,
            observer=observer,
            random=Random(7),
            briefer=PlainBriefer(),
            links=links,
        )
        alerts = Alerts(PostgresAlerts(pool, policy), outbox, worker, clock=clock, observer=observer, links=links)
        settings = Settings(
            environment="test", alerts=AlertSettings(webhooks=webhooks or WebhookSettings()), **(configured or {})
        )
        errors = ErrorTracker(settings, PostgresErrors(pool, "test"), exporter, clock)
        app = create_app(
            settings=settings,
            watch=Watch(SERIES, clock.now()),
            alerts=alerts,
            policy=policy,
            answers=IncidentAnswers(alerts, {}, outside, clock),
            ledger=PostgresLedger(pool),
            snapshots=PostgresSnapshots(pool),
            deployments=PostgresDeployments(pool, "test"),
            evaluated=LastEvaluated(),
            checks=PostgresCheckRuns(pool),
            intake=Intake(settings.ingest, tokens, exporter, clock),
            errors=errors,
            exporter=exporter,
            gate=Gate(tokens, clock, operators_need_token=operators_need_token),
            clock=clock,
        )
        yield app, alerts, worker, tokens, errors


def visit(
    store: str,
    act: Callable[[House], Awaitable[None]],
    *,
    operators_need_token: bool = False,
    webhooks: WebhookSettings | None = None,
    configured: dict[str, Any] | None = None,
) -> None:
    """Run `act` against the application on a store."""

    async def run() -> None:
        clock = ManualClock()
        async with (
            running_sink() as sink,
            application(
                store,
                clock,
                port=sink.port,
                operators_need_token=operators_need_token,
                webhooks=webhooks,
                configured=configured,
            ) as (app, alerts, worker, tokens, errors),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client,
        ):
            await act(House(client, clock, sink, alerts, tokens, errors, worker.run_once))

    asyncio.run(run())


@dataclass
class Form:
    """The form of a page: where it goes, and what can be typed."""

    method: str = ""
    action: str = ""
    fields: list[str] = field(default_factory=list)


def text_of(page: httpx.Response) -> str:
    """What a person reads on a page, with single spaces."""
    body = re.sub(r"<style>.*?</style>|</?(?:time|span|strong|a|wbr)\b[^>]*>", "", page.text, flags=re.DOTALL)
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", body).split()))


def form_of(html: str) -> Form:
    """The one form of a page, which has one button."""
    reader = _Forms()
    reader.feed(html)
    reader.close()
    (form,) = reader.forms
    assert reader.buttons == 1
    return form


def has_form(html: str) -> bool:
    """Whether there is anything to press."""
    reader = _Forms()
    reader.feed(html)
    return bool(reader.forms or reader.buttons)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.buttons = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """What makes a form."""
        given = dict(attrs)
        if tag == "form":
            self.forms.append(Form(given.get("method") or "get", given.get("action") or ""))
        elif tag == "input" and self.forms:
            self.forms[-1].fields.append(given["name"] or "")
        elif tag == "button":
            self.buttons += 1
