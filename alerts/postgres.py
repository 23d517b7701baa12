"""Alerts and the outbox in PostgreSQL: the one file of this room that talks to a server."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import TypeAlias

import asyncpg

from alerts.alert import Alert, AlertState
from alerts.errors import AlertNotFoundError, AlertStoreError
from alerts.notification import Attempt, Claim, Delivery, DeliveryState, Notification, Reason
from alerts.policy import Policy, Transition, acknowledge, advance, decide
from alerts.settings import ChannelSettings
from alerts.sql import statement
from alerts.store import AlertCounts, AlertEvent, AlertRecord, Burial
from baselines.series import Unit
from thresholds.finding import Finding, Level, Rule

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

# A caller that meets another one opening the same alert looks again and finds it.
_LOOKS = 5
_DUE_AT_ONCE = 100

_FIXED = ("id", "fingerprint", "series", "route", "rule", "unit", "opened_at")
_COLUMNS = (*_FIXED, *(one.name for one in fields(Alert) if one.name not in _FIXED))
_MUTABLE = ("id", *_COLUMNS[len(_FIXED) :])


class PostgresAlerts:
    """`AlertStore` and `Outbox` on a pool of connections to the migrated store.

    `instance` is written into the history of what this process delivers.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", policy: Policy, instance: str) -> None:
        self._pool = pool
        self._policy = policy
        self._instance = instance

    async def record(self, findings: Iterable[Finding], now: datetime) -> list[Transition]:
        """Decide on each finding and write what follows, as `AlertStore.record` says."""
        worst = _worst_of_each(findings)
        for _ in range(_LOOKS):
            with suppress(asyncpg.UniqueViolationError):
                async with self._transaction() as connection:
                    return await self._record(connection, worst, now)
        raise AlertStoreError("other processes keep opening the same alerts; nothing was recorded")

    async def advance(self, now: datetime) -> list[Transition]:
        """Take the steps that are due, as `AlertStore.advance` says."""
        transitions = []
        async with self._transaction() as connection:
            for row in await connection.fetch(statement("select_due_alerts"), now, _DUE_AT_ONCE):
                transition = advance(_alert(row), self._policy, now)
                if transition is not None:
                    await _write(connection, transition, now)
                    transitions.append(transition)
        return transitions

    async def acknowledge(self, alert_id: str, by: str, now: datetime) -> Transition:
        """Stop everything pending, as `AlertStore.acknowledge` says."""
        async with self._transaction() as connection:
            row = await connection.fetchrow(statement("select_alert_for_change"), alert_id)
            if row is None:
                raise AlertNotFoundError(f"no alert has the id {alert_id!r}")
            transition = acknowledge(_alert(row), by, self._policy, now)
            await _write(connection, transition, now)
            return transition

    async def list_alerts(self, states: Collection[AlertState], limit: int = 100) -> list[AlertRecord]:
        """Alerts in these states, the newest first."""
        async with self._transaction() as connection:
            rows = await connection.fetch(statement("list_alerts"), list(states), limit)
            return await _with_history(connection, [_alert(row) for row in rows])

    async def count(self) -> AlertCounts:
        """How many alerts stand where, and how much waits."""
        async with self._transaction() as connection:
            rows = await connection.fetch(statement("count_open_alerts"))
            waiting: int = await connection.fetchval(statement("count_waiting_notifications"))
        return AlertCounts({(row["tier"], row["state"]): row["alerts"] for row in rows}, waiting)

    async def find_alert(self, alert_id: str) -> AlertRecord | None:
        """One alert, None where no alert has this id."""
        async with self._transaction() as connection:
            row = await connection.fetchrow(statement("select_alert"), alert_id)
            return None if row is None else (await _with_history(connection, [_alert(row)]))[0]

    async def claim(self, channel: str, now: datetime, lease_until: datetime) -> Claim | None:
        """The message that is due longest, as `Outbox.claim` says."""
        async with self._transaction() as connection:
            row = await connection.fetchrow(statement("claim_notification"), channel, now, self._instance, lease_until)
            if row is None:
                return None
            alert = await connection.fetchrow(statement("select_alert"), row["alert_id"])
            assert alert is not None
            return Claim(_delivery(row), _alert(alert))

    async def confirm(self, claim: Claim, now: datetime) -> bool:
        """Delivered, as `Outbox.confirm` says."""
        async with self._transaction() as connection:
            held = await connection.fetchval(statement("confirm_notification"), *self._held(claim), now)
            if held is not None:
                await self._note_delivery(connection, claim, now, DeliveryState.DELIVERED)
            return held is not None

    async def retry(self, claim: Claim, attempt: Attempt, now: datetime, due_at: datetime) -> bool:
        """Failed, to be tried again then, as `Outbox.retry` says."""
        async with self._transaction() as connection:
            held = await connection.fetchval(statement("retry_notification"), *self._held(claim), due_at, attempt.error)
            if held is not None:
                await self._note_delivery(connection, claim, now, attempt.outcome, attempt.error)
            return held is not None

    async def bury(self, claim: Claim, attempt: Attempt, now: datetime) -> Burial | None:
        """Failed for good, as `Outbox.bury` says."""
        async with self._transaction() as connection:
            # The alert first, as everywhere: an acknowledgement goes from the alert to its messages.
            await connection.fetchrow(statement("select_alert_for_change"), claim.alert.id)
            held = await connection.fetchval(statement("bury_notification"), *self._held(claim), now, attempt.error)
            if held is None:
                return None
            await self._note_delivery(connection, claim, now, attempt.outcome, attempt.error)
            fallback = await _fall_back(connection, claim.delivery.notification, self._policy.channels, now)
            told = "nobody is left to fall to" if fallback is None else f"falls to {fallback}"
            await self._note_delivery(connection, claim, now, DeliveryState.DEAD, told)
            return Burial(fallback)

    async def _record(self, connection: Connection, findings: dict[str, Finding], now: datetime) -> list[Transition]:
        rows = await connection.fetch(statement("select_open_alerts"), list(findings))
        alerts = {row["fingerprint"]: _alert(row) for row in rows}
        transitions = []
        for fingerprint, finding in findings.items():
            transition = decide(alerts.get(fingerprint), finding, self._policy, now)
            if transition is not None:
                await _write(connection, transition, now)
                transitions.append(transition)
        return transitions

    def _held(self, claim: Claim) -> tuple[int, str, int]:
        return claim.delivery.id, self._instance, claim.delivery.attempts

    async def _note_delivery(
        self, connection: Connection, claim: Claim, now: datetime, event: str, detail: str = ""
    ) -> None:
        channel = claim.delivery.notification.channel
        await _note(connection, claim.alert, now, event, detail, channel=channel, by=self._instance)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                yield connection
        except asyncpg.UniqueViolationError:
            raise
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise AlertStoreError(
                f"the store of alerts can't be used ({type(error).__name__}); nothing was written. Check that "
                "PostgreSQL is up and migrated"
            ) from error


