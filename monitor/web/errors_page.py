"""`/errors` and `/errors/{fingerprint}`: what the portal sent in, for operators."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from dashboards.pages.errors_page import (
    ErrorEventView,
    ErrorGroupPage,
    ErrorGroupView,
    ErrorsPage,
    hourly,
    render_error_page,
    render_errors_page,
)
from monitor.access import Right
from monitor.links import filled
from monitor.settings import LinksSettings
from monitor.tracking.postgres import StoredEvent, StoredGroup
from monitor.web.error_routes import CorrelationId, Fingerprint
from monitor.web.site import Site
from monitor.web.store_needed import store_needed
from thresholds import Level
from thresholds.error_class import UNCLASSIFIED, series_of_class

_LISTED_OF = timedelta(days=1)
_HOURS = 48
# Log lines of a request stand around the error that it had.
_AROUND = timedelta(minutes=15)


def add_errors_pages(app: FastAPI, site: Site) -> None:
    """The routes."""
    operator = Depends(site.gate.requires(Right.OPERATOR))
    links = site.configuration.settings.links

    @app.get("/errors", dependencies=[operator], include_in_schema=False, response_class=HTMLResponse)
    async def errors_page(
        request: Request,
        error_class: Annotated[str | None, Query(alias="class", max_length=40)] = None,
        correlation_id: Annotated[CorrelationId | None, Query(alias="id")] = None,
    ) -> HTMLResponse:
        with store_needed():
            page = await _page(site, error_class, correlation_id, links)
        reload = request.query_params.get("reload") != "off"
        return HTMLResponse(render_errors_page(page, await site.frame(request), reload=reload))

    @app.get("/errors/{fingerprint}", dependencies=[operator], include_in_schema=False, response_class=HTMLResponse)
    async def error_page(request: Request, fingerprint: Fingerprint) -> HTMLResponse:
        now = site.clock.now()
        with store_needed():
            group = await site.errors.store.group(fingerprint)
            if group is None:
                raise HTTPException(404, f"There is no error {fingerprint}.")
            counts = await site.errors.store.hours(fingerprint, now - timedelta(hours=_HOURS))
            events = await site.errors.store.events(group.first_seen, fingerprint=fingerprint)
        series = series_of_class(group.error_class)
        alert = next((one for one in await site.alerts.list_alerts() if one.alert.series == series), None)
        page = ErrorGroupPage(
            group=_view(group, site),
            frames=group.frames,
            hours=hourly(counts, now, _HOURS),
            events=_events(events, links),
            alert=f"/alerts/{alert.alert.id}" if alert else "",
            now=now,
        )
        reload = request.query_params.get("reload") != "off"
        return HTMLResponse(render_error_page(page, await site.frame(request), reload=reload))


async def _page(site: Site, error_class: str | None, correlation_id: str | None, links: LinksSettings) -> ErrorsPage:
    now, store = site.clock.now(), site.errors.store
    since = now - _LISTED_OF
    groups = [] if correlation_id else await store.groups(since, error_class)
    kept = timedelta(days=site.configuration.settings.ingest.errors_days)
    events = await store.events(now - kept, correlation_id=correlation_id) if correlation_id else []
    return ErrorsPage(
        trend=await store.trend(now, site.errors.classes),
        groups=[_view(one, site) for one in groups],
        events=_events(events, links),
        error_class=error_class or "",
        correlation_id=correlation_id or "",
        is_open=bool(site.configuration.settings.ingest.origins),
        now=now,
    )


def _view(group: StoredGroup, site: Site) -> ErrorGroupView:
    known = site.errors.classes.classes.get(group.error_class)
    return ErrorGroupView(
        fingerprint=group.fingerprint,
        name=group.name,
        message=group.message,
        error_class=group.error_class,
        level=known.level if known else Level.WARNING,
        action=known.action if known else "",
        is_told=group.error_class != UNCLASSIFIED,
        first_seen=group.first_seen,
        last_seen=group.last_seen,
        occurrences=group.occurrences,
    )


def _events(events: Sequence[StoredEvent], links: LinksSettings) -> list[ErrorEventView]:
    return [
        ErrorEventView(
            fingerprint=one.fingerprint,
            name=one.name,
            message=one.message,
            at=one.at,
            correlation_id=one.correlation_id or "",
            component=one.component,
            action=one.action,
            path=one.path,
            browser=one.browser,
            logs=filled(links.logs, one.correlation_id, one.at - _AROUND, one.at + _AROUND),
            sentry=filled(links.sentry, one.correlation_id, one.at - _AROUND, one.at + _AROUND),
        )
        for one in events
    ]
