"""The book of alerts out of PostgreSQL, and back into it."""

from datetime import datetime, timedelta

import asyncpg

from alerts.adoption import ended_in_favour_of, merge
from alerts.alert import Alert, AlertState
from alerts.book import Book
from alerts.notification import Delivery, DeliveryState
from alerts.postgres import Connection, transaction
from alerts.rows import (
    alert_of,
    changed_alert_row,
    delivery_of,
    new_alert_row,
    notification_row,
    silence_of,
    silence_row,
)
from alerts.sql import statement

# An alert that ended longer ago gives its successor nothing, not even an id that anybody would know.
_REMEMBERED = timedelta(days=2)


class PostgresLibrary:
    """`Library` on a pool of connections to the migrated store."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def read(self, now: datetime) -> Book:
        """What an instance needs to go on by itself, as `Library.read` says."""
        async with transaction(self._pool) as connection:
            alerts = [
                alert_of(row)
                for row in await connection.fetch(statement("select_remembered_alerts"), now - _REMEMBERED)
            ]
            waiting = await connection.fetch(statement("list_waiting_notifications"))
            silences = [silence_of(row) for row in await connection.fetch(statement("list_silences"), now)]
        deliveries = [delivery_of(row) for row in waiting]
        return Book(
            alerts={one.id: one for one in alerts},
            deliveries={one.notification.key: one for one in deliveries},
            silences={one.id: one for one in silences},
        )

    async def adopt(self, book: Book, now: datetime) -> None:
        """Take in what the store does not know, as `Library.adopt` says."""
        async with transaction(self._pool) as connection:
            await connection.execute(statement("lock_alerts"))
            for one in sorted(book.changed):
                await _adopt_alert(connection, book.alerts[one])
            known = await _known(connection, {one.alert_id for one in book.events})
            events = [one for one in book.events if one.alert_id in known]
            await connection.executemany(
                statement("adopt_event"),
                [(one.alert_id, one.at, one.event, one.tier, one.channel, one.by, one.detail) for one in events],
            )
            deliveries = [book.deliveries[key] for key in sorted(book.settled) if key in book.deliveries]
            known = await _known(connection, {one.notification.alert_id for one in deliveries})
            await connection.executemany(
                statement("adopt_notification"),
                [_delivery_row(one) for one in deliveries if one.notification.alert_id in known],
            )
            await connection.executemany(
                statement("adopt_silence"), [silence_row(one) for one in book.silences.values()]
            )
            await connection.executemany(
                statement("adopt_link"),
                [
                    (
                        one.digest,
                        one.channel,
                        list(one.occurrences),
                        list(one.occurrences.values()),
                        one.expires_at,
                        one.used_at,
                        one.used_by,
                    )
                    for one in book.links.values()
                    if one.expires_at > now
                ],
            )


async def _adopt_alert(connection: Connection, decided: Alert) -> None:
    row = await connection.fetchrow(statement("select_alert_for_change"), decided.id)
    kept = merge(None if row is None else alert_of(row), decided)
    if kept.state is not AlertState.RESOLVED:
        others = await connection.fetch(statement("select_open_alerts"), [kept.fingerprint])
        other = next((alert_of(one) for one in others if one["id"] != kept.id), None)
        if other is not None:
            kept = ended_in_favour_of(kept, other)
    if row is None:
        await connection.execute(statement("insert_alert"), *new_alert_row(kept))
    else:
        await connection.execute(statement("update_alert"), *changed_alert_row(kept))
    if kept.state in (AlertState.RESOLVED, AlertState.ACKNOWLEDGED) and kept != decided:
        # Decided elsewhere: what was to be told here of it is no more so, but for the end itself.
        await connection.execute(statement("stop_notifications"), [kept.id], kept.updated_at)


async def _known(connection: Connection, ids: set[str]) -> set[str]:
    return {row["id"] for row in await connection.fetch(statement("select_alerts"), list(ids))}


def _delivery_row(one: Delivery) -> tuple[object, ...]:
    """What was being sent when the store came back is tried again."""
    state = DeliveryState.PENDING if one.state is DeliveryState.LEASED else one.state
    return (*notification_row(one.notification), state, one.attempts, one.settled_at, one.last_error, one.fallen_at)
