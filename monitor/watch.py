"""What the service saw last: the pages and the readiness check read it, the pipeline fills it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from baselines import Comparison, Measurement, Outcome, Reason, SeriesRegistry
from monitor.link import HEARTBEAT_SECONDS, Heartbeat
from thresholds import Finding, Level

# Three heartbeats missed, or three runs of a probe: it is not running.
_PATIENCE = 3


@dataclass(slots=True)
class Watch:
    """The latest of everything, kept in memory. Instants are those of the service's clock.

    `not_compared` says why nothing is held against the active baseline, empty where there is none or nothing is wrong.
    `left_out` has the run that was skipped last, where that came after the latest measurement. `probing_since` is when
    the prober last showed itself after having been away.
    """

    series: SeriesRegistry
    started_at: datetime
    latest: dict[str, Measurement] = field(default_factory=dict)
    left_out: dict[str, Measurement] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    comparison: Comparison | None = None
    not_compared: str = ""
    heartbeat: Heartbeat | None = None
    heartbeat_at: datetime | None = None
    probing_since: datetime | None = None
    store_up: bool = True

    def heard(self, heartbeat: Heartbeat, now: datetime) -> None:
        """The prober showed a sign of life."""
        if not self.prober_is_running(now):
            self.probing_since = now
        self.heartbeat, self.heartbeat_at = heartbeat, now

    def saw(self, measurement: Measurement) -> None:
        """A measurement came in; a skipped run is none, and says why there is none."""
        if measurement.outcome is Outcome.SKIPPED:
            self.left_out[measurement.series] = measurement
        else:
            self.latest[measurement.series] = measurement
            self.left_out.pop(measurement.series, None)

    def judged(self, findings: Iterable[Finding]) -> list[Finding]:
        """Rules were held against figures; what is well again is forgotten. Returns what was not as bad before."""
        news = []
        for one in findings:
            if one.level is Level.OK:
                self.findings.pop(one.fingerprint, None)
                continue
            before = self.findings.get(one.fingerprint)
            if before is None or (before.level is Level.WARNING and one.level is Level.CRITICAL):
                news.append(one)
            self.findings[one.fingerprint] = one
        return news

    def findings_of(self, series: str) -> list[Finding]:
        """What is wrong with a series now."""
        return [one for one in self.findings.values() if one.series == series]

    def measured_at(self, series: str) -> datetime | None:
        """When its probe last came to the target, be it to find too little to judge; None where it never did."""
        left_out = self.left_out.get(series)
        if left_out is not None and left_out.reason is Reason.TOO_LITTLE:
            return left_out.started_at
        latest = self.latest.get(series)
        return None if latest is None else latest.started_at

    def is_silent(self, series: str, now: datetime) -> bool:
        """Whether a series should have been measured and was not: a probe that is not running is a fault itself.

        What could not be measured while the service or the prober was away does not count, nor while a deployment let
        nobody work.
        """
        cadence = self.series[series].cadence_seconds
        if cadence is None:
            return False
        since = max(
            filter(None, (self.started_at, self.probing_since, self.measured_at(series), self._paused_at(series)))
        )
        return now - since > timedelta(seconds=_PATIENCE * cadence + 60)

    def _paused_at(self, series: str) -> datetime | None:
        left_out = self.left_out.get(series)
        return left_out.started_at if left_out is not None and left_out.reason is Reason.PAUSED else None

    def prober_is_running(self, now: datetime) -> bool:
        """Whether the probing process has shown a sign of life lately."""
        return self.heartbeat_at is not None and now - self.heartbeat_at < timedelta(
            seconds=_PATIENCE * HEARTBEAT_SECONDS
        )

    def obstacles(self, now: datetime) -> list[str]:
        """Why the service is not ready, one sentence each; empty where it is."""
        reasons = []
        if not self.store_up:
            reasons.append("the store can't be reached; measurements are spooled")
        if not self.prober_is_running(now):
            reasons.append("the probing process shows no sign of life")
        silent = [name for name in self.series if self.is_silent(name, now)]
        if silent:
            reasons.append(f"not measured for three intervals: {', '.join(silent)}")
        return reasons
