"""The core functionality in a comparison: what the portal is there for, and how much of it is broken."""

from collections.abc import Sequence
from dataclasses import dataclass

from baselines.verdict import Comparison, Question, SeriesComparison, Verdict
from thresholds.rollback import RollbackMatrix
from thresholds.wording import failed_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The series of the core's category that both captures have; `category` is None where there are none.

    `broken`: those of them that mostly fail and did not before; what failed all along no rollback brings back. Those
    that fail most come first.
    """

    category: str | None
    series: Sequence[SeriesComparison]
    broken: Sequence[SeriesComparison]

    @classmethod
    def of(cls, comparison: Comparison, matrix: RollbackMatrix) -> "Core":
        """The core of a comparison as the matrix has it."""
        both = [one for one in comparison.series if one.before is not None and one.after is not None]
        category = matrix.core_of({one.series.category for one in both})
        series = [one for one in both if one.series.category == category]
        broken = [one for one in series if _fails_now(one) and failed_share(one.after) > matrix.broken_over]
        return cls(
            category=category,
            series=series,
            broken=sorted(broken, key=lambda one: (-failed_share(one.after), one.series.name)),
        )

    @property
    def is_lost(self) -> bool:
        """Whether every call of it fails."""
        return bool(self.series) and len(self.broken) == len(self.series) and failed_share(self.broken[-1].after) == 1

    @property
    def broken_share(self) -> float:
        """The broken part of it, 0 to 1."""
        return len(self.broken) / len(self.series) if self.series else 0.0

    @property
    def sentence(self) -> str:
        """`5 of 7 series of the core functionality are broken`."""
        return f"{len(self.broken)} of {len(self.series)} series of the core functionality are broken"


def _fails_now(one: SeriesComparison) -> bool:
    answer = one.answer(Question.AVAILABILITY)
    return answer is not None and answer.verdict is Verdict.DEGRADED
