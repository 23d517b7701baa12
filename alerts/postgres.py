"""Alerts in PostgreSQL; what is on its way lies in `alerts.postgres_outbox`."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeAlias

import asyncpg

from alerts.alert import Alert, AlertState
from alerts.errors import AlertNotFoundError, AlertStoreError, SilenceNotFoundError
from alerts.evaluation import decide_all, inhibited_by, speakers, worst_of_each
from alerts.history import events_of
from alerts.mutes import Mutes
from alerts.notification import Delivery
from alerts.people import acknowledge, fall_silent, resolve, retire, speak_again
from alerts.policy import Policy
from alerts.rows import (
    alert_of,
    changed_alert_row,
    delivery_of,
    event_of,
    new_alert_row,
    notification_row,
    silence_of,
    silence_row,
)
from alerts.silence import Silence
from alerts.sql import statement
from alerts.steps import advance
from alerts.store import AlertCounts, AlertEvent, AlertRecord
from alerts.transition import Transition
from thresholds.finding import Finding, Level

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

_DUE_AT_ONCE = 100


@asynccontextmanager
async def transaction(pool: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[Connection]:
    """A transaction on the store. Raises AlertStoreError where the store can't be asked, or refuses."""
    try:
        async with pool.acquire() as connection, connection.transaction():
            yield connection
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        raise AlertStoreError(
            f"the store of alerts can't be used ({type(error).__name__}); nothing was written. Check that "
            "PostgreSQL is up and migrated"
        ) from error


class PostgresAlerts:
    """`AlertStore` on a pool of connections to the migrated store."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", policy: Policy) -> None:
        self._pool = pool
        self._policy = policy

    async def record(self, findings: Iterable[Finding], now: datetime) -> list[Transition]:
        """Decide on each finding and write what follows, as `AlertStore.record` says."""
        worst = worst_of_each(findings)
        if not worst or await self._all_is_well(worst):
            return []
        async with self._changing() as connection:
            fingerprints = list(worst)
            latest = {
                row["fingerprint"]: alert_of(row)
                for row in await connection.fetch(statement("select_latest_alerts"), fingerprints)
            }
            current = {name: one for name, one in latest.items() if one.state is not AlertState.RESOLVED}
            ended = {name: one for name, one in latest.items() if one.state is AlertState.RESOLVED}
            transitions = decide_all(worst, current, ended, await self._mutes(connection, now), self._policy, now)
            if graver := speakers(transitions):
                decided = {one.after.id for one in transitions if one.after}
                others = await _alerts(connection, "select_standing_alerts")
                untouched = [one for one in others if one.id not in decided]
                transitions += inhibited_by(graver, untouched, self._policy, now)
            await write(connection, transitions, now)
            return transitions

    async def advance(self, now: datetime) -> list[Transition]:
        """Take the steps that are due, as `AlertStore.advance` says."""
        if (await self.count(now)).due_since is None:
            return []
        async with self._changing() as connection:
            due = await _alerts(connection, "select_due_alerts", now, _DUE_AT_ONCE)
            mutes = await self._mutes(connection, now)
            taken = [advance(one, self._policy, now, mutes) for one in due]
            transitions = [one for one in taken if one is not None]
            await write(connection, transitions, now)
            return transitions

    async def acknowledge(self, alert_id: str, by: str, now: datetime) -> Transition:
        """Stop everything pending, as `AlertStore.acknowledge` says."""
        async with self._changing() as connection:
            transition = acknowledge(await _alert_for_change(connection, alert_id), by, self._policy, now)
            await write(connection, [transition], now)
            return transition

    async def resolve(self, alert_id: str, by: str, now: datetime) -> Transition:
        """End it by hand, as `AlertStore.resolve` says."""
        async with self._changing() as connection:
            transition = resolve(await _alert_for_change(connection, alert_id), by, self._policy, now)
            await write(connection, [transition], now)
            return transition

    async def retire(self, series: Collection[str], now: datetime) -> list[Transition]:
        """End what nothing would end, as `AlertStore.retire` says."""
        async with self._changing() as connection:
            gone = await _alerts(connection, "select_unmeasured_alerts", list(series))
            transitions = [retire(one, self._policy, now) for one in gone]
            await write(connection, transitions, now)
            return transitions

    async def add_silence(self, silence: Silence, now: datetime) -> list[Transition]:
        """Keep it, and keep quiet what it covers, as `AlertStore.add_silence` says."""
        async with self._changing() as connection:
            await connection.execute(statement("insert_silence"), *silence_row(silence))
            standing = await _alerts(connection, "select_standing_alerts")
            transitions = fall_silent(standing, Mutes(self._policy, [silence]), now)
            await write(connection, transitions, now)
            return transitions

    async def end_silence(self, silence_id: str, now: datetime) -> Silence:
        """End it now, as `AlertStore.end_silence` says."""
        ended = await self._end_silences(silence_id, None, now)
        if not ended:
            raise SilenceNotFoundError(f"there is no silence {silence_id} that has not ended")
        return ended[0]

    async def end_silences_of(self, deployment: str, now: datetime) -> list[Silence]:
        """End those of a deployment, as `AlertStore.end_silences_of` says."""
        return await self._end_silences(None, deployment, now)

    async def list_silences(self, now: datetime) -> list[Silence]:
        """Those that have not ended."""
        async with transaction(self._pool) as connection:
            return await _silences(connection, now)

    async def list_alerts(self, states: Collection[AlertState], limit: int = 100) -> list[AlertRecord]:
        """Alerts in these states, the newest first."""
        async with transaction(self._pool) as connection:
            return await _with_history(connection, await _alerts(connection, "list_alerts", list(states), limit))

    async def find_alert(self, alert_id: str) -> AlertRecord | None:
        """One alert, None where no alert has this id."""
        async with transaction(self._pool) as connection:
            records = await _with_history(connection, await _alerts(connection, "select_alert", alert_id))
            return records[0] if records else None

    async def history(self, since: datetime, until: datetime) -> list[AlertEvent]:
        """Everything that happened, as `AlertStore.history` says."""
        async with transaction(self._pool) as connection:
            return [event_of(row) for row in await connection.fetch(statement("list_history"), since, until)]

    async def count(self, now: datetime) -> AlertCounts:
        """How many alerts stand where, and how much waits."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(statement("count_open_alerts"))
            waiting = await connection.fetchrow(statement("count_waiting"), now)
        assert waiting is not None
        counts = {(row["tier"], row["state"]): row["alerts"] for row in rows}
        return AlertCounts(counts, waiting["waiting"], waiting["due_since"])

    async def _all_is_well(self, findings: dict[str, Finding]) -> bool:
        """Whether nothing is bad, and nothing open that good news would change: the usual case, and a cheap one."""
        if any(one.level is not Level.OK for one in findings.values()):
            return False
        async with transaction(self._pool) as connection:
            return not await connection.fetch(statement("select_open_alerts"), list(findings))

    async def _end_silences(self, silence_id: str | None, deployment: str | None, now: datetime) -> list[Silence]:
        async with self._changing() as connection:
            rows = await connection.fetch(statement("end_silences"), silence_id, deployment, now)
            ended = [silence_of(row) for row in rows]
            standing = await _alerts(connection, "select_standing_alerts")
            for one in ended:
                await write(connection, speak_again(standing, one.id, now), now)
            return ended

    async def _mutes(self, connection: Connection, now: datetime) -> Mutes:
        speaking = await _alerts(connection, "select_speaking_alerts")
        return Mutes(self._policy, await _silences(connection, now), speaking)

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[Connection]:
        async with transaction(self._pool) as connection:
            await connection.execute(statement("lock_alerts"))
            yield connection


