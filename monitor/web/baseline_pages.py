"""`/baselines`, `/baselines/{name}` and `/compare`: for operators, since they tell who captured what, and plans."""

import asyncio
from dataclasses import replace

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse

from baselines import Baseline, BaselineError
from baselines.live import NAME as LIVE
from baselines.materials import Materials
from dashboards.pages.baseline_pages import render_baseline, render_baseline_list, render_comparison
from monitor.access import Right
from monitor.comparing import Comparing, live_capture
from monitor.errors import ConfigurationError
from monitor.web.site import Site
from monitor.web.store_needed import store_needed
from thresholds import Assessment, Profile


def add_baseline_pages(app: FastAPI, site: Site) -> None:
    """The three routes."""
    operator = Depends(site.gate.requires(Right.OPERATOR))

    @app.get("/baselines", dependencies=[operator], include_in_schema=False, response_class=HTMLResponse)
    async def baseline_list(request: Request) -> HTMLResponse:
        with store_needed():
            summaries = await site.baselines.summaries()
        return HTMLResponse(render_baseline_list(summaries, await site.frame(request), site.clock.now()))

    @app.get("/baselines/{name:path}", dependencies=[operator], include_in_schema=False, response_class=HTMLResponse)
    async def one_baseline(request: Request, name: str) -> HTMLResponse:
        baseline = await _load(site, name)
        active = await site.baselines.active(baseline.environment)
        frame, now = await site.frame(request), site.clock.now()
        page = await asyncio.to_thread(render_baseline, baseline, frame, now, is_active=active == baseline.name)
        return HTMLResponse(page)

    @app.get("/compare", dependencies=[operator], include_in_schema=False, response_class=HTMLResponse)
    async def comparison(
        request: Request, before: str, after: str = LIVE, profile: Profile = Profile.STANDARD
    ) -> HTMLResponse:
        """The same as the command prints; but this page takes no further sessions and tries no index."""
        comparing = replace(site.comparing, profile=profile)
        materials = await _materials(site, comparing, await _load(site, before), after)
        frame = await site.frame(request)

        def judged() -> str:
            """Statistics of hundreds of series take longer than others would wait."""
            assessment: Assessment = comparing.assess(materials.judged(), materials.taken_at)
            return render_comparison(assessment, frame, before=materials.before, after=materials.after)

        try:
            return HTMLResponse(await asyncio.to_thread(judged))
        except BaselineError as error:
            raise HTTPException(422, str(error)) from error


async def _load(site: Site, name: str) -> Baseline:
    try:
        with store_needed():
            return await site.baselines.load(name)
    except BaselineError as error:
        raise HTTPException(404, str(error)) from error


async def _materials(site: Site, comparing: Comparing, before: Baseline, after: str) -> Materials:
    now = site.clock.now()
    try:
        with store_needed():
            if after == LIVE:
                live = await live_capture(site.measurements, site.ledger, site.watch.series, site.configuration, now)
                if live is None:
                    raise HTTPException(
                        409, "There is no live session yet: a series must have been measured 20 times undisturbed."
                    )
                return await comparing.materials(before, live, until=now)
            capture = await _load(site, after)
            return await comparing.materials(before, capture, look=await comparing.look_due(capture))
    except (BaselineError, ConfigurationError) as error:
        raise HTTPException(422, str(error)) from error
