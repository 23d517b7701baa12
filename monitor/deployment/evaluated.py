"""The checklist and the health score of a deployment, as they were read last."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.deployment.deployment import Deployment
from thresholds.deployment.checklist import ChecklistResult, judge
from thresholds.deployment.fact import Fact, Wanted
from thresholds.deployment.health_score import ScoreResult, load_health_score, score_of


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Both, read at once."""

    checklist: ChecklistResult
    score: ScoreResult


def wanted_for(deployment: Deployment) -> Wanted:
    """What has to be read of the database for both."""
    return Wanted.union([deployment.plan.checklist.wanted(), load_health_score().wanted()])


def evaluate(deployment: Deployment, facts: Mapping[str, Fact]) -> Evaluated:
    """Both, of what is known."""
    return Evaluated(
        judge(deployment.plan.checklist, facts, deployment.sign_offs), score_of(load_health_score(), facts)
    )


class LastEvaluated:
    """What the service read last, of the deployment it read it for."""

    def __init__(self) -> None:
        self._of = ""
        self._last: Evaluated | None = None

    def keep(self, deployment: Deployment, evaluated: Evaluated) -> None:
        """It holds until the next time."""
        self._of, self._last = deployment.name, evaluated

    def of(self, deployment: Deployment) -> Evaluated | None:
        """None for another deployment, and before it was read at all."""
        return self._last if self._of == deployment.name else None
