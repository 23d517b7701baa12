"""All that a comparison is made from, so that it can be made again elsewhere and comes out the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from baselines.baseline import Baseline, Spacing
from baselines.case import Look
from baselines.comparison import compare
from baselines.ledger import Change
from baselines.live import NAME as LIVE
from baselines.live import without_hasty_verdicts
from baselines.samples import Samples
from baselines.series import Series
from baselines.top_up import with_limits_told
from baselines.verdict import Comparison, WorkloadComparison
from baselines.workload import STATEMENT, WorkloadBin
from baselines.workload_judgement import judge_workload


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadMaterials:
    """The bins of both sides. `probes` has by statement key the names of those that send it; `gaps` are sentences on
    what was not told.
    """

    before: Sequence[WorkloadBin]
    after: Sequence[WorkloadBin]
    probes: Mapping[str, Sequence[str]]
    gaps: Sequence[str]

    def judged(self, before: Baseline, after: Baseline, tolerance: float) -> WorkloadComparison:
        """The statements that were carried out while the two were captured, whoever carried them out."""
        spacings = {one.conditions.spacing for side in (before, after) for one in side.sessions}
        judged = judge_workload(
            self.before,
            self.after,
            tolerance,
            sessions=(len(before.sessions), len(after.sessions)),
            spacing=Spacing.SPREAD if spacings == {Spacing.SPREAD} else Spacing.BURST,
            probes=self.probes,
        )
        return replace(judged, gaps=self.gaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """Two captures with what `compare` needs to judge them. `tolerances` has one for statements too.

    `taken_at` is when the after side was. `ended`: it was the last look, so what stays open says what would decide it.
    Without `workload` the statements that nobody probes are not judged.
    """

    before: Baseline
    after: Baseline
    tolerances: Mapping[str, float]
    history: Mapping[str, Sequence[Samples]]
    look: Look
    known: Mapping[str, Series]
    changes: Sequence[Change]
    taken_at: datetime
    ended: bool = False
    workload: WorkloadMaterials | None = None

    def judged(self) -> Comparison:
        """The same each time. Raises BaselineError without a duration in common."""
        comparison = compare(
            self.before,
            self.after,
            self.tolerances,
            history=self.history,
            look=self.look,
            known=self.known,
            changes=self.changes,
        )
        if self.workload is not None:
            tolerance = self.tolerances[STATEMENT.name]
            comparison = replace(comparison, workload=self.workload.judged(self.before, self.after, tolerance))
        if self.after.name == LIVE:
            comparison = without_hasty_verdicts(comparison)
        return with_limits_told(comparison) if self.ended else comparison
