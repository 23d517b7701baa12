"""What was found, kept in runs: so many consecutive evaluations of one rule at one level."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from baselines.series import Unit
from thresholds.finding import Finding, Level, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRun:
    """One rule on one series at one level that is not ok, from the first such evaluation to the last, both inclusive.

    `summary`, `value` and `value_limit` are those of the last one, in base units.
    """

    series: str
    route: str
    rule: Rule
    unit: Unit
    level: Level
    started_at: datetime
    ended_at: datetime
    evaluations: int
    summary: str
    value: float | None
    value_limit: float | None

    @property
    def fingerprint(self) -> str:
        """The identity of the alert it speaks of."""
        return f"{self.series}:{self.rule}"

    def finding(self, at: datetime, level: Level | None = None) -> Finding:
        """One evaluation of the run; or, with a level, one like it beside the run."""
        return Finding(
            series=self.series,
            route=self.route,
            rule=self.rule,
            level=level or self.level,
            unit=self.unit,
            summary=self.summary,
            since=at,
            value=self.value,
            limit=self.value_limit,
        )


class FindingRuns:
    """Makes runs of the findings that come in. What is still to be written waits here."""

    def __init__(self) -> None:
        self._open: dict[str, FindingRun] = {}
        self._unwritten: dict[tuple[str, datetime], FindingRun] = {}

    def take(self, findings: Iterable[Finding], now: datetime) -> None:
        """One evaluation of each; a dry run counts as well, for it is asked what would be told of it."""
        for one in findings:
            known = self._open.pop(one.fingerprint, None)
            if one.level is Level.OK:
                continue
            run = _longer(known, one, now) if known is not None and known.level is one.level else _first(one, now)
            self._open[one.fingerprint] = run
            self._unwritten[one.fingerprint, run.started_at] = run

    def unwritten(self) -> list[FindingRun]:
        """What has come or grown since it was written."""
        return list(self._unwritten.values())

    def written(self, runs: Iterable[FindingRun]) -> None:
        """These are kept now; what has grown since stays unwritten."""
        for one in runs:
            key = (one.fingerprint, one.started_at)
            if self._unwritten.get(key) is one:
                del self._unwritten[key]


def _first(one: Finding, now: datetime) -> FindingRun:
    return FindingRun(
        series=one.series,
        route=one.route,
        rule=one.rule,
        unit=one.unit,
        level=one.level,
        started_at=now,
        ended_at=now,
        evaluations=1,
        summary=one.summary,
        value=one.value,
        value_limit=one.limit,
    )


def _longer(run: FindingRun, one: Finding, now: datetime) -> FindingRun:
    return replace(
        run,
        ended_at=now,
        evaluations=run.evaluations + 1,
        summary=one.summary,
        value=one.value,
        value_limit=one.limit,
    )
