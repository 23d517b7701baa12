"""What is known of an alert beyond its row: its baseline, what changed, what was done, where to look."""

import asyncio
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Protocol

import structlog

from alerts import Alert, AlertEvent, AlertRecord, AlertStoreError, Briefing, DeliveryState, Links, Reason
from baselines import Change, Clock, Ledger, Section
from baselines.verdict import Question
from dashboards import runbook_of
from monitor.alert_subject import subject_page
from monitor.pipeline import STORE_IS_AWAY
from monitor.settings import Settings
from monitor.watch import Watch

# What changed this long before an alert began may be its cause.
_BEFORE = timedelta(hours=1)
_MOST_CHANGES = 5
# What explains an alert must not delay the telling of it.
_STORE_SECONDS = 2.0
# Statistics change by themselves each day.
_UNREMARKABLE = (Section.STATISTICS,)
# What people did.
_ANSWERS = (Reason.ACKNOWLEDGED, Reason.RESOLVED)


log = structlog.get_logger(__name__)


class Records(Protocol):
    """Whoever knows what happened to an alert."""

    async def find_alert(self, alert_id: str) -> AlertRecord | None:
        """One alert with its history."""
        ...


class ServiceBriefer:
    """`Briefer` out of what the service knows: its ledger of changes, its comparison, and the alert's own history."""

    def __init__(self, settings: Settings, ledger: Ledger, watch: Watch, records: Records, clock: Clock) -> None:
        self._settings = settings
        self._ledger = ledger
        self._watch = watch
        self._records = records
        self._clock = clock

    @property
    def overview(self) -> Links:
        """Where all alerts are listed; nowhere without a public URL."""
        base = self._settings.public_url
        return Links() if base is None else Links(alert=f"{str(base).rstrip('/')}/alerts")

    async def brief(self, alert: Alert) -> Briefing:
        """What is known at this moment; without the store, or where it takes its time, what needs none."""
        links = links_of(self._settings, alert, self._watch.series)
        known = Briefing(links=links, baseline=_to_baseline(self._watch, alert.series))
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                began = alert.opened_at - _BEFORE
                changes = await self._ledger.between(self._settings.environment, began, self._clock.now())
                record = await self._records.find_alert(alert.id)
        except (*STORE_IS_AWAY, AlertStoreError) as error:
            log.warning("an alert is told without what changed", alert=alert.id, reason=type(error).__name__)
            return known
        return replace(
            known,
            changes=tuple(_sentences(changes, alert)),
            done=tuple(_done(record.events if record else ())),
        )


def links_of(settings: Settings, alert: Alert, measured: Container[str]) -> Links:
    """Where a message of that alert leads; nowhere without a public URL. `measured`: as for `subject_page`."""
    if settings.public_url is None:
        return Links()
    base = str(settings.public_url).rstrip("/")
    page = subject_page(alert.series, measured)
    return Links(
        alert=f"{base}/alerts/{alert.id}",
        series=f"{base}{page}" if page else "",
        runbook=f"{base}{runbook_of(alert.route, alert.rule)}",
    )


def _to_baseline(watch: Watch, series: str) -> str:
    judged = watch.comparison.series if watch.comparison else ()
    compared = next((one for one in judged if one.series.name == series), None)
    typical = compared.answer(Question.TYPICAL) if compared else None
    if typical is None or typical.ratio is None:
        return ""
    interval = (
        ""
        if typical.ci_low is None or typical.ci_high is None
        else (f" (95 % interval {typical.ci_low:.2f} to {typical.ci_high:.2f})")
    )
    return f"{typical.ratio:.2f} × the baseline{interval}"


def _sentences(changes: Sequence[Change], alert: Alert) -> Iterable[str]:
    """The newest first; of plans only the series' own."""
    told = [
        one
        for one in changes
        if one.section not in _UNREMARKABLE and (one.section is not Section.PLANS or one.source == alert.series)
    ]
    for one in sorted(told, key=lambda change: change.at, reverse=True)[:_MOST_CHANGES]:
        yield f"{one.at:%H:%M} UTC: {one.sentence}"


def _done(events: Sequence[AlertEvent]) -> Iterable[str]:
    """Who was told and who answered, the oldest first."""
    told = [one for one in events if one.event == DeliveryState.DELIVERED or one.event in _ANSWERS]
    for (at, event), several in groupby(told, key=lambda one: (f"{one.at:%H:%M}", one.event)):
        group = list(several)
        if event == DeliveryState.DELIVERED:
            channels = list(dict.fromkeys(one.channel for one in group if one.channel))
            yield f"{at} UTC: {_listed(channels)} {'were' if len(channels) > 1 else 'was'} told"
        else:
            yield from (f"{at} UTC: {one.by} {one.event}" for one in group if one.by)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
