"""What the house needs of whatever keeps its baselines and measurements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from baselines.baseline import Approval, Baseline
from baselines.ledger import Change, LedgerEntry, Section
from baselines.measurement import Measurement
from baselines.rollup import Rollup
from baselines.samples import Samples
from baselines.series import SeriesRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSummary:
    """A line of the list of baselines. `extends` is the name of the capture this one adds sessions to."""

    name: str
    environment: str
    release: str
    captured_by: str
    started_at: datetime
    finished_at: datetime
    sessions: int
    series: int
    active: bool
    approval: Approval | None
    extends: str | None


class BaselineStore(Protocol):
    """Immutable baselines, and which of them is active in an environment."""

    async def save(self, baseline: Baseline, *, extends: str | None = None, activate: bool = True) -> None:
        """Write it whole or not at all, with its approval. The first one of an environment becomes active, unless it
        extends another or `activate` is False.

        Raises BaselineError where the name is taken, or where a series changed its unit or direction.
        """
        ...

    async def load(self, name: str) -> Baseline:
        """The baseline with the sessions of those that extend it. Raises BaselineError where there is none."""
        ...

    async def active(self, environment: str) -> str | None:
        """The name of the active baseline, None where there is none."""
        ...

    async def approve(self, name: str, approval: Approval) -> None:
        """Approve a baseline and make it its environment's active one. Raises BaselineError where there is none."""
        ...

    async def delete(self, name: str) -> None:
        """Delete a baseline with the captures that extend it.

        Raises BaselineError where there is none, where it is active, and for one that extends another.
        """
        ...

    async def summaries(self) -> list[BaselineSummary]:
        """All baselines, oldest first."""
        ...

    async def history(self, baseline: Baseline, *, besides: str = "") -> Mapping[str, Sequence[Samples]]:
        """By series, the sessions of other captures of the same release and environment, oldest first.

        `besides` names the capture it is compared with, which must not teach what usual scatter is.
        """
        ...


class MeasurementStore(Protocol):
    """Measurements in chunks with rollups."""

    async def register(self, series: SeriesRegistry) -> None:
        """Make the series known. Raises BaselineError where one changed its unit or direction."""
        ...

    async def append(self, measurements: Sequence[Measurement]) -> None:
        """Write a batch; all series must be registered."""
        ...

    async def since(
        self, series: Sequence[str], start: datetime, end: datetime | None = None
    ) -> dict[str, list[Measurement]]:
        """By series, the measurements from `start` on and, where given, before `end`, in the order of time."""
        ...

    async def rollups(self, series: Sequence[str], start: datetime) -> dict[str, list[Rollup]]:
        """By series, the figures of the closed hours that began at or after `start`, in the order of time."""
        ...


class Ledger(Protocol):
    """What changed in the watched systems, by environment."""

    async def append(self, environment: str, entry: LedgerEntry) -> Sequence[Change]:
        """Keep what differs from the section's facts so far, and return it; an entry older than those is left out.

        Facts of a section that is read for the first time are kept, and are no changes.
        """
        ...

    async def between(self, environment: str, start: datetime, end: datetime) -> Sequence[Change]:
        """What differs between the states at two instants, oldest first.

        A section that nobody had read by the first instant has no state there, and is left out.
        """
        ...

    async def state(self, environment: str, at: datetime, section: Section | None = None) -> Sequence[LedgerEntry]:
        """All facts as they were at an instant; of one section where one is named."""
        ...
