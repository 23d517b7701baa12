"""The customer's system health score: a hundred points, less what is missing after a migration."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thresholds.deployment.fact import Fact, Wanted
from thresholds.deployment.requirement import FactName, Requirement, wanted_by
from thresholds.shipped import parse_figures, read_figures


class HealthGrade(StrEnum):
    """The word for a score; only the first one passes."""

    EXCELLENT = "EXCELLENT"
    GOOD = "GOOD"
    FAIR = "FAIR"
    POOR = "POOR"


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Deduction(_Closed):
    """Points that are taken away where the requirement does not hold; `each`: for each one that is too many."""

    title: str = Field(min_length=1)
    points: float = Field(gt=0)
    each: bool = False
    requires: Requirement


class ScoreWarning(_Closed):
    """What is told where it does not hold, and takes no points."""

    title: str = Field(min_length=1)
    requires: Requirement


class ScoreGrades(_Closed):
    """Each word holds from its figure on, poor below all of them."""

    excellent: float
    good: float
    fair: float

    @model_validator(mode="after")
    def _fall(self) -> Self:
        if any(better <= worse for better, worse in pairwise((self.excellent, self.good, self.fair))):
            raise ValueError("the figures must fall from excellent to fair")
        return self

    def of(self, score: float) -> HealthGrade:
        """The word for a score."""
        if score >= self.excellent:
            return HealthGrade.EXCELLENT
        if score >= self.good:
            return HealthGrade.GOOD
        return HealthGrade.FAIR if score >= self.fair else HealthGrade.POOR


class HealthScore(_Closed):
    """How a score is come by."""

    start: float = Field(gt=0)
    deductions: dict[FactName, Deduction] = Field(min_length=1)
    warnings: dict[FactName, ScoreWarning] = Field({})
    grades: ScoreGrades

    def wanted(self) -> Wanted:
        """What has to be read for it to be computed."""
        deducting = [one.requires for one in self.deductions.values()]
        return wanted_by([*deducting, *(one.requires for one in self.warnings.values())])


@dataclass(frozen=True, slots=True)
class Deducted:
    """Points that were taken away, and why, in a sentence."""

    name: str
    points: float
    sentence: str


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """A score with its word. `unknown`: what could not be read and might have taken points, each with its reason."""

    score: float
    grade: HealthGrade
    deductions: tuple[Deducted, ...]
    unknown: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Only the best word does."""
        return self.grade is HealthGrade.EXCELLENT


def score_of(rules: HealthScore, facts: Mapping[str, Fact]) -> ScoreResult:
    """The score of what is known, never below 0.

    What is not known takes nothing away, because nothing is known to be wrong, and keeps the score from passing,
    because nothing is known to be right: the best word is GOOD then. What only warns keeps it from nothing.
    """
    deducted, unknown = [], []
    for name, one in rules.deductions.items():
        check = one.requires.check(facts)
        if check.holds is None:
            unknown.append(f"{one.title}: {check.told}")
        elif not check.holds:
            points = one.points * check.amount if one.each else one.points
            deducted.append(Deducted(name, points, f"{one.title}: {check.told}"))
    checks = [(one.title, one.requires.check(facts)) for one in rules.warnings.values()]
    score = max(0.0, rules.start - sum(one.points for one in deducted))
    grade = rules.grades.of(score)
    return ScoreResult(
        score=score,
        grade=HealthGrade.GOOD if unknown and grade is HealthGrade.EXCELLENT else grade,
        deductions=tuple(deducted),
        unknown=tuple(unknown),
        warnings=tuple(f"{title}: {check.told}" for title, check in checks if not check.holds),
    )


def load_health_score() -> HealthScore:
    """The customer's score as shipped."""
    return parse_figures(HealthScore, read_figures("health_score.yml"), "health_score.yml")
