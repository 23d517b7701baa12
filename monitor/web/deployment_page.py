"""`/deployment`: the deployment that is open or was last, and the release that is watched, for operators."""

import asyncio
from datetime import datetime, timedelta

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse

from alerts.messages.wording import one_line
from dashboards.deployment.story import Story
from dashboards.pages.deployment_page import DeploymentPage, EarlierDeployment, ReleaseView, render_deployment_page
from monitor.access import Right
from monitor.deployment.story import story_of
from monitor.pipeline import STORE_IS_AWAY
from monitor.web.site import Site

# Of a release that was there before we were, what changed lately.
_AT_MOST = timedelta(days=30)


def add_deployment_page(app: FastAPI, site: Site) -> None:
    """The route."""
    operator = Depends(site.gate.requires(Right.OPERATOR))

    @app.get("/deployment", dependencies=[operator], include_in_schema=False, response_class=HTMLResponse)
    async def deployment_page(request: Request, name: str | None = None) -> HTMLResponse:
        now = site.clock.now()
        story, earlier = await _deployments(site, name, now)
        if story is None and name is not None:
            raise HTTPException(404, "There is no such deployment.")
        page = DeploymentPage(story=story, earlier=earlier, release=await _release(site, now))
        reload = request.query_params.get("reload") != "off"
        return HTMLResponse(render_deployment_page(page, await site.frame(request), reload=reload))


async def _deployments(site: Site, name: str | None, now: datetime) -> tuple[Story | None, list[EarlierDeployment]]:
    # A store takes some of what no name can have for a fault of its own.
    if name is not None and name != one_line(name):
        return None, []
    try:
        found = await site.deployments.find(name)
        listed = await site.deployments.listed()
    except STORE_IS_AWAY as error:
        if name is not None:
            raise HTTPException(503, "The store can't be reached; try again.") from error
        return None, []
    if found is None:
        return None, []
    others = [one for one in listed if one.name != found.name]
    story = await asyncio.to_thread(story_of, found, now, site.evaluated.of(found))
    return story, [EarlierDeployment(one.name, one.opened_at, one.finished_at) for one in others]


async def _release(site: Site, now: datetime) -> ReleaseView:
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
    return ReleaseView(
        release=release,
        since=since,
        earlier=earlier,
        assessment=assessment,
        not_assessed=why,
        changes=changes,
        now=now,
    )
