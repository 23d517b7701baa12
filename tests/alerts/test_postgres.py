"""The store on a real server: all or nothing, and safe under callers at the same moment."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import asyncpg
import pytest

from alerts import (
    Alert,
    AlertNotFoundError,
    AlertState,
    AlertStore,
    AlertStoreError,
    DeliveryState,
    Outbox,
    Reason,
    Scope,
)
from alerts.notification import Attempt, Outcome
from alerts.policy import Policy
from alerts.postgres import PostgresAlerts
from alerts.postgres_outbox import PostgresOutbox
from alerts.sql import statement
from tests.alerts.house import START, OpenHouse, evidence, finding
from thresholds.finding import Level, Rule
from thresholds.routing import load_routing

STATEMENTS = sorted(
    Path(one.name).stem for one in files("alerts.sql").iterdir() if Path(one.name).suffix == ".sql"
)  # fmt: skip


def conforms(store: PostgresAlerts, outbox: PostgresOutbox) -> tuple[AlertStore, Outbox]:
    """They are what the room asks for: the type checker's to prove."""
    return store, outbox


def test_every_statement_prepares(database: str) -> None:
    """A real server with the migrated tables accepts every statement."""

    async def scenario() -> None:
        connection = await asyncpg.connect(database)
        for name in STATEMENTS:
            await connection.prepare(statement(name))
        await connection.close()

    assert STATEMENTS
    asyncio.run(scenario())


def test_every_statement_says_what_it_is_for() -> None:
    """Each file begins with a comment, and holds one statement."""
    for name in STATEMENTS:
        text = statement(name)
        assert text.startswith("-- ")
        assert ";" not in text.split("\n", 1)[1].replace("; ", "")


# A year of a noisy house: 5,000 alerts of which 20 are open, three messages and six lines of history each.
A_YEAR = """
INSERT INTO alert (
    id, fingerprint, series, route, rule, unit, level, tier, state, summary, value, value_limit, action, bad_count,
    critical_count, good_count, occurrence, step, channels, opened_at, updated_at, fired_at, acknowledged_at,
    acknowledged_by, acknowledged_until, resolved_at, escalates_at, reminds_at
)
SELECT
    i::text, 'series ' || i, 's', 'r', 'absolute', 'seconds', 'warning', 'tier_2_warning',
    CASE WHEN i > 4980 THEN 'firing' ELSE 'resolved' END, '', 1, 1, NULL, 3, 0, 0, 1, 0, '{}',
    now() - i * interval '1 hour', now(), now(), NULL, NULL, NULL, CASE WHEN i <= 4980 THEN now() END,
    CASE WHEN i > 4980 THEN now() END, NULL
FROM generate_series(1, 5000) i;
INSERT INTO notification
    (key, alert_id, channel, origin, reason, occurrence, step, fallbacks, state, due_at, deadline_at, settled_at)
SELECT
    i::text, (i % 5000 + 1)::text, 'channel ' || i % 3, 'channel ' || i % 3, 'fired', 1, 0, '{}',
    CASE WHEN i % 500 = 0 THEN 'pending' ELSE 'delivered' END, now() - i * interval '1 minute', now(),
    CASE WHEN i % 500 <> 0 THEN now() END
FROM generate_series(1, 15000) i;
INSERT INTO alert_event (alert_id, at, event, tier, detail)
SELECT (i % 5000 + 1)::text, now(), 'fired', 'tier_2_warning', '' FROM generate_series(1, 30000) i;
ANALYZE alert, notification, alert_event;
"""


def test_hot_statements_use_their_index(database: str) -> None:
    """With a year of alerts in the store, each plan goes by the index that the statement's comment names."""
    later = datetime(2100, 1, 1, tzinfo=UTC)
    expected: list[tuple[str, list[object], str]] = [
        ("claim_notifications", ["channel 1", later, "first", later, "cause", []], "notification_queue"),
        ("select_due_alerts", [later, 10], "alert_due"),
        ("select_open_alerts", [["series 4990"]], "alert_open"),
        ("list_alerts", [["firing", "resolved"], 10], "alert_opened"),
        ("list_notifications", [["7"]], "notification_alert"),
        ("list_events", [["7"]], "alert_event_alert"),
        ("stop_notifications", [["7"], later], "notification_alert"),
        ("overtake_notifications", ["7", "channel 1", later, "8"], "notification_alert"),
        ("settle_chains", [[7], later], "notification_alert"),
        ("select_latest_alerts", [["series 7"]], "alert_latest"),
        ("list_history", [datetime(2100, 1, 1, tzinfo=UTC), later], "alert_event_at"),
    ]

    async def scenario() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute(A_YEAR)
        for name, arguments, index in expected:
            plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {statement(name)}", *arguments))
            assert re.search(rf"Index Scan (using|on) {index}\b", plan), f"{name}:\n{plan}"
            assert index in statement(name)
        await connection.close()

    asyncio.run(scenario())


