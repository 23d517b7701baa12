"""`/series/{name}`: one series, out of the store and of what was seen last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import AwareDatetime

from baselines import Series, SeriesComparison, Unit
from baselines.watcher import Drift
from dashboards.pages.chart import Course, Reference
from dashboards.pages.series_page import (
    CallsAround,
    FailedCall,
    NotableCall,
    PlanEntry,
    ReferenceStanding,
    SeriesPage,
    Window,
    plan_entries,
    render_series_page,
)
from monitor.access import Right
from monitor.drift_report import approval_told, progress_told
from monitor.pipeline import STORE_IS_AWAY
from monitor.web.site import Site
from monitor.web.status import compared_of, series_status
from probes import ProbeSettings
from thresholds import rules_of, standing_of, written

# Failures further back are history that the drawing shows.
_FAILURES_OF = timedelta(days=7)
_MOST_FAILURES = 20
# What led to an alert stands shortly before it, and what it looked like shortly after.
_AROUND = timedelta(minutes=10)
_MOST_CALLS = 10


def add_series_page(app: FastAPI, site: Site) -> None:
    """The route. What operators alone may see of a series is left out for everybody else."""

    @app.get(
        "/series/{name:path}",
        dependencies=[Depends(site.gate.requires(Right.PUBLIC_VIEW))],
        include_in_schema=False,
        response_class=HTMLResponse,
    )
    async def series_page(
        request: Request, name: str, window: Window = Window.DAY, at: AwareDatetime | None = None
    ) -> HTMLResponse:
        if name not in site.watch.series:
            near = get_close_matches(name, site.watch.series, n=3, cutoff=0.5)
            raise HTTPException(404, f"There is no series {name}." + (f" Near it: {', '.join(near)}." if near else ""))
        frame = await site.frame(request)
        page = await _page(site, site.watch.series[name], window, for_operator=frame.is_operator)
        if frame.is_operator:
            page = replace(page, around=await _around(site, name, at or site.clock.now()))
        return HTMLResponse(render_series_page(page, frame, reload=request.query_params.get("reload") != "off"))


async def _page(site: Site, series: Series, window: Window, *, for_operator: bool) -> SeriesPage:
    now, watch = site.clock.now(), site.watch
    compared = compared_of(watch, series.name)
    limits = site.limits[series.name]
    latest = watch.latest.get(series.name)
    status = series_status(site, series, compared)
    stored = await _stored(site, series, window, compared, now, for_operator=for_operator)
    return SeriesPage(
        status=status,
        what=_what(_probe_of(site, series), series),
        now=now,
        window=window,
        course=stored.course,
        rules=rules_of(series, site.figures.matrix, site.figures.routing),
        findings=sorted(watch.findings_of(series.name), key=lambda one: one.level == "warning"),
        standing=(
            None
            if latest is None or latest.value is None
            else standing_of(series, limits, site.figures.grades, latest.value)
        ),
        baseline=None if watch.comparison is None else watch.comparison.before,
        compared=compared,
        reference=stored.reference,
        phases=None if latest is None else latest.phases,
        baseline_phases=stored.baseline_phases if latest is not None and latest.phases else None,
        failures=stored.failures,
        plans=stored.plans,
    )


async def _around(site: Site, name: str, at: datetime) -> CallsAround | None:
    """The calls around an instant; None while the store can't be asked, or where there were none."""
    try:
        start, end = at - _AROUND, at + _AROUND
        found = await site.history.calls(name, start, end, _MOST_CALLS)
    except (*STORE_IS_AWAY, OverflowError):
        return None
    calls = [
        NotableCall(at=one.at, outcome=one.outcome, value=one.value, correlation_id=one.correlation_id) for one in found
    ]
    return CallsAround(start=start, end=min(end, site.clock.now()), calls=calls) if calls else None


@dataclass(slots=True, kw_only=True)
class _Stored:
    """What the store knows of a series; empty while it is away."""

    course: Course | None = None
    reference: ReferenceStanding | None = None
    baseline_phases: Mapping[str, float] | None = None
    failures: Sequence[FailedCall] = ()
    plans: Sequence[PlanEntry] = ()


async def _stored(
    site: Site,
    series: Series,
    window: Window,
    compared: SeriesComparison | None,
    now: datetime,
    *,
    for_operator: bool,
) -> _Stored:
    stored, name = _Stored(), series.name
    try:
        stored.course = await _course(site, series, window, compared, now)
        stored.failures = [
            FailedCall(
                at=one.at,
                outcome=one.outcome,
                reason=one.reason,
                waited_seconds=one.waited_seconds,
                correlation_id=one.correlation_id if for_operator else "",
            )
            for one in await site.history.failures(name, now - _FAILURES_OF, _MOST_FAILURES)
        ]
        if series.is_watchable:
            stored.reference = await _reference(site, series, now, for_operator=for_operator)
        stored.baseline_phases = await site.history.baseline_phases(site.environment, name)
        if for_operator:
            plans = await site.history.plans(site.environment, name)
            stored.plans = plan_entries([(one.at, one.plan) for one in plans])
    except STORE_IS_AWAY:
        stored.course = None
    return stored


async def _course(
    site: Site, series: Series, window: Window, compared: SeriesComparison | None, now: datetime
) -> Course:
    start, length = now - window.lasting, window.stretch
    if length < timedelta(hours=1):
        stretches = await site.history.course(series.name, start, now, length)
    else:
        stretches = await site.history.closed_hours(series.name, start)
        running = max(now.replace(minute=0, second=0, microsecond=0), start)
        stretches += await site.history.course(series.name, running, now, length)
    limits = site.limits[series.name]
    level = compared.before.median if compared is not None and compared.before is not None else None
    return Course(
        series=series,
        start=start,
        end=now,
        length=length,
        stretches=stretches,
        reference=(
            None
            if level is None or compared is None
            else Reference(name="baseline", level=level, limit=level * compared.tolerance)
        ),
        limits=[
            (name, one.value)
            for name, one in (("warning", limits.warning), ("critical", limits.critical))
            if one is not None and one.window_seconds is None
        ],
        releases=await site.releases.since(site.environment, start),
    )


async def _reference(site: Site, series: Series, now: datetime, *, for_operator: bool) -> ReferenceStanding:
    held = (await site.drifting.held([series])).get(series.name)
    if held is None:
        unarmed = await site.drifting.unarmed(series, now)
        return ReferenceStanding(sentence=f"It has none yet: {progress_told(unarmed)}.")
    drift, frozen = held.standing.drift, held.frozen
    taken = f"{frozen.taken_from:%Y-%m-%d %H:%M} to {frozen.taken_until:%Y-%m-%d %H:%M} UTC"
    approved = f"; {approval_told(held)}" if for_operator else ""
    return ReferenceStanding(
        sentence=f"Its own calls of {taken}, release {frozen.release}{approved}.",
        drift=drift,
        since=held.since if drift is not Drift.QUIET else None,
        level=held.level,
        limit=held.limit,
        ratio=held.ratio,
    )


def _probe_of(site: Site, series: Series) -> ProbeSettings | None:
    probes = site.configuration.settings.probes.values()
    return next((one for one in probes if any(each.name == series.name for each in one.series())), None)


def _what(probe: ProbeSettings | None, series: Series) -> str:
    """What is measured, how, and how often."""
    measured = "Measured" if probe is None else f"Measured by the probe {probe.name} of kind {probe.kind}"
    cadence = "" if series.cadence_seconds is None else f", every {written(series.cadence_seconds, Unit.SECONDS)}"
    control = "; a control, which no deployment of the portal changes" if series.is_control else ""
    return f"{measured}{cadence}{control}."
