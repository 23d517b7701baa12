"""`/deployment`: the release that is watched, for operators."""

import asyncio
from datetime import datetime, timedelta

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse

from dashboards.pages.deployment_page import DeploymentPage, render_deployment_page
from monitor.access import Right
from monitor.pipeline import STORE_IS_AWAY
from monitor.web.site import Site

# Of a release that was there before we were, what changed lately.
_AT_MOST = timedelta(days=30)


def add_deployment_page(app: FastAPI, site: Site) -> None:
    """The route."""
    operator = Depends(site.gate.requires(Right.OPERATOR))

    @app.get("/deployment", dependencies=[operator], include_in_schema=False, response_class=HTMLResponse)
    async def deployment_page(request: Request) -> HTMLResponse:
        page = await _page(site, site.clock.now())
        return HTMLResponse(render_deployment_page(page, await site.frame(request)))


async def _page(site: Site, now: datetime) -> DeploymentPage:
    release = site.configuration.settings.release
    since = earlier = changes = None
    try:
        since = await site.releases.first_seen(site.environment, release, now)
        # From just before it was seen: what came with it is part of it.
        start = max(since - timedelta(minutes=5), now - _AT_MOST)
        changes = await site.ledger.between(site.environment, start, now)
        known = await site.releases.since(site.environment, since)
        earlier = next((name for at, name in known if at < since), None)
    except STORE_IS_AWAY:
        pass
    comparison = site.watch.comparison
    assessment = None if comparison is None else await asyncio.to_thread(site.comparing.assess, comparison, now)
    why = site.watch.not_compared or (
        "No baseline is active, or too little was measured yet: nothing says whether this release is slower."
    )
    return DeploymentPage(
        release=release,
        since=since,
        earlier=earlier,
        assessment=assessment,
        not_assessed=why,
        changes=changes,
        now=now,
    )
