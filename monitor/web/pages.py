"""The built-in pages: which path shows what, to whom."""

from http import HTTPStatus
from urllib.parse import quote

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException

from alerts import UNANSWERED, AlertState, AlertStoreError
from dashboards.pages.icon import ICON
from dashboards.pages.runbooks import render_runbook, render_runbook_list, runbook
from dashboards.status_page import render_status_page
from monitor.access import Right
from monitor.web.baseline_pages import add_baseline_pages
from monitor.web.checks_page import add_checks_page
from monitor.web.deployment_page import add_deployment_page
from monitor.web.errors_page import add_errors_pages
from monitor.web.login import add_login
from monitor.web.series_page import add_series_page
from monitor.web.site import Site
from monitor.web.status import status_view
from monitor.web.system_page import add_system_page
from monitor.web.vitals_page import add_vitals_page

# What the status page lists: resolved alerts are history.
SHOWN = (*UNANSWERED, AlertState.ACKNOWLEDGED)
_MOST_ALERTS = 1000


def add_pages(app: FastAPI, site: Site) -> None:
    """Put every page onto the application, and what a browser is told instead of JSON where one can't be shown."""
    public = Depends(site.gate.requires(Right.PUBLIC_VIEW))

    @app.get("/", dependencies=[public], include_in_schema=False, response_class=HTMLResponse)
    async def status_page(request: Request) -> HTMLResponse:
        try:
            open_alerts = await site.alerts.list_alerts(SHOWN, limit=_MOST_ALERTS)
        except AlertStoreError:
            open_alerts = None
        now = site.clock.now()
        await site.strips.renew(now)
        view = status_view(site, open_alerts, now)
        reload = request.query_params.get("reload") != "off"
        return HTMLResponse(render_status_page(view, await site.frame(request), reload=reload))

    @app.get("/runbooks", dependencies=[public], include_in_schema=False, response_class=HTMLResponse)
    async def list_runbooks(request: Request) -> HTMLResponse:
        return HTMLResponse(render_runbook_list(await site.frame(request)))

    @app.get("/runbooks/{name}", dependencies=[public], include_in_schema=False, response_class=HTMLResponse)
    async def show_runbook(request: Request, name: str) -> HTMLResponse:
        found = runbook(name)
        if found is None:
            raise HTTPException(404, f"There is no runbook {name}.")
        return HTMLResponse(render_runbook(found, await site.frame(request)))

    @app.get("/icon.svg", dependencies=[public], include_in_schema=False)
    async def icon() -> Response:
        return Response(ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})

    add_series_page(app, site)
    add_baseline_pages(app, site)
    add_deployment_page(app, site)
    add_checks_page(app, site)
    add_vitals_page(app, site)
    add_errors_pages(app, site)
    add_system_page(app, site)
    add_login(app, site)
    _add_problems(app, site)


def _add_problems(app: FastAPI, site: Site) -> None:
    @app.exception_handler(AnyHTTPException)
    async def problem(request: Request, error: AnyHTTPException) -> Response:
        """A page for people; where a token is missing, the page that takes one. Scripts get JSON as ever."""
        if not _is_for_people(request):
            return await http_exception_handler(request, error)
        if error.status_code == HTTPStatus.UNAUTHORIZED:
            asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?next={quote(asked)}", HTTPStatus.SEE_OTHER)
        return await _page(request, error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    async def misasked(request: Request, error: RequestValidationError) -> Response:
        """The same for an address with a mistake in it."""
        if not _is_for_people(request):
            return await request_validation_exception_handler(request, error)
        mistakes = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()]
        return await _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(mistakes))

    async def _page(request: Request, status: int, detail: str) -> Response:
        title = HTTPStatus(status).phrase
        told = "" if detail == title else detail
        return await site.answer(request, "problem.html.j2", title=title, status=status, code=int(status), detail=told)


def _is_for_people(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")
