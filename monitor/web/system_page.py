"""`/system`: the health of the service itself, for operators."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse

from baselines import Unit
from baselines.postgres_history import Work
from dashboards.pages.system_page import Part, SystemPage, Table, Trend, render_system_page
from monitor.access import Right
from monitor.pipeline import STORE_IS_AWAY
from monitor.spool import LIMIT_BYTES
from monitor.vitals import Pulse
from monitor.web.site import Site
from thresholds import written

_WORK_OF = timedelta(days=7)
# More points than this can't be told apart on a drawing of this size.
_MOST_POINTS = 240
# The largest tables are named.
_TABLES = 8
# The spool is in use; from here on somebody should look.
_SPOOL_FULL_SHARE = 0.8


def add_system_page(app: FastAPI, site: Site) -> None:
    """The route."""
    operator = Depends(site.gate.requires(Right.OPERATOR))

    @app.get("/system", dependencies=[operator], include_in_schema=False, response_class=HTMLResponse)
    async def system_page(request: Request) -> HTMLResponse:
        page = await _page(site, site.clock.now())
        reload = request.query_params.get("reload") != "off"
        return HTMLResponse(render_system_page(page, await site.frame(request), reload=reload))


async def _page(site: Site, now: datetime) -> SystemPage:
    try:
        tables, work = await _tables(site), _work(await site.history.work(now - _WORK_OF))
    except STORE_IS_AWAY:
        tables, work = [], []
    pulses = list(site.vitals.pulses)
    return SystemPage(
        version=version("portalwatch"),
        instance=site.instance,
        started_at=site.watch.started_at,
        parts=_parts(site, pulses[-1] if pulses else None, now),
        obstacles=site.watch.obstacles(now),
        trends=_trends(pulses),
        work=work,
        tables=tables,
        now=now,
    )


def _parts(site: Site, pulse: Pulse | None, now: datetime) -> list[Part]:
    watch = site.watch
    checked = None if pulse is None else pulse.at
    answer = None if pulse is None else pulse.store_seconds
    store_up = watch.store_up and (pulse is None or answer is not None)
    spooled = 0.0 if pulse is None else pulse.spool_bytes
    prober, beat = watch.prober_is_running(now), watch.heartbeat
    compared = watch.comparison
    return [
        Part(
            name="store",
            works=store_up,
            sentence=(
                ("It answers" + (f" in {written(answer, Unit.SECONDS)}." if answer is not None else "."))
                if store_up
                else "It can't be reached; measurements are spooled."
            ),
            checked_at=checked,
        ),
        Part(
            name="prober",
            works=prober,
            sentence=(
                f"It lives; {beat.restarts} restarts, {beat.dropped} lines dropped."
                if prober and beat is not None
                else "The probing process shows no sign of life."
            ),
            checked_at=watch.heartbeat_at,
        ),
        Part(
            name="spool",
            works=spooled < _SPOOL_FULL_SHARE * LIMIT_BYTES,
            sentence=(
                "It is empty."
                if not spooled
                else f"{written(spooled, Unit.BYTES)} of {written(LIMIT_BYTES, Unit.BYTES)} wait for the store."
            ),
            checked_at=checked,
        ),
        Part(
            name="processes",
            works=pulse is None or not pulse.processes or "serving" in pulse.processes,
            sentence=(
                ", ".join(f"{name} {written(one.memory_bytes, Unit.BYTES)}" for name, one in pulse.processes.items())
                or "They are not told apart here."
                if pulse is not None
                else "Not looked at yet."
            ),
            checked_at=checked,
        ),
        Part(
            name="baseline",
            works=not watch.not_compared,
            sentence=watch.not_compared
            or (f"The last hour is held against {compared.before}." if compared else "None is compared with."),
            checked_at=max((one.started_at for one in watch.latest.values()), default=None) if compared else None,
        ),
    ]


def _trends(pulses: Sequence[Pulse]) -> list[Trend]:
    if not pulses:
        return []
    kept = pulses[-1 :: -max(1, len(pulses) // _MOST_POINTS)][::-1]

    def trend(name: str, unit: Unit, value: Callable[[Pulse], float | None]) -> Trend:
        return Trend(
            name=name, unit=unit, values=[value(one) for one in kept], first_at=kept[0].at, last_at=kept[-1].at
        )

    def memory(process: str) -> Callable[[Pulse], float | None]:
        return lambda one: one.processes[process].memory_bytes if process in one.processes else None

    def cpu(process: str) -> Callable[[Pulse], float | None]:
        return lambda one: one.processes[process].cpu_share if process in one.processes else None

    names = sorted({name for one in kept for name in one.processes})
    return [
        trend("Answer of the store", Unit.SECONDS, lambda one: one.store_seconds),
        trend("Age of the last heartbeat", Unit.SECONDS, lambda one: one.heartbeat_seconds),
        trend("Spooled", Unit.BYTES, lambda one: one.spool_bytes),
        *(trend(f"Memory, {name}", Unit.BYTES, memory(name)) for name in names),
        *(trend(f"Processor, {name}", Unit.RATIO, cpu(name)) for name in names),
    ]


def _work(hours: Sequence[Work]) -> list[Trend]:
    if not hours:
        return []

    def trend(name: str, unit: Unit, values: Sequence[float | None]) -> Trend:
        return Trend(name=name, unit=unit, values=values, first_at=hours[0].hour, last_at=hours[-1].hour)

    return [
        trend("Calls an hour", Unit.COUNT, [one.n for one in hours]),
        trend("Series measured", Unit.COUNT, [one.series for one in hours]),
        trend("Failed", Unit.RATIO, [one.failed / one.n if one.n else None for one in hours]),
        trend("Disturbed by the prober", Unit.RATIO, [one.disturbed / one.n if one.n else None for one in hours]),
    ]


async def _tables(site: Site) -> list[Table]:
    sizes = await site.vitals.table_sizes()
    total = sum(one.bytes for one in sizes) or 1
    ordered = sorted(sizes, key=lambda one: -one.bytes)
    shown, others = ordered[:_TABLES], ordered[_TABLES:]
    tables = [Table(one.name, one.rows, one.bytes, one.bytes / total) for one in shown]
    if others:
        size = sum(one.bytes for one in others)
        tables.append(Table(f"{len(others)} others", sum(one.rows for one in others), size, size / total))
    return tables
