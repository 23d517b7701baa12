"""What the service knows, turned into the view of the status page and the documents of the API."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from alerts import UNANSWERED, AlertRecord, AlertState
from baselines import FLOOR_SECONDS, Direction, Series, SeriesComparison
from baselines.verdict import Question
from dashboards import ComponentHealth, OpenAlert, SeriesStatus, StatusPage
from monitor.watch import Watch
from monitor.web.site import Site
from thresholds import Level


def status_view(site: Site, alerts: Sequence[AlertRecord] | None, now: datetime) -> StatusPage:
    """The status page's view; `alerts` is None while the store can't be asked."""
    watch = site.watch
    compared = _by_name(watch)
    return StatusPage(
        environment=site.environment,
        instance=site.instance,
        now=now,
        series=[series_status(site, one, compared.get(name), with_strip=True) for name, one in watch.series.items()],
        alerts=[
            OpenAlert(
                series=one.series,
                summary=one.summary,
                tier=one.tier,
                state=one.state,
                since=one.fired_at or one.opened_at,
                path=f"/alerts/{one.id}",
            )
            for record in alerts or ()
            for one in [record.alert]
            if one.state in (*UNANSWERED, AlertState.ACKNOWLEDGED)
        ],
        components=components_of(watch, store_answers=alerts is not None, now=now),
    )


def components_of(watch: Watch, *, store_answers: bool, now: datetime) -> list[ComponentHealth]:
    """The parts of the service, and what is wrong with those that do not work."""
    store, prober = watch.store_up and store_answers, watch.prober_is_running(now)
    return [
        ComponentHealth(
            name="store", works=store, detail="" if store else "It can't be reached; measurements are spooled."
        ),
        ComponentHealth(
            name="probes", works=prober, detail="" if prober else "The probing process shows no sign of life."
        ),
        ComponentHealth(name="baseline", works=not watch.not_compared, detail=watch.not_compared),
    ]


def series_documents(watch: Watch, now: datetime) -> list[dict[str, Any]]:
    """Every series as JSON: values in base units, instants in UTC."""
    return [
        {
            "series": name,
            "unit": series.unit,
            "value": latest.value if latest else None,
            "outcome": latest.outcome if latest else None,
            "reason": latest.reason if latest else None,
            "measured_at": latest.started_at if latest else None,
            "silent": watch.is_silent(name, now),
            "findings": [
                {"rule": one.rule, "level": one.level, "summary": one.summary, "dry_run": one.dry_run}
                for one in watch.findings_of(name)
            ],
            "baseline": _to_baseline(watch, name),
        }
        for name, series in watch.series.items()
        for latest in [watch.latest.get(name)]
    ]


def alert_documents(records: Sequence[AlertRecord]) -> list[dict[str, Any]]:
    """Alerts as JSON, with who was told what and what happened."""
    return [
        {
            **asdict(record.alert),
            "deliveries": [asdict(one) for one in record.deliveries],
            "events": [asdict(one) for one in record.events],
        }
        for record in records
    ]


def series_status(
    site: Site, series: Series, compared: SeriesComparison | None, *, with_strip: bool = False
) -> SeriesStatus:
    """How one series stands; `compared` is its last hour against the active baseline."""
    watch, name = site.watch, series.name
    latest, findings = watch.latest.get(name), watch.findings_of(name)
    typical = compared.answer(Question.TYPICAL) if compared else None
    return SeriesStatus(
        series=series,
        service=site.services.get(name, ""),
        level=_worst(one.level for one in findings if not one.dry_run),
        dry_run=_worst(one.level for one in findings if one.dry_run),
        value=latest.value if latest else None,
        outcome=latest.outcome if latest else None,
        last_run_at=latest.started_at if latest else None,
        verdict=compared.verdict if compared else None,
        ratio=typical.ratio if typical else None,
        strip=site.strips.strip(series, _first_limit(site, series, compared)) if with_strip else None,
    )


def _first_limit(site: Site, series: Series, compared: SeriesComparison | None) -> float | None:
    """The value beyond which an hour's median is worse than allowed: a limit, or what the baseline tolerates."""
    limits = site.limits[series.name]
    known = [one.value for one in (limits.warning, limits.critical) if one is not None and one.window_seconds is None]
    before = compared.before.median if compared and compared.before else None
    if compared is not None and before is not None and series.is_duration:
        known.append(max(before * compared.tolerance, before + FLOOR_SECONDS))
    if not known:
        return None
    return max(known) if series.direction is Direction.FLOOR else min(known)


def _worst(levels: Iterable[Level]) -> Level:
    found = set(levels)
    return next((level for level in (Level.CRITICAL, Level.WARNING) if level in found), Level.OK)


def compared_of(watch: Watch, name: str) -> SeriesComparison | None:
    """The last hour of a series against the active baseline, None where it is not compared."""
    return _by_name(watch).get(name)


def _by_name(watch: Watch) -> dict[str, SeriesComparison]:
    return {} if watch.comparison is None else {one.series.name: one for one in watch.comparison.series}


def _to_baseline(watch: Watch, name: str) -> dict[str, Any] | None:
    compared = compared_of(watch, name)
    if compared is None:
        return None
    typical = compared.answer(Question.TYPICAL)
    return {
        "verdict": compared.verdict,
        "ratio": typical.ratio if typical else None,
        "ci_low": typical.ci_low if typical else None,
        "ci_high": typical.ci_high if typical else None,
        "tolerance": compared.tolerance,
    }
