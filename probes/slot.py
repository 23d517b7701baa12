"""One probe with what its runner keeps of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from baselines.series import Series
from probes.back_off import BackOff
from probes.errors import ProbesError
from probes.probe import Probe
from probes.reading import Reading
from probes.settings import ProbeSettings

T = TypeVar("T")


class Slot:
    """One probe with what the runner keeps of it: its lock (runs never overlap), the count of its runs, its restraint.

    `limit_seconds` is its deadline, for the wait for its turn and again for the run.
    """

    def __init__(self, settings: ProbeSettings, probe: Probe) -> None:
        self.settings = settings
        self.probe = probe
        self.series = settings.series()
        self.limit_seconds = settings.timeout_seconds
        self._by_metric = {series.metric: series for series in self.series}
        self.lock = asyncio.Lock()
        self.back_off = BackOff(settings.interval_seconds)
        self.runs = 0

    async def in_turn(self, act: Callable[[], Awaitable[T]]) -> T | None:
        """What `act` gives; None where the probe does not get its turn within its deadline."""
        async with self.lock:
            turn = self.probe.turn()
            if turn is None:
                return await act()
            try:
                async with asyncio.timeout(self.limit_seconds):
                    await turn.acquire()
            except TimeoutError:
                return None
            try:
                return await act()
            finally:
                turn.release()

    def series_of(self, reading: Reading) -> Series:
        """The series that the reading is of."""
        return self._by_metric[reading.metric or self.settings.name]

    def require_all_series(self, readings: Sequence[Reading]) -> None:
        """Raises ProbesError where the readings are not one for each series: no gap, and nothing unheard of."""
        metrics = {one.metric or self.settings.name for one in readings}
        if metrics != self._by_metric.keys() or len(readings) != len(metrics):
            declared = sorted(self._by_metric)
            raise ProbesError(f"kind {self.settings.kind} read {sorted(metrics)} and declares {declared}, once each")
