"""The watch after going live: each hour the last one is held against the same hour of the week before."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta

from baselines import Baseline, BaselineError, Clock, MeasurementStore, SeriesRegistry, Verdict
from baselines.from_history import Match
from monitor.comparing import Comparing, compare_live, live_capture
from monitor.configuration import Configuration
from monitor.deployment.deployment import Deployment
from monitor.deployment.event import SERVICE, EventKind, NewEvent
from monitor.errors import MonitorError
from monitor.from_history import FromHistory, Wish

EVERY = timedelta(hours=1)
# What is watched is told in an hour's round numbers: the hour that began after going live is the first.
_SAME_HOUR = "the same hour of the week before"


class _Silent:
    """`monitor.capturing.Progress` of a service: nobody watches."""

    def track(self, title: str, total: int) -> AbstractContextManager[Callable[[], None]]:  # noqa: ARG002
        """Shows nothing."""
        return nullcontext(lambda: None)


class Watching:
    """Compares the hour that passed, once, whoever asks and however often."""

    def __init__(
        self,
        configuration: Configuration,
        comparing: Comparing,
        measurements: MeasurementStore,
        series: SeriesRegistry,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._comparing = comparing
        self._measurements = measurements
        self._series = series
        self._clock = clock
        self._history = FromHistory(configuration, series, measurements, comparing.ledger, _Silent())

    def hour_due(self, deployment: Deployment) -> int | None:
        """The number of the hour that is over and was not compared yet, counted from going live; None where none is."""
        now, live_at = self._clock.now(), deployment.live_at
        if live_at is None or deployment.watched_until is None:
            return None
        hour = (min(now, deployment.watched_until) - live_at) // EVERY
        compared = max((one["hour"] for one in deployment.watched), default=0)
        return hour if hour > compared else None

    async def look(self, deployment: Deployment, hour: int) -> NewEvent:
        """The verdict of the hour that has just passed. Hours that passed while nobody looked are not made up for."""
        now = self._clock.now()
        detail: dict[str, object] = {"hour": hour, "at": now.isoformat()}
        live = await live_capture(self._measurements, self._comparing.ledger, self._series, self._configuration, now)
        if live is None:
            detail |= {"verdict": Verdict.INCONCLUSIVE, "reason": "too little was measured in this hour"}
        else:
            try:
                detail |= await self._compared(deployment, live, now)
            except BaselineError as error:  # an hour is looked at once, and the watch goes on without what it lacks
                detail |= {"verdict": Verdict.INCONCLUSIVE, "reason": str(error)}
        return NewEvent(kind=EventKind.WATCHED, by=SERVICE, source=f"watch:{hour}", detail=detail)

    async def _compared(self, deployment: Deployment, live: Baseline, now: datetime) -> dict[str, object]:
        before, against = await self._before(deployment, now)
        comparison = await compare_live(self._comparing, before, live, now)
        assessment = self._comparing.assess(comparison, now)
        return {
            "against": against,
            "verdict": assessment.verdict,
            "degraded": [one.series.name for one in comparison.having(Verdict.DEGRADED)],
            "missing": [one.series.name for one in comparison.having(Verdict.MISSING)],
            "advice": assessment.advice.action,
            "reason": assessment.advice.reason,
        }

    async def _before(self, deployment: Deployment, now: datetime) -> tuple[Baseline, str]:
        """What was measured at this hour of the week before the deployment; its baseline where too little was."""
        wish = Wish(
            name=f"{deployment.name}-hour",
            by=SERVICE,
            until=deployment.opened_at,
            like=now,
            matched=frozenset({Match.HOUR_OF_WEEK}),
        )
        try:
            return (await self._history.make(wish, now)).baseline, _SAME_HOUR
        except MonitorError:
            return await self._comparing.store.load(deployment.before), deployment.before