def _worst_of_each(findings: Iterable[Finding]) -> dict[str, Finding]:
    """The worst finding of each fingerprint, by fingerprint in order: two callers then open alerts in one order."""
    order = list(Level)
    worst: dict[str, Finding] = {}
    for one in findings:
        known = worst.get(one.fingerprint)
        if known is None or order.index(one.level) > order.index(known.level):
            worst[one.fingerprint] = one
    return dict(sorted(worst.items()))


async def _write(connection: Connection, transition: Transition, now: datetime) -> None:
    """The state, its history and its messages."""
    before, after = transition.before, transition.after
    if after is None:
        assert before is not None
        await connection.execute(statement("delete_alert"), before.id)
        return
    if before is None:
        await connection.execute(statement("insert_alert"), *(getattr(after, name) for name in _COLUMNS))
    else:
        await connection.execute(statement("update_alert"), *(getattr(after, name) for name in _MUTABLE))
    if transition.is_history:
        await _note(connection, after, now, transition.reason, after.summary, by=transition.by)
    if transition.stops_pending:
        await connection.execute(statement("stop_notifications"), after.id, now)
    for one in transition.notifications:
        await _queue(connection, one)
    for channel in transition.without_recipient:
        await _note(connection, after, now, "no_recipient", f"channel {channel} is not configured", channel=channel)


async def _note(
    connection: Connection,
    alert: Alert,
    now: datetime,
    event: str,
    detail: str,
    *,
    channel: str | None = None,
    by: str | None = None,
) -> None:
    await connection.execute(statement("insert_event"), alert.id, now, event, alert.tier, channel, by, detail)


async def _queue(connection: Connection, one: Notification) -> bool:
    """Whether it was not queued already."""
    queued = await connection.fetchval(
        statement("insert_notification"),
        one.key,
        one.alert_id,
        one.channel,
        one.reason,
        one.occurrence,
        one.step,
        one.fallbacks,
        one.due_at,
        one.deadline_at,
    )
    return queued is not None


async def _fall_back(
    connection: Connection, dead: Notification, channels: Mapping[str, ChannelSettings], now: datetime
) -> str | None:
    """Queue it for the first fallback that is configured and was not given this message anyway."""
    for at, name in enumerate(dead.fallbacks):
        if name not in channels:
            continue
        deadline = now + timedelta(seconds=channels[name].deadline_seconds)
        rest = dead.fallbacks[at + 1 :]
        following = replace(dead, channel=name, fallbacks=rest, due_at=now, deadline_at=deadline)
        if await _queue(connection, following):
            await connection.execute(statement("add_channel"), dead.alert_id, name)
            return name
    return None


async def _with_history(connection: Connection, alerts: list[Alert]) -> list[AlertRecord]:
    ids = [one.id for one in alerts]
    deliveries: dict[str, list[Delivery]] = {one: [] for one in ids}
    for row in await connection.fetch(statement("list_notifications"), ids):
        deliveries[row["alert_id"]].append(_delivery(row))
    events: dict[str, list[AlertEvent]] = {one: [] for one in ids}
    for row in await connection.fetch(statement("list_events"), ids):
        events[row["alert_id"]].append(AlertEvent(**{one.name: row[one.name] for one in fields(AlertEvent)}))
    return [AlertRecord(alert=one, deliveries=deliveries[one.id], events=events[one.id]) for one in alerts]


def _alert(row: asyncpg.Record) -> Alert:
    values = {name: row[name] for name in _COLUMNS}
    words = {
        "rule": Rule(row["rule"]),
        "unit": Unit(row["unit"]),
        "level": Level(row["level"]),
        "state": AlertState(row["state"]),
        "channels": tuple(row["channels"]),
    }
    return Alert(**{**values, **words})


def _delivery(row: asyncpg.Record) -> Delivery:
    return Delivery(
        id=row["id"],
        notification=Notification(
            alert_id=row["alert_id"],
            channel=row["channel"],
            reason=Reason(row["reason"]),
            occurrence=row["occurrence"],
            step=row["step"],
            due_at=row["due_at"],
            deadline_at=row["deadline_at"],
            fallbacks=tuple(row["fallbacks"]),
        ),
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        leased_by=row["leased_by"],
        lease_until=row["lease_until"],
        settled_at=row["settled_at"],
        last_error=row["last_error"],
    )
