"""The last day of every series as strips: read once a minute, however many look at the page."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from baselines import Series, SeriesRegistry
from baselines.postgres_history import PostgresHistory
from baselines.rollup import Hour
from dashboards.pages.strip import HOURS, Strip, strip_of
from monitor.pipeline import STORE_IS_AWAY

# A bar is an hour, so a minute is nothing; what is wrong now is told by the conditions, which are not kept.
_KEPT = timedelta(minutes=1)


class DayStrips:
    """Strips of all series of a registry; none while the store can't be asked."""

    def __init__(self, history: PostgresHistory, series: SeriesRegistry) -> None:
        self._history = history
        self._series = series
        self._asking = asyncio.Lock()
        self._hours: Mapping[str, Sequence[Hour]] | None = None
        self._read_at: datetime | None = None
        self._drawn: dict[str, tuple[float | None, Strip]] = {}

    async def renew(self, now: datetime) -> None:
        """Read them again where what there is is older than a minute, or of another hour."""
        async with self._asking:  # whoever comes meanwhile takes what the first one has read
            if self._read_at is not None and _is_fresh(self._read_at, now):
                return
            self.forget()
            try:
                self._hours = await self._history.hours(list(self._series), now - timedelta(hours=HOURS))
            except STORE_IS_AWAY:
                return
            self._read_at = now

    def forget(self) -> None:
        """Know nothing any more."""
        self._hours, self._read_at = None, None
        self._drawn.clear()

    def strip(self, series: Series, limit: float | None) -> Strip | None:
        """That of one series with its limit, in the unit of the series; None where nothing is known."""
        if self._hours is None or self._read_at is None:
            return None
        known = self._drawn.get(series.name)
        if known is None or known[0] != limit:
            drawn = strip_of(series, self._hours.get(series.name, ()), self._read_at, limit=limit)
            known = self._drawn[series.name] = (limit, drawn)
        return known[1]


def _is_fresh(read_at: datetime, now: datetime) -> bool:
    return now - read_at < _KEPT and (now.hour, now.date()) == (read_at.hour, read_at.date())