def test_state_and_outbox_are_written_together_or_not_at_all(open_house: OpenHouse) -> None:
    """When the message can't be queued, neither the alert's new state nor its history is there; afterwards it is as if
    nothing had been tried.
    """

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.evaluate(finding(), times=2)
            await house.pool.execute("ALTER TABLE notification ADD CONSTRAINT broken CHECK (channel = 'none')")
            with pytest.raises(AlertStoreError, match="nothing was written"):
                await house.alerts.record([finding()])
            [record] = await house.alerts.list_alerts()
            assert (record.alert.state, record.alert.bad_count) == (AlertState.PENDING, 2)
            assert (record.events, record.deliveries) == ([], [])
            await house.pool.execute("ALTER TABLE notification DROP CONSTRAINT broken")
            [transition] = await house.alerts.record([finding()])
            assert transition.reason is Reason.FIRED

    asyncio.run(scenario())


def test_callers_at_the_same_moment_open_one_alert(open_house: OpenHouse) -> None:
    """Eight instances that record the same findings at once, in either order, make one alert a fingerprint, count
    eight evaluations and queue each message once.
    """

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            findings = [finding(series=f"api_endpoints.{name}") for name in "abcde"]
            stores = [house.another(f"instance {number}")[0] for number in range(8)]
            orders = [findings, findings[::-1]] * 4
            recording = zip(stores, orders, strict=True)
            instants = [START + timedelta(milliseconds=number) for number in range(8)]
            await asyncio.gather(
                *(one.record(order, now) for (one, order), now in zip(recording, instants, strict=True))
            )
            records = await house.alerts.list_alerts()
            assert len(records) == 5
            for record in records:
                assert (record.alert.bad_count, record.alert.state) == (8, AlertState.FIRING)
                assert [one.event for one in record.events].count("fired") == 1
                assert len(record.deliveries) == 1

    asyncio.run(scenario())


def test_two_workers_never_hold_the_same_message(open_house: OpenHouse) -> None:
    """Claims at the same moment get different messages, or none."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.alerts.record([finding(series=f"api_endpoints.{n}", rule=Rule.BASELINE) for n in "abc"])
            later = START + timedelta(seconds=30)
            outboxes = [house.another(f"instance {number}")[1] for number in range(8)]
            claimed = await asyncio.gather(*(one.claim("slack-alerts", START, later, Scope.SINGLE) for one in outboxes))
            assert sorted(one.claims[0].delivery.id for one in claimed if one is not None) == [1, 2, 3]

    asyncio.run(scenario())


def test_only_the_latest_claim_settles_a_message(open_house: OpenHouse) -> None:
    """After a lease lapsed and the message was claimed again, even by the same instance, the older claim can neither
    confirm nor give back nor bury it.
    """

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.alerts.record([finding(rule=Rule.BASELINE)])
            older = await house.outbox.claim("slack-alerts", START, START + timedelta(seconds=5), Scope.CAUSE)
            later = START + timedelta(seconds=5)
            newer = await house.outbox.claim("slack-alerts", later, later + timedelta(seconds=5), Scope.CAUSE)
            assert older is not None
            assert newer is not None
            assert not await house.outbox.confirm(older, later)
            attempt = Attempt(Outcome.FAILED, "late")
            assert await house.outbox.give_back(older, attempt, later + timedelta(hours=1), later) == []
            assert await house.outbox.confirm(newer, later)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("select_alert_for_change", lambda alert: [alert.id]),
        ("select_open_alerts", lambda alert: [[alert.fingerprint]]),
        ("select_due_alerts", lambda alert: [START + timedelta(days=1), 10]),  # noqa: ARG005
    ],
)
def test_a_delivery_is_confirmed_while_its_alert_is_being_changed(
    open_house: OpenHouse, name: str, arguments: Callable[[Alert], list[object]]
) -> None:
    """Whoever locked the alert, be it to acknowledge, to record or to escalate, holds up no confirmation."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.alerts.record([finding(rule=Rule.BASELINE)])
            claim = await house.outbox.claim("slack-alerts", START, START + timedelta(seconds=30), Scope.CAUSE)
            assert claim is not None
            async with house.pool.acquire() as other, other.transaction():
                assert await other.fetch(statement(name), *arguments(claim.claims[0].alert))
                assert await asyncio.wait_for(house.outbox.confirm(claim, START), 5)

    asyncio.run(scenario())


