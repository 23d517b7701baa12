"""The change ledger in PostgreSQL: one row for each change of an item, so that what does not change costs nothing."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from baselines.ledger import Change, LedgerEntry, Section
from baselines.sql import statement


class PostgresLedger:
    """`Ledger` on a pool of connections to the migrated store."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def append(self, environment: str, entry: LedgerEntry) -> Sequence[Change]:
        """Keep what differs from the section's facts so far, all or nothing, as `Ledger.append` says."""
        async with self._pool.acquire() as connection, connection.transaction():
            section = await connection.fetchrow(
                statement("note_ledger_section"), environment, entry.source, entry.section, entry.digest, entry.at
            )
            if section is None:
                return []
            rows = await connection.fetch(statement("select_section_facts"), section["id"])
            changes = entry.changes_since({row["item"]: row["value"] for row in rows})
            await connection.execute(
                statement("insert_ledger_facts"),
                section["id"],
                entry.at,
                [one.item for one in changes],
                [one.after for one in changes],
            )
        return [] if section["is_new"] else changes

    async def between(self, environment: str, start: datetime, end: datetime) -> Sequence[Change]:
        """What differs between the states at two instants, oldest first."""
        rows = await self._pool.fetch(statement("select_ledger_changes"), environment, start, end)
        return [Change(**{**row, "section": Section(row["section"])}) for row in rows]

    async def state(self, environment: str, at: datetime, section: Section | None = None) -> Sequence[LedgerEntry]:
        """All facts as they were at an instant; of one section where one is named. Each has its last change as `at`."""
        facts = defaultdict[tuple[str, Section], dict[str, str]](dict)
        changed_at: dict[tuple[str, Section], datetime] = {}
        for row in await self._pool.fetch(statement("select_ledger_state"), environment, at, section):
            key = row["source"], Section(row["section"])
            facts[key][row["item"]] = row["value"]
            changed_at[key] = max(row["at"], changed_at.get(key, row["at"]))
        return [
            LedgerEntry(source=source, section=one, at=changed_at[source, one], facts=of_section)
            for (source, one), of_section in facts.items()
        ]

    async def prune(self, before: datetime) -> None:
        """Forget statistics that were taken anew before; all else is kept, since a baseline may be of any age."""
        await self._pool.execute(statement("prune_ledger"), before, Section.STATISTICS)
