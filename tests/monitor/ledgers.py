"""A change ledger in memory, for tests without a store."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from baselines import Change, LedgerEntry


@dataclass
class KeptEntries:
    """`baselines.store.Ledger` that keeps what it was given, in that order, and answers nothing."""

    entries: list[LedgerEntry] = field(default_factory=list)

    async def append(self, environment: str, entry: LedgerEntry) -> Sequence[Change]:  # noqa: ARG002
        """Keep it."""
        self.entries.append(entry)
        return []

    async def between(self, *_: object, **__: object) -> Sequence[Change]:
        """Nothing ever changes."""
        return []

    async def state(self, *_: object, **__: object) -> Sequence[LedgerEntry]:
        """Nothing was ever true."""
        return []
