"""Alerts over HTTP: pages for people, JSON for scripts, the links of messages, and what other services call back."""

import re
import secrets
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import AwareDatetime, Field

from alerts import (
    STANDING,
    Alert,
    AlertClosedError,
    AlertNotFoundError,
    AlertRecord,
    Alerts,
    AlertState,
    LinkError,
    Matcher,
    MatcherError,
    Mutes,
    Policy,
    Silence,
    SilenceNotFoundError,
    Transition,
)
from alerts.steps import schedule
from baselines import Clock
from dashboards.alert_pages import AcknowledgeView, render_acknowledge, render_alert, render_alerts
from monitor.access import Right
from monitor.web.alert_links import AlertLinks
from monitor.web.alert_views import alert_view, alert_views, silence_view
from monitor.web.by import By, Line, name_of
from monitor.web.forms import fields_of
from monitor.web.rights import Gate
from monitor.web.site import frame_of
from monitor.web.status import alert_documents
from thresholds.quantity import Duration

_ENDED_SHOWN = 30
# Whatever else is asked for, nothing has that id; a store takes some of it for a fault of its own.
_ID = re.compile(r"[0-9a-f]{1,32}")


def _id_of_alert(alert_id: str) -> str:
    if not _ID.fullmatch(alert_id):
        raise HTTPException(404, "there is no such alert")
    return alert_id


def _id_of_silence(silence_id: str) -> str:
    if not _ID.fullmatch(silence_id):
        raise HTTPException(404, "there is no such silence")
    return silence_id


_AlertId = Annotated[str, Depends(_id_of_alert)]
_SilenceId = Annotated[str, Depends(_id_of_silence)]


class NewSilence(By):
    """What is not to be told, for how long, and why; `matcher` as on the command line."""

    matcher: Line = Field(max_length=500)
    lasting: Annotated[Duration, Field(alias="for")]
    starts_at: AwareDatetime | None = None
    deployment: Line | None = Field(None, max_length=200)
    reason: Line = Field("", max_length=500)


