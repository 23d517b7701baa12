"""The outbox in PostgreSQL, and the links that its messages carry."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg

from alerts.alert import Alert
from alerts.errors import LinkError
from alerts.history import event_of_delivery
from alerts.link import AcknowledgeLink
from alerts.notification import Attempt, Batch, Claim, DeliveryState, Notification, Reason
from alerts.outbox import acknowledged_by, due_again, falls
from alerts.policy import Policy
from alerts.postgres import Connection, note, transaction, write
from alerts.rows import alert_of, delivery_of, link_of, notification_row
from alerts.settings import ChannelSettings
from alerts.sql import statement
from alerts.store import Burial, Scope
from alerts.transition import Transition

_CAN_WAIT = [one.value for one in Reason if not one.is_urgent]


class PostgresOutbox:
    """`Outbox` on a pool of connections to the migrated store.

    `instance` is written into the history of what this process delivers.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", policy: Policy, instance: str) -> None:
        self._pool = pool
        self._policy = policy
        self._instance = instance

    async def claim(self, channel: str, now: datetime, lease_until: datetime, scope: Scope) -> Batch | None:
        """What the channel's next message tells, as `Outbox.claim` says."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(
                statement("claim_notifications"), channel, now, self._instance, lease_until, scope, _CAN_WAIT
            )
            if not rows:
                return None
            alerts = await _alerts(connection, {row["alert_id"] for row in rows})
            claims = [Claim(delivery_of(row), alerts[row["alert_id"]], row["is_first"]) for row in rows]
            return Batch(tuple(sorted(claims, key=lambda one: one.delivery.id)))

    async def confirm(self, batch: Batch, now: datetime) -> bool:
        """Delivered, as `Outbox.confirm` says."""
        async with transaction(self._pool) as connection:
            # Whoever settles several rows takes this first, so that nobody waits for anybody in a circle.
            await connection.execute(statement("lock_alerts"))
            rows = await connection.fetch(statement("confirm_notifications"), *_held(batch), self._instance, now)
            confirmed = {row["id"] for row in rows}
            await connection.execute(statement("settle_chains"), list(confirmed), now)
            told = [one for one in batch.claims if one.delivery.id in confirmed]
            await note(
                connection, [event_of_delivery(one, now, DeliveryState.DELIVERED, self._instance) for one in told]
            )
            return len(confirmed) == len(batch.claims)

    async def give_back(self, batch: Batch, attempt: Attempt, now: datetime, due_at: datetime) -> list[Burial]:
        """Failed, as `Outbox.give_back` says."""
        async with transaction(self._pool) as connection:
            await connection.execute(statement("lock_alerts"))
            ids, attempts = _held(batch)
            due = [due_again(one.delivery, now, due_at) for one in batch.claims]
            rows = await connection.fetch(
                statement("retry_notifications"), ids, attempts, self._instance, due, attempt.error
            )
            waiting = {row["id"] for row in rows if row["state"] == DeliveryState.PENDING}
            failed = [one for one in batch.claims if one.delivery.id in waiting]
            await note(
                connection,
                [event_of_delivery(one, now, attempt.outcome, self._instance, attempt.error) for one in failed],
            )
            fallen = [one for one in failed if falls(one.delivery, now)]
            await connection.execute(statement("lay_with_dead_letters"), [one.delivery.id for one in fallen], now)
            return [await self._bury(connection, one, now) for one in fallen]

    async def give_up_on_unknown(self, now: datetime) -> list[Burial]:
        """What nobody here can send, as `Outbox.give_up_on_unknown` says."""
        async with transaction(self._pool) as connection:
            await connection.execute(statement("lock_alerts"))
            rows = await connection.fetch(statement("select_unsendable"), list(self._policy.channels), now)
            alerts = await _alerts(connection, {row["alert_id"] for row in rows})
            claims = [Claim(delivery_of(row), alerts[row["alert_id"]]) for row in rows]
            await connection.execute(statement("lay_with_dead_letters"), [one.delivery.id for one in claims], now)
            return [await self._bury(connection, one, now) for one in claims]

    async def keep_link(self, link: AcknowledgeLink) -> None:
        """Remember a link, as `Outbox.keep_link` says."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                statement("insert_link"),
                link.digest,
                link.channel,
                list(link.occurrences),
                list(link.occurrences.values()),
                link.expires_at,
            )

    async def find_link(self, digest: str) -> AcknowledgeLink | None:
        """The link of that hash."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(statement("select_link"), digest)
            return None if row is None else link_of(row)

    async def use_link(self, digest: str, by: str, now: datetime) -> list[Transition]:
        """Acknowledge what it stands for, as `Outbox.use_link` says."""
        async with transaction(self._pool) as connection:
            await connection.execute(statement("lock_alerts"))
            row = await connection.fetchrow(statement("select_link"), digest)
            if row is None:
                raise LinkError("this link is not known here; acknowledge on the alert's page")
            link = link_of(row)
            link.require_usable(now)
            alerts = await _alerts(connection, set(link.occurrences))
            transitions = acknowledged_by(link, alerts, by, self._policy, now)
            await connection.execute(statement("use_link"), digest, now, by)
            await write(connection, transitions, now)
            return transitions

    async def prune_links(self, before: datetime) -> None:
        """Forget links that expired before that."""
        async with transaction(self._pool) as connection:
            await connection.execute(statement("prune_links"), before)

    async def _bury(self, connection: Connection, claim: Claim, now: datetime) -> Burial:
        dead = claim.delivery.notification
        fallback = await _fall_back(connection, dead, self._policy.channels, now)
        told = "nobody is left to fall to" if fallback is None else f"falls to {fallback}"
        await note(connection, [event_of_delivery(claim, now, DeliveryState.DEAD, self._instance, told)])
        return Burial(dead.channel, fallback)


def _held(batch: Batch) -> tuple[list[int], list[int]]:
    return [one.delivery.id for one in batch.claims], [one.delivery.attempts for one in batch.claims]


async def _alerts(connection: Connection, ids: set[str]) -> dict[str, Alert]:
    return {row["id"]: alert_of(row) for row in await connection.fetch(statement("select_alerts"), list(ids))}


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
        if await connection.fetchval(statement("insert_notification"), *notification_row(following)) is not None:
            await connection.execute(statement("add_channel"), dead.alert_id, name)
            return name
    return None
