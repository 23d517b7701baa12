"""What the service saw last: the pages and the readiness check read it, the pipeline fills it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from baselines import Comparison, Measurement, Outcome, SeriesRegistry
from monitor.link import HEARTBEAT_SECONDS, Heartbeat
from thresholds import Finding, Level

# Three heartbeats missed, or three runs of a probe: it is not running.
_PATIENCE = 3


@dataclass(slots=True)
class Watch:
    """The latest of everything, kept in memory. Instants are those of the service's clock."""

    series: SeriesRegistry
    started_at: datetime
    latest: dict[str, Measurement] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    comparison: Comparison | None = None
    heartbeat: Heartbeat | None = None
    heartbeat_at: datetime | None = None
    store_up: bool = True

    def saw(self, measurement: Measurement) -> None:
        """A measurement came in; a skipped run is none."""
        if measurement.outcome is not Outcome.SKIPPED:
            self.latest[measurement.series] = measurement

    def judged(self, findings: Iterable[Finding]) -> None:
        """Rules were held against figures; what is well again is forgotten."""
        for one in findings:
            if one.level is Level.OK:
                self.findings.pop(one.fingerprint, None)
            else:
                self.findings[one.fingerprint] = one

    def findings_of(self, series: str) -> list[Finding]:
        """What is wrong with a series now."""
        return [one for one in self.findings.values() if one.series == series]

    def is_silent(self, series: str, now: datetime) -> bool:
        """Whether a series should have been measured and was not: a probe that is not running is a fault itself."""
        cadence = self.series[series].cadence_seconds
        if cadence is None:
            return False
        last = self.latest.get(series)
        since = self.started_at if last is None else max(last.started_at, self.started_at)
        return now - since > timedelta(seconds=_PATIENCE * cadence + 60)

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
