"""What the matrix says of a figure: a finding, whatever will be done about it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from baselines.series import Unit


class Level(StrEnum):
    """How bad: a degraded series is a warning; critical comes from absolute limits and availability only."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


class Rule(StrEnum):
    """Which kind of limit was held against the figure."""

    ABSOLUTE = "absolute"
    BASELINE = "baseline"
    FLOOR = "floor"
    AVAILABILITY = "availability"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule held against one series. `value` and `limit` are in base units (ratios for the baseline rule: None where
    there is no figure). `route` is the alert category; `since` is when the judged figure was taken. `summary` is
    one sentence for people. `action` is the customer's label (`scale_resources`), never carried out by us. `dry_run`:
    it is shown, and nobody is told.
    """

    series: str
    route: str
    rule: Rule
    level: Level
    unit: Unit
    summary: str
    since: datetime
    value: float | None = None
    limit: float | None = None
    action: str | None = None
    dry_run: bool = False

    @property
    def told(self) -> "Finding":
        """What the alerts hear of it: of a dry run that all is well, so that none opens and an open one ends."""
        return replace(self, level=Level.OK, action=None) if self.dry_run else self

    @property
    def fingerprint(self) -> str:
        """The identity of the alert this finding speaks of: series and rule, never a text with a value in it."""
        return f"{self.series}:{self.rule}"


def marked(findings: Iterable[Finding], dry_runs: Collection[str]) -> list[Finding]:
    """The findings, those of the series in a dry run marked as such; one that is ok stays as it is."""
    return [
        replace(one, dry_run=True, summary=f"{one.summary} (dry run: no alert)")
        if one.series in dry_runs and one.level is not Level.OK
        else one
        for one in findings
    ]
