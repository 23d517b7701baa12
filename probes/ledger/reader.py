"""One reading of everything that may explain a change: each watched database, and the host."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from baselines.clock import Clock
from baselines.ledger import LedgerEntry
from probes.database.link import DatabaseLink
from probes.ledger.database import DatabaseFacts
from probes.ledger.host import host_entry
from probes.probe import Links
from probes.targets import HttpTarget, PostgresTarget

# Every so many readings all facts come again: what was lost on its way to the store is found again.
_WHOLE_EVERY = 15


class LedgerReader:
    """Reads over the links that the probes use; nothing is opened but what a probe would open."""

    def __init__(self, targets: Mapping[str, PostgresTarget | HttpTarget], links: Links, clock: Clock) -> None:
        self._databases = [
            DatabaseFacts(name, links.to(name, DatabaseLink), clock)
            for name, target in targets.items()
            if isinstance(target, PostgresTarget)
        ]
        self._host = ""
        self._readings = 0

    async def read(self, at: datetime) -> list[LedgerEntry]:
        """The sections that may have changed since the reading before, dated `at`; all of them the first time.

        Never raises for a target: what can't be read now is left out, and logged.
        """
        if self._readings % _WHOLE_EVERY == 0:
            self._host = ""
            for database in self._databases:
                database.forget()
        self._readings += 1
        entries = [entry for read in await asyncio.gather(*(one.read(at) for one in self._databases)) for entry in read]
        host = host_entry(at)
        if host.digest != self._host:
            entries.append(host)
            self._host = host.digest
        return entries
