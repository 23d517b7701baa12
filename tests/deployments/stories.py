"""Stories of deployments that were played into a real store."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from dashboards import Story
from monitor.database import store_pool
from monitor.deployment.postgres import PostgresDeployments
from monitor.deployment.story import story_of

NOW = datetime(2026, 3, 2, 14, 41, tzinfo=UTC)


def story_from(
    store: str, play: Callable[[PostgresDeployments, datetime], Awaitable[object]], *, now: datetime = NOW
) -> Story:
    """What is told of it at NOW, up to which it is played."""

    async def run() -> Story:
        async with store_pool(store) as pool:
            deployments = PostgresDeployments(pool, "production")
            await play(deployments, NOW)
            return story_of(await deployments.current(), now)

    return asyncio.run(run())
