"""What a message says beyond the alert itself: what changed, how it stands to the baseline, what was done, where."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import asyncpg
import pytest
from pydantic import AnyHttpUrl

from alerts import Alert, Attempt, Briefing, ChannelSettings, Evidence, Outcome, Policy, Scope
from alerts.postgres import PostgresAlerts
from alerts.postgres_outbox import PostgresOutbox
from baselines import Comparison, LedgerEntry, Section, Series, SeriesRegistry, Verdict
from baselines.ledger import plan_entry, release_entry
from baselines.postgres_ledger import PostgresLedger
from baselines.verdict import Answer, Question
from monitor.briefing import ServiceBriefer
from monitor.settings import HttpSettings, Settings
from monitor.watch import Watch
from tests.alerts.house import ManualClock, prompt, sink_channel
from tests.dashboards.examples import compared
from tests.monitor.cli.alerts.fired import finding
from thresholds import Level, load_routing

CHANNELS: dict[str, ChannelSettings] = {
    name: sink_channel(1, name) for name in ("slack-alerts", "email-ops-team", "slack-critical")
}
WATCHED = Settings(
    environment="test", public_url=AnyHttpUrl("https://watch.example/"), http=HttpSettings(require_operator_token=True)
)


@dataclass(frozen=True, slots=True)
class Room:
    """A store with its alerts and its ledger, and who briefs out of them."""

    clock: ManualClock
    alerts: PostgresAlerts
    outbox: PostgresOutbox
    ledger: PostgresLedger
    watch: Watch
    briefer: ServiceBriefer

    async def fire(self, level: Level = Level.WARNING) -> Alert:
        """An alert on q.b that begins now."""
        (transition,) = await self.alerts.record([finding(level)], self.clock.now())
        assert transition.after is not None
        return transition.after

    async def note(self, source: str, section: Section, environment: str = "test", **facts: str) -> None:
        """What is true now of one section."""
        named = {name.replace("_", " "): value for name, value in facts.items()}
        entry = LedgerEntry(source=source, section=section, at=self.clock.now(), facts=named)
        await self.ledger.append(environment, entry)

    async def deliver(self, channel: str) -> None:
        """The channel confirms what it is told."""
        now = self.clock.now()
        batch = await self.outbox.claim(channel, now, now + timedelta(seconds=30), Scope.SINGLE)
        assert batch is not None
        await self.outbox.confirm(batch, now)

    async def fail(self, channel: str) -> None:
        """The channel does not take what it is told; it is due again at once."""
        now = self.clock.now()
        batch = await self.outbox.claim(channel, now, now + timedelta(seconds=30), Scope.SINGLE)
        assert batch is not None
        await self.outbox.give_back(batch, Attempt(Outcome.FAILED, "it answered 503"), now, now)

    async def brief(self, alert: Alert) -> Briefing:
        """As it would be told now."""
        return await self.briefer.brief(alert)


def visit(store: str, act: Callable[[Room], Awaitable[None]], settings: Settings = WATCHED) -> None:
    """Run `act` in a room on a store."""

    async def run() -> None:
        async with asyncpg.create_pool(store, min_size=1) as pool:
            clock, ledger = ManualClock(), PostgresLedger(pool)
            watch = Watch(SeriesRegistry([Series("q.b")]), clock.now())
            policy = Policy(prompt(load_routing()), CHANNELS, lambda _: Evidence(1, 1))
            alerts, outbox = PostgresAlerts(pool, policy), PostgresOutbox(pool, policy, "here-1")
            briefer = ServiceBriefer(settings, ledger, watch, alerts, clock)
            await act(Room(clock, alerts, outbox, ledger, watch, briefer))

    asyncio.run(run())


def test_what_changed_shortly_before_is_told_the_newest_first(store: str) -> None:
    """From an hour before the alert began until now, each as a sentence with its minute; nothing of before that, nor of
    another environment, and no statistics, which change by themselves.
    """

    async def act(room: Room) -> None:
        await room.ledger.append("test", release_entry("v41", room.clock.now()))
        await room.note("db", Section.SETTINGS, setting_work_mem="64MB", setting_jit="on")
        await room.note("db", Section.STATISTICS, rows_of_a="10")
        await room.note("db", Section.SETTINGS, "elsewhere", setting_work_mem="64MB")
        await room.clock.move(minutes=10)
        await room.note("db", Section.SETTINGS, setting_work_mem="64MB", setting_jit="off")
        await room.clock.move(minutes=30)
        await room.ledger.append("test", release_entry("v42", room.clock.now()))
        await room.note("db", Section.STATISTICS, rows_of_a="1000000")
        await room.note("db", Section.SETTINGS, "elsewhere", setting_work_mem="4MB")
        await room.clock.move(minutes=35)
        alert = await room.fire()
        await room.clock.move(minutes=2)
        await room.note("db", Section.SETTINGS, setting_work_mem="4MB", setting_jit="off")
        assert (await room.brief(alert)).changes == (
            "10:17 UTC: setting work mem 64MB → 4MB",
            "09:40 UTC: release v41 → v42",
        )

    visit(store, act)


def test_of_plans_only_the_series_own_is_told(store: str) -> None:
    """Another query's plan explains nothing here."""

    async def act(room: Room) -> None:
        for series in ("q.b", "q.c"):
            await room.ledger.append("test", plan_entry(series, ("Index Scan on t",), room.clock.now()))
        await room.clock.move(minutes=61)
        for series in ("q.b", "q.c"):
            await room.ledger.append("test", plan_entry(series, ("Seq Scan on t",), room.clock.now()))
        await room.clock.move(minutes=1)
        alert = await room.fire()
        (told,) = (await room.brief(alert)).changes
        assert told.startswith("10:01 UTC: plan of q.b")
        assert "Seq Scan on t" in told

    visit(store, act)


