"""`/vitals`: the web vitals of real visits, for operators."""

from datetime import datetime, timedelta

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse

from dashboards.pages.vitals_page import VitalsPage, render_vitals_page, vitals_page
from monitor.access import Right
from monitor.web.site import Site
from monitor.web.store_needed import store_needed


def add_vitals_page(app: FastAPI, site: Site) -> None:
    """The route."""

    @app.get(
        "/vitals",
        dependencies=[Depends(site.gate.requires(Right.OPERATOR))],
        include_in_schema=False,
        response_class=HTMLResponse,
    )
    async def show_vitals(request: Request) -> HTMLResponse:
        with store_needed():
            page = await _page(site)
        reload = request.query_params.get("reload") != "off"
        return HTMLResponse(render_vitals_page(page, await site.frame(request), reload=reload))


async def _page(site: Site) -> VitalsPage:
    """The last day, or what there is since the change; before it, as many days as the figures say."""
    now, figures = site.clock.now(), site.visits.figures
    start = now - timedelta(seconds=figures.shown_seconds)
    change = await _change(site, now)
    earlier = {}
    if change is not None:
        at, _ = change
        start = max(start, at)
        earlier = dict(await site.visits.between(at - timedelta(seconds=figures.before_seconds), at))
    return vitals_page(
        await site.visits.between(start, now),
        earlier,
        start=start,
        change=change,
        figures=figures,
        bands=site.visits.bands,
        now=now,
    )


async def _change(site: Site, now: datetime) -> tuple[datetime, str] | None:
    """What the portal was changed by last: a release that was first seen then, or a deployment that was opened. None
    where neither is known but for the release that was there from the beginning."""
    releases = await site.releases.since(site.environment, now - timedelta(seconds=site.visits.figures.before_seconds))
    changes = [(at, f"the release {name}") for at, name in releases[1:]]
    changes += [(one.opened_at, f"the deployment {one.name}") for one in await site.deployments.listed()]
    return max((one for one in changes if one[0] <= now), default=None)