def alert_routes(
    alerts: Alerts, policy: Policy, links: AlertLinks, environment: str, gate: Gate, clock: Clock
) -> APIRouter:
    """The routes; they hold no state of their own. `environment` is what is watched."""
    routes = APIRouter()
    operator = Depends(gate.requires(Right.OPERATOR))

    @routes.get("/alerts", dependencies=[operator], include_in_schema=False, response_class=HTMLResponse)
    async def alerts_page(request: Request) -> HTMLResponse:
        """The alerts that are open, the silences, and what ended lately."""
        now = clock.now()
        standing = await alerts.list_alerts(STANDING, limit=1000)
        over = await alerts.list_alerts([AlertState.RESOLVED], limit=_ENDED_SHOWN)
        silences = [silence_view(one) for one in await alerts.list_silences()]
        frame = await frame_of(request, environment, gate, clock)
        return HTMLResponse(render_alerts(frame, [*alert_views(standing, now), *alert_views(over, now)], silences))

    @routes.get("/alerts/{alert_id}", dependencies=[operator], include_in_schema=False, response_class=HTMLResponse)
    async def alert_page(alert_id: _AlertId, request: Request) -> HTMLResponse:
        """One alert with its history, what is ahead of it, and a button."""
        record, now = await _found(alert_id), clock.now()
        standing = await alerts.list_alerts(STANDING, limit=1000)
        mutes = Mutes(policy, await alerts.list_silences(), (one.alert for one in standing))
        ahead = schedule(record.alert, policy, mutes)
        frame = await frame_of(request, environment, gate, clock)
        elsewhere, subject = await links.of(record.alert), links.subject(record.alert)
        view = alert_view(record.alert, now, record.events, ahead, elsewhere, subject)
        return HTMLResponse(render_alert(frame, view))

    @routes.post("/alerts/{alert_id}/acknowledge", dependencies=[operator], include_in_schema=False)
    async def acknowledge_on_page(alert_id: _AlertId, request: Request) -> Response:
        """The button of the page."""
        by = name_of((await fields_of(request)).get("by", ""))
        if not by:
            raise HTTPException(422, "say who has it in hand")
        await _changing(alerts.acknowledge(alert_id, by))
        return RedirectResponse(f"/alerts/{alert_id}", 303)

    @routes.get("/ack/{token}", include_in_schema=False, response_class=HTMLResponse)
    async def link_page(token: str, request: Request) -> HTMLResponse:
        """What a link in a message leads to: one button. Looking at it acknowledges nothing."""
        return _page(await _view(token, request))

    @routes.post("/ack/{token}", include_in_schema=False, response_class=HTMLResponse)
    async def use_link(token: str, request: Request) -> HTMLResponse:
        """The button behind a link."""
        form = await fields_of(request)
        view = await _view(token, request)
        if view.refusal:
            return _page(view)
        if view.needs_token and not await gate.is_operator(request, form.get("token")):
            return _page(replace(view, problem="This is no operator's token that is valid."), 401)
        by = name_of(form.get("by", "")) or f"the link in {view.channel}"
        try:
            await alerts.use_link(token, by)
        except LinkError as error:
            return _page(replace(view, refusal=str(error)))
        return _page(replace(await _view(token, request), refusal="", done_by=by))

    @routes.get("/api/v1/alerts", dependencies=[operator])
    async def list_alerts() -> list[dict[str, Any]]:
        """Alerts, the newest first, with who was told what and what happened."""
        return alert_documents(await alerts.list_alerts())

    @routes.get("/api/v1/alerts/{alert_id}", dependencies=[operator])
    async def show_alert(alert_id: _AlertId) -> dict[str, Any]:
        """One alert with its history."""
        return alert_documents([await _found(alert_id)])[0]

    @routes.post("/api/v1/alerts/{alert_id}/acknowledge", dependencies=[operator])
    async def acknowledge(alert_id: _AlertId, who: By) -> dict[str, Any]:
        """Somebody has it in hand: everything pending stops."""
        await _changing(alerts.acknowledge(alert_id, who.by))
        return await show_alert(alert_id)

    @routes.post("/api/v1/alerts/{alert_id}/resolve", dependencies=[operator])
    async def resolve(alert_id: _AlertId, who: By) -> dict[str, Any]:
        """Somebody says that it is over; what is still bad opens another alert."""
        await _changing(alerts.resolve(alert_id, who.by))
        return await show_alert(alert_id)

    @routes.get("/api/v1/silences", dependencies=[operator])
    async def list_silences() -> list[dict[str, Any]]:
        """Silences and maintenance windows that have not ended."""
        return [_document(one) for one in await alerts.list_silences()]

    @routes.post("/api/v1/silences", dependencies=[operator], status_code=201)
    async def make_silence(given: NewSilence) -> dict[str, Any]:
        """Tell nobody of what it matches, for a time."""
        try:
            matcher = Matcher.parse(given.matcher)
        except MatcherError as error:
            raise HTTPException(422, str(error)) from error
        starts_at: datetime = given.starts_at or clock.now()
        try:
            ends_at = starts_at + timedelta(seconds=given.lasting)
        except OverflowError as error:
            raise HTTPException(422, "the silence would never end") from error
        if ends_at <= clock.now():
            raise HTTPException(422, f"the silence would have ended at {ends_at:%Y-%m-%d %H:%M} UTC, before now")
        silence = Silence(
            id=secrets.token_hex(4),
            matcher=matcher,
            starts_at=starts_at,
            ends_at=ends_at,
            by=given.by,
            reason=given.reason,
            deployment=given.deployment,
        )
        await alerts.silence(silence)
        return _document(silence)

    @routes.delete("/api/v1/silences/{silence_id}", dependencies=[operator])
    async def end_silence(silence_id: _SilenceId) -> dict[str, Any]:
        """End it now; what is still broken is told."""
        try:
            return _document(await alerts.end_silence(silence_id))
        except SilenceNotFoundError as error:
            raise HTTPException(404, str(error)) from error

    async def _found(alert_id: str) -> AlertRecord:
        record = await alerts.find_alert(alert_id)
        if record is None:
            raise HTTPException(404, f"there is no alert {alert_id}")
        return record

    async def _changing(change: Coroutine[Any, Any, Transition]) -> None:
        try:
            await change
        except AlertNotFoundError as error:
            raise HTTPException(404, str(error)) from error
        except AlertClosedError as error:
            raise HTTPException(409, str(error)) from error

    async def _view(token: str, request: Request) -> AcknowledgeView:
        try:
            link = await alerts.read_link(token)
        except LinkError as error:
            return AcknowledgeView(alerts=(), refusal=str(error))
        found = [await alerts.find_alert(one) for one in link.occurrences]
        told: list[Alert] = [one.alert for one in found if one is not None]
        now, refusal = clock.now(), ""
        try:
            link.require_usable(now)
        except LinkError as error:
            refusal = str(error)
        guarded = any(one.route in policy.routing.log_in_to_acknowledge for one in told)
        return AcknowledgeView(
            alerts=[alert_view(one, now) for one in told],
            channel=link.channel,
            refusal=refusal,
            # Where operators need no token, whoever comes by a loopback address is one.
            needs_token=guarded and not await gate.is_operator(request, None),
        )

    return routes


def _page(view: AcknowledgeView, status: int = 200) -> HTMLResponse:
    return HTMLResponse(render_acknowledge(view), 410 if view.refusal else status)


def _document(silence: Silence) -> dict[str, Any]:
    return {
        "id": silence.id,
        "matcher": str(silence.matcher),
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
        "by": silence.by,
        "reason": silence.reason,
        "deployment": silence.deployment,
    }