async def write(connection: Connection, transitions: Sequence[Transition], now: datetime) -> None:
    """States, history and notifications of these changes, in as few statements as there are kinds of rows."""
    new = [one.after for one in transitions if one.after and one.before is None]
    changed = [one.after for one in transitions if one.after and one.before is not None]
    forgotten = [one.before.id for one in transitions if one.before and one.after is None]
    stopped = [one.after.id for one in transitions if one.after and one.stops_pending]
    untold = [one.after.id for one in transitions if one.after and one.forgets_untold]
    notifications = [queued for one in transitions for queued in one.notifications]
    if forgotten:
        await connection.execute(statement("delete_alerts"), forgotten)
    if new:
        await connection.executemany(statement("insert_alert"), [new_alert_row(one) for one in new])
    if changed:
        await connection.executemany(statement("update_alert"), [changed_alert_row(one) for one in changed])
    await note(connection, [event for one in transitions for event in events_of(one, now)])
    if stopped:
        await connection.execute(statement("stop_notifications"), stopped, now)
    if untold:
        await connection.execute(statement("forget_untold_channels"), untold)
    if notifications:
        known = [queued for one in transitions if one.before is not None for queued in one.notifications]
        newer = [(one.alert_id, one.channel, now, one.key) for one in known]
        await connection.executemany(statement("overtake_notifications"), newer)
        await connection.executemany(statement("insert_notification"), [notification_row(one) for one in notifications])


async def note(connection: Connection, events: Sequence[AlertEvent]) -> None:
    """Add lines to the history."""
    if events:
        rows = [(one.alert_id, one.at, one.event, one.tier, one.channel, one.by, one.detail) for one in events]
        await connection.executemany(statement("insert_event"), rows)


async def _alerts(connection: Connection, name: str, *arguments: object) -> list[Alert]:
    return [alert_of(row) for row in await connection.fetch(statement(name), *arguments)]


async def _alert_for_change(connection: Connection, alert_id: str) -> Alert:
    found = await _alerts(connection, "select_alert_for_change", alert_id)
    if not found:
        raise AlertNotFoundError(f"no alert has the id {alert_id!r}")
    return found[0]


async def _silences(connection: Connection, now: datetime) -> list[Silence]:
    return [silence_of(row) for row in await connection.fetch(statement("list_silences"), now)]


async def _with_history(connection: Connection, alerts: list[Alert]) -> list[AlertRecord]:
    ids = [one.id for one in alerts]
    deliveries: dict[str, list[Delivery]] = {one: [] for one in ids}
    for row in await connection.fetch(statement("list_notifications"), ids):
        deliveries[row["alert_id"]].append(delivery_of(row))
    events: dict[str, list[AlertEvent]] = {one: [] for one in ids}
    for row in await connection.fetch(statement("list_events"), ids):
        events[row["alert_id"]].append(event_of(row))
    return [AlertRecord(alert=one, deliveries=deliveries[one.id], events=events[one.id]) for one in alerts]
