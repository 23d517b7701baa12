"""What the service knows, turned into the view of the status page and the documents of the API."""

import socket
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from alerts import UNANSWERED, AlertRecord, AlertState
from baselines import SeriesComparison
from baselines.verdict import Question
from dashboards import ComponentHealth, OpenAlert, SeriesStatus, StatusPage
from monitor.settings import Settings
from monitor.watch import Watch
from thresholds import Level


def status_view(settings: Settings, watch: Watch, alerts: Sequence[AlertRecord] | None, now: datetime) -> StatusPage:
    """The status page's view; `alerts` is None while the store can't be asked."""
    return StatusPage(
        environment=settings.environment,
        instance=socket.gethostname(),
        now=now,
        series=[_series_status(watch, name) for name in watch.series],
        alerts=[
            OpenAlert(
                series=one.series,
                summary=one.summary,
                tier=one.tier,
                state=one.state,
                since=one.fired_at or one.opened_at,
            )
            for record in alerts or ()
            for one in [record.alert]
            if one.state in (*UNANSWERED, AlertState.ACKNOWLEDGED)
        ],
        components=[
            ComponentHealth(
                name="store",
                works=watch.store_up and alerts is not None,
                detail="" if watch.store_up and alerts is not None else "can't be reached; measurements are spooled",
            ),
            ComponentHealth(
                name="probes",
                works=watch.prober_is_running(now),
                detail="" if watch.prober_is_running(now) else "the probing process shows no sign of life",
            ),
            ComponentHealth(name="baseline", works=not watch.not_compared, detail=watch.not_compared),
        ],
    )


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


def _series_status(watch: Watch, name: str) -> SeriesStatus:
    latest, compared = watch.latest.get(name), _compared(watch, name)
    findings = watch.findings_of(name)
    typical = compared.answer(Question.TYPICAL) if compared else None
    return SeriesStatus(
        series=watch.series[name],
        level=_worst(one.level for one in findings if not one.dry_run),
        dry_run=_worst(one.level for one in findings if one.dry_run),
        value=latest.value if latest else None,
        outcome=latest.outcome if latest else None,
        last_run_at=latest.started_at if latest else None,
        verdict=compared.verdict if compared else None,
        ratio=typical.ratio if typical else None,
    )


def _worst(levels: Iterable[Level]) -> Level:
    found = set(levels)
    return next((level for level in (Level.CRITICAL, Level.WARNING) if level in found), Level.OK)


def _compared(watch: Watch, name: str) -> SeriesComparison | None:
    if watch.comparison is None:
        return None
    return next((one for one in watch.comparison.series if one.series.name == name), None)


def _to_baseline(watch: Watch, name: str) -> dict[str, Any] | None:
    compared = _compared(watch, name)
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
