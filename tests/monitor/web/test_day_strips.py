"""The last day of every series, read once a minute."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from baselines.postgres_history import PostgresHistory
from baselines.rollup import Hour
from dashboards.pages.strip import Standing
from monitor.database import store_pool
from monitor.web.day_strips import DayStrips
from tests.baselines.test_postgres_history import SERIES, filled
from tests.clocks import START


class CountedHistory(PostgresHistory):
    """The real one, and how often it was asked."""

    asked = 0

    async def hours(self, series: Sequence[str], start: datetime) -> dict[str, list[Hour]]:
        """As ever."""
        self.asked += 1
        return await super().hours(series, start)


def test_a_crowd_asks_the_store_once_a_minute(store: str) -> None:
    """Whoever comes within the minute sees the same; after it, and in a new hour, it is read again."""

    async def run() -> None:
        async with store_pool(store) as pool:
            await filled(pool)
            history = CountedHistory(pool)
            strips = DayStrips(history, SERIES)
            now = START + timedelta(minutes=128)
            await asyncio.gather(*(strips.renew(now) for _ in range(20)))
            assert history.asked == 1
            drawn = strips.strip(SERIES["q.a"], None)
            assert drawn is not None
            assert drawn.standings[-3:] == [Standing.WELL, Standing.FAILED, Standing.FAILED]
            assert strips.strip(SERIES["q.a"], None) is drawn
            limited = strips.strip(SERIES["q.a"], 0.001)
            assert limited is not None
            assert limited.standings[-3] is Standing.OVER
            await strips.renew(now + timedelta(seconds=59))
            assert history.asked == 1
            await strips.renew(now + timedelta(seconds=61))
            assert history.asked == 2
            await strips.renew(START + timedelta(minutes=180))
            await strips.renew(START + timedelta(minutes=180, seconds=1))
            assert history.asked == 3

    asyncio.run(run())


def test_without_the_store_nothing_is_drawn() -> None:
    """Nothing is known, which is not the same as nothing measured; the next one asks again."""

    async def run() -> None:
        async with asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/none", min_size=0) as pool:
            history = CountedHistory(pool)
            strips = DayStrips(history, SERIES)
            await strips.renew(START)
            assert strips.strip(SERIES["q.a"], None) is None
            await strips.renew(START)
            assert history.asked == 2

    asyncio.run(run())