def test_an_acknowledgement_and_a_burial_do_not_lock_each_other(open_house: OpenHouse) -> None:
    """A burial that begins while somebody acknowledges waits for the alert with nothing in its hands, and then finds
    its message stopped.
    """

    async def scenario() -> None:
        async with open_house("slack-alerts", "sms-on-call", slack_alerts={"fallbacks": ("sms-on-call",)}) as house:
            await house.alerts.record([finding(rule=Rule.BASELINE)])
            claim = await house.outbox.claim("slack-alerts", START, START + timedelta(seconds=30), Scope.CAUSE)
            assert claim is not None
            async with house.pool.acquire() as other, other.transaction():
                await other.execute(statement("lock_alerts"))
                await other.fetch(statement("select_alert_for_change"), claim.claims[0].alert.id)
                burial = asyncio.create_task(
                    house.outbox.give_back(claim, Attempt(Outcome.FAILED, "no"), START + timedelta(hours=1), START)
                )
                waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = $1"
                for _ in range(500):
                    if await house.pool.fetchval(waiting, await other.fetchval("SELECT current_database()")):
                        break
                    await asyncio.sleep(0.01)
                await other.execute(statement("stop_notifications"), [claim.claims[0].alert.id], START)
            assert await burial == []
            [record] = await house.alerts.list_alerts()
            assert [one.state for one in record.deliveries] == [DeliveryState.STOPPED]

    asyncio.run(scenario())


def test_the_worst_finding_of_a_fingerprint_counts(open_house: OpenHouse) -> None:
    """A critical mutes the warning of the same series and rule in one evaluation: one alert, at the higher tier."""

    async def scenario() -> None:
        async with open_house("slack-alerts", "slack-critical") as house:
            await house.evaluate(finding(), finding(Level.CRITICAL), finding(), times=3)
            [record] = await house.alerts.list_alerts()
            assert record.alert.bad_count == 3
            assert [one.notification.channel for one in record.deliveries] == ["slack-critical"]

    asyncio.run(scenario())


def test_a_pending_alert_that_came_to_nothing_is_forgotten(open_house: OpenHouse) -> None:
    """Two bad evaluations and a good one leave no alert behind."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.evaluate(finding(), times=2)
            await house.evaluate(finding(Level.OK))
            assert await house.alerts.list_alerts() == []

    asyncio.run(scenario())


def test_a_fault_that_comes_back_is_another_alert(open_house: OpenHouse) -> None:
    """After it resolved, the same series and rule open an alert with another id; the newest is listed first."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            for _ in range(2):
                await house.evaluate(finding(), times=3)
                await house.evaluate(finding(Level.OK), times=2)
            await house.evaluate(finding())
            records = await house.alerts.list_alerts()
            assert [one.alert.state for one in records] == ["pending", "resolved", "resolved"]
            assert len({one.alert.id for one in records}) == 3

    asyncio.run(scenario())


def test_the_history_tells_what_happened_and_cannot_be_changed(open_house: OpenHouse) -> None:
    """Who was told what, when, over which channel and with what outcome stands in order; the server refuses to change
    or delete a line of it.
    """

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.evaluate(finding(), times=3)
            await house.worker.run_once()
            [record] = await house.alerts.list_alerts()
            await house.alerts.acknowledge(record.alert.id, "ada")
            await house.evaluate(finding(Level.OK, value=0.1), times=2)
            await house.worker.run_once()
            found = await house.alerts.find_alert(record.alert.id)
            assert found is not None
            assert [(one.event, one.channel, one.by) for one in found.events] == [
                ("fired", None, None),
                ("no_recipient", "email-ops-team", None),
                ("delivered", "slack-alerts", "first"),
                ("acknowledged", None, "ada"),
                ("resolved", None, None),
                ("delivered", "slack-alerts", "first"),
            ]
            for change in ("UPDATE alert_event SET by = 'eve'", "DELETE FROM alert_event"):
                with pytest.raises(asyncpg.RaiseError, match="append-only"):
                    await house.pool.execute(change)

    asyncio.run(scenario())


def test_an_alert_comes_back_from_the_store_as_it_went_in(open_house: OpenHouse) -> None:
    """Every field survives, in its own type."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.evaluate(finding(), times=2)
            [transition] = await house.alerts.record([finding(value=0.5)])
            [record] = await house.alerts.list_alerts([AlertState.FIRING])
            assert record.alert == transition.after
            assert record.deliveries[0].notification == transition.notifications[0]
            assert isinstance(record.alert.rule, Rule)

    asyncio.run(scenario())


def test_an_id_that_no_alert_has(open_house: OpenHouse) -> None:
    """Finding it gives None; acknowledging it says so."""

    async def scenario() -> None:
        async with open_house() as house:
            assert await house.alerts.find_alert("beef") is None
            with pytest.raises(AlertNotFoundError, match="'beef'"):
                await house.alerts.acknowledge("beef", "ada")

    asyncio.run(scenario())


def test_a_store_that_is_away_is_named_without_its_password() -> None:
    """A server that refuses makes an AlertStoreError that says what to check and holds no DSN."""

    async def scenario() -> None:
        pool = asyncpg.create_pool("postgresql://eve:hunter2secret@127.0.0.1:1/none", min_size=0)
        async with pool:
            store = PostgresAlerts(pool, Policy(load_routing(), {}, evidence))
            with pytest.raises(AlertStoreError, match="PostgreSQL is up") as raised:
                await store.find_alert("beef")
        assert "hunter2secret" not in str(raised.value)

    asyncio.run(scenario())
