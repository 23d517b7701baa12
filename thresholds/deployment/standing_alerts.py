"""What is told while a deployment is open: the customer's standing alerts."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, RootModel

from baselines.series import Unit
from thresholds.deployment.fact import Fact, Wanted
from thresholds.deployment.requirement import FactName, Requirement, wanted_by
from thresholds.finding import Finding, Level, Rule
from thresholds.shipped import parse_figures, read_figures

# The alert category of all that is wrong with a deployment.
ROUTE = "deployment"


class StandingAlert(BaseModel):
    """A requirement, and how bad it is where it does not hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1)
    level: Level
    requires: Requirement


class StandingAlerts(RootModel[dict[FactName, StandingAlert]]):
    """All of them, by name."""

    def wanted(self) -> Wanted:
        """What has to be read for them."""
        return wanted_by(one.requires for one in self.root.values())

    def series(self) -> list[str]:
        """What their findings are called."""
        return [_series(name) for name in self.root]

    def findings(self, facts: Mapping[str, Fact], now: datetime) -> Iterator[Finding]:
        """One for each, ok where it holds; of what is not known nothing is said, neither good nor bad."""
        for name, one in self.root.items():
            check = one.requires.check(facts)
            if check.holds is None:
                continue
            yield Finding(
                series=_series(name),
                route=ROUTE,
                rule=Rule.ABSOLUTE,
                level=Level.OK if check.holds else one.level,
                unit=Unit.COUNT,
                summary=f"{one.title}: {check.told}",
                since=now,
            )


def _series(name: str) -> str:
    return f"deployment.{name}"


def load_standing_alerts() -> StandingAlerts:
    """The customer's as shipped."""
    return parse_figures(StandingAlerts, read_figures("standing_alerts.yml"), "standing_alerts.yml")