def test_a_message_leads_to_a_page_that_is_there(store: str) -> None:
    """That of the series, that of the errors of a class, or none."""

    async def act(room: Room) -> None:
        alert = await room.fire()
        for series, page in (("q.b", "/series/q.b"), ("errors.x", "/errors?class=x"), ("q.gone", None)):
            known = await room.brief(replace(alert, series=series))
            assert known.links.series == (f"https://watch.example{page}" if page else "")

    visit(store, act)


def test_of_many_changes_the_five_newest_are_told(store: str) -> None:
    """A message is read in a hurry."""

    async def act(room: Room) -> None:
        facts = {f"setting_{number}": "off" for number in range(8)}
        await room.note("db", Section.SETTINGS, **facts)
        await room.clock.move(minutes=61)
        for name in facts:
            facts[name] = "on"
            await room.note("db", Section.SETTINGS, **facts)
            await room.clock.move(minutes=1)
        told = (await room.brief(await room.fire())).changes
        assert [one.removesuffix(" off → on")[-1] for one in told] == ["7", "6", "5", "4", "3"]

    visit(store, act)


def test_who_was_told_and_who_answered_is_told(store: str) -> None:
    """In order, channels of one minute in one sentence; a failure is no telling. Nothing before anything was done."""

    async def act(room: Room) -> None:
        alert = await room.fire()
        assert (await room.brief(alert)).done == ()
        await room.fail("slack-alerts")
        assert (await room.brief(alert)).done == ()
        await room.deliver("slack-alerts")
        await room.clock.move(seconds=20)
        await room.deliver("email-ops-team")
        await room.clock.move(minutes=61)
        (escalated,) = await room.alerts.advance(room.clock.now())
        assert escalated.reason == "escalated"
        await room.clock.move(minutes=1)
        await room.deliver("slack-critical")
        await room.clock.move(minutes=5)
        await room.alerts.acknowledge(alert.id, "ann", room.clock.now())
        assert (await room.brief(alert)).done == (
            "09:00 UTC: slack-alerts and email-ops-team were told",
            "10:02 UTC: slack-critical was told",
            "10:07 UTC: ann acknowledged",
        )

    visit(store, act)


def test_how_it_stands_to_the_baseline_is_a_phrase(store: str) -> None:
    """With the interval; nothing where nothing is compared, where this series is not, or where it has no ratio."""

    async def act(room: Room) -> None:
        alert, unanswered = await room.fire(), Answer(question=Question.TYPICAL, verdict=Verdict.INCONCLUSIVE)
        assert (await room.brief(alert)).baseline == ""
        for comparison, phrase in (
            (compared("q.b", Verdict.DEGRADED, 1.6, spread=1.25), "1.60 × the baseline (95 % interval 1.28 to 2.00)"),
            (compared("q.c", Verdict.DEGRADED, 1.6), ""),
            (compared("q.b", Verdict.NEW), ""),
            (replace(compared("q.b", Verdict.INCONCLUSIVE), answers=[unanswered]), ""),
        ):
            room.watch.comparison = Comparison(before="pre", after="live", series=[comparison])
            assert (await room.brief(alert)).baseline == phrase

    visit(store, act)


def test_links_lead_to_where_people_reach_the_service(store: str) -> None:
    """To the alert, to its series, and to the list, with one slash between."""

    async def act(room: Room) -> None:
        alert = await room.fire()
        links = (await room.brief(alert)).links
        assert links.alert == f"https://watch.example/alerts/{alert.id}"
        assert links.series is not None
        assert links.series.startswith("https://watch.example/")
        assert "q.b" in links.series
        assert links.acknowledge is None
        assert room.briefer.overview.alert == "https://watch.example/alerts"

    visit(store, act)


def test_without_a_public_url_there_are_no_links(store: str) -> None:
    """None that lead nowhere; everything else is told."""

    async def act(room: Room) -> None:
        alert = await room.fire()
        await room.deliver("slack-alerts")
        told = await room.brief(alert)
        assert (told.links.alert, told.links.series, room.briefer.overview.alert) == (None, None, None)
        assert told.done == ("09:00 UTC: slack-alerts was told",)

    visit(store, act, Settings(environment="test"))


def test_an_alert_that_the_store_does_not_know_is_told_all_the_same(store: str) -> None:
    """As where it was decided without the store a moment ago: with what changed, and nothing done."""

    async def act(room: Room) -> None:
        await room.note("db", Section.SETTINGS, setting_work_mem="64MB")
        await room.clock.move(minutes=61)
        await room.note("db", Section.SETTINGS, setting_work_mem="4MB")
        alert = await room.fire()
        told = await room.brief(replace(alert, id="0" * 12))
        assert (told.changes, told.done) == (("10:01 UTC: setting work mem 64MB → 4MB",), ())

    visit(store, act)


@pytest.mark.parametrize("path", ["", "/watch", "/watch/"])
def test_a_service_behind_a_path_is_linked_to_there(store: str, path: str) -> None:
    """As behind a proxy."""

    async def act(room: Room) -> None:
        alert = await room.fire()
        assert (await room.brief(alert)).links.alert == f"http://127.0.0.1:9464{path.rstrip('/')}/alerts/{alert.id}"

    visit(store, act, Settings(environment="test", public_url=AnyHttpUrl(f"http://127.0.0.1:9464{path}")))
