"""An assessment: a comparison with its findings and the rollback advice."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from baselines.verdict import Comparison, Verdict
from thresholds.finding import Finding, Level
from thresholds.workload import regressed


class Action(StrEnum):
    """What the deployment lead is advised to do. Nothing is ever rolled back by us."""

    CONTINUE = "continue"
    HOLD = "hold"
    ROLLBACK = "rollback"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The rollback matrix applied. The probabilities are those of the degraded series likeliest to be over 25 and over
    40 %; where none is degraded, of the likeliest inconclusive one.

    `evidence` are the figures behind it, a sentence each, the most telling first, ten at most.
    """

    action: Action
    rollback_tier: int | None
    over_25: float
    over_40: float
    reason: str
    decided_by: str | None = None
    time_limit_minutes: int | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What reports, gates and exit codes are made from. `findings` are those above ok, worst first."""

    comparison: Comparison
    profile: str
    findings: Sequence[Finding]
    advice: Advice

    @property
    def verdict(self) -> Verdict:
        """The whole comparison in one word: the worst of its series; inconclusive where there is no series at all.

        A statement that is a finding counts as a series that is degraded; any other statement does not count.
        """
        verdicts = {one.verdict for one in self.comparison.series}
        if verdicts & {Verdict.DEGRADED, Verdict.MISSING} or regressed(self.comparison.workload):
            return Verdict.DEGRADED
        if Verdict.INCONCLUSIVE in verdicts or not verdicts - {Verdict.NEW}:
            return Verdict.INCONCLUSIVE
        return Verdict.IMPROVED if verdicts <= {Verdict.IMPROVED, Verdict.NEW} else Verdict.WITHIN

    @property
    def has_finding(self) -> bool:
        """Whether this is exit code 1: a series degraded or missing, or anything critical that is no dry run."""
        critical = [one for one in self.findings if one.level is Level.CRITICAL and not one.dry_run]
        return self.verdict is Verdict.DEGRADED or bool(critical)

    def findings_of(self, series: str) -> list[Finding]:
        """The findings of one series."""
        return [one for one in self.findings if one.series == series]
