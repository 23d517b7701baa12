"""`/checks`: the checks that follow a deployment, for operators."""

from datetime import timedelta

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse

from dashboards.pages.checks_page import CheckRun, CheckSection, ChecksPage, history_of, render_checks_page
from monitor.access import Right
from monitor.web.site import Site
from monitor.web.store_needed import store_needed
from thresholds import CheckKind, load_schedule

_HISTORY_OF = timedelta(days=7)


def add_checks_page(app: FastAPI, site: Site) -> None:
    """The route."""

    @app.get(
        "/checks",
        dependencies=[Depends(site.gate.requires(Right.OPERATOR))],
        include_in_schema=False,
        response_class=HTMLResponse,
    )
    async def checks_page(request: Request) -> HTMLResponse:
        with store_needed():
            page = await _page(site)
        reload = request.query_params.get("reload") != "off"
        return HTMLResponse(render_checks_page(page, await site.frame(request), reload=reload))


async def _page(site: Site) -> ChecksPage:
    now, every = site.clock.now(), load_schedule().after_deployment
    start = now - _HISTORY_OF
    latest = await site.checks.latest(site.environment)
    runs = await site.checks.since(site.environment, start)
    return ChecksPage(
        sections=[
            CheckSection(
                kind=kind,
                every_seconds=every[kind],
                report=latest.get(kind),
                history=history_of([CheckRun(one.at, one.components) for one in runs if one.kind is kind], start, now),
            )
            for kind in CheckKind
        ],
        scheduled=site.configuration.settings.checks.always or await site.deployments.find_open() is not None,
        now=now,
    )
