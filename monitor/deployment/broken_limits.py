"""Limits that break while everybody waits at a gate: from what the service measures anyway."""

from collections.abc import Collection
from datetime import datetime

from monitor.deployment.limits import LOOKS
from monitor.watch import Watch
from thresholds import Level, Rule
from thresholds.deployment.conditions import limit_broken


class BrokenLimits:
    """What was critical at one look after the other; the series `own` are those of the deployment itself."""

    def __init__(self, watch: Watch, own: Collection[str]) -> None:
        self._watch = watch
        self._own = frozenset(own)
        # Fingerprint → how many measurements in a row were critical, and when the last of them was.
        self._critical: dict[str, tuple[int, datetime | None]] = {}

    def look(self) -> list[str]:
        """What was critical each time it was looked at, often enough to be sure: a single value accuses nobody."""
        critical = {
            name: one
            for name, one in self._watch.findings.items()
            if one.level is Level.CRITICAL
            and one.rule is not Rule.BASELINE
            and not one.dry_run
            and one.series not in self._own
        }
        earlier, self._critical = self._critical, {}
        for name, one in critical.items():
            times, since = earlier.get(name, (0, None))
            self._critical[name] = (times + (one.since != since), one.since)
        return sorted({limit_broken(one) for name, one in critical.items() if self._critical[name][0] >= LOOKS})
