"""What a check of a deployment says: lines by component, PASS, WARNING or FAIL each, with the figure or the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from baselines.series import Unit
from thresholds.finding import Level


class CheckKind(StrEnum):
    """The customer's checks, by the names of the schedule."""

    SYSTEM_HEALTH = "system_health_check"
    PERFORMANCE = "performance_test_suite"
    INDEX_USAGE = "index_usage_analysis"
    CONSTRAINTS = "constraint_validation"

    @property
    def series(self) -> str:
        """Under which name its failing is told."""
        return f"checks.{self}"


class CheckStatus(StrEnum):
    """What a check can say."""

    PASS = "PASS"
    WARNING = "WARNING"
    FAIL = "FAIL"

    @property
    def severity(self) -> int:
        """0 PASS, 1 WARNING, 2 FAIL."""
        return list(CheckStatus).index(self)

    @classmethod
    def of(cls, level: Level) -> "CheckStatus":
        """What a finding of that level makes of a line."""
        return {Level.OK: cls.PASS, Level.WARNING: cls.WARNING, Level.CRITICAL: cls.FAIL}[level]


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One thing that was looked at. `detail` is the figure or the reason in words; `value` is in that unit, None where
    there is no figure.
    """

    component: str
    name: str
    status: CheckStatus
    detail: str
    value: float | None = None
    unit: Unit | None = None


def not_looked_at(component: str, name: str, why: str) -> CheckLine:
    """Without data there is no PASS."""
    return CheckLine(component, name, CheckStatus.WARNING, f"not looked at: {why}")


@dataclass(frozen=True, slots=True)
class CheckReport:
    """One run of a check, as bad as the worst of its lines. `unreachable` names targets that gave no answer at all."""

    kind: CheckKind
    at: datetime
    lines: Sequence[CheckLine]
    unreachable: Sequence[str] = ()

    @property
    def status(self) -> CheckStatus:
        """The worst of all lines; a run that saw nothing is no PASS."""
        return _worst(self.lines)

    @property
    def components(self) -> Mapping[str, Sequence[CheckLine]]:
        """The lines by component, in the order in which those came."""
        names = dict.fromkeys(one.component for one in self.lines)
        return {name: [one for one in self.lines if one.component == name] for name in names}

    @property
    def statuses(self) -> Mapping[str, CheckStatus]:
        """Each component with the worst of its lines."""
        return {name: _worst(lines) for name, lines in self.components.items()}

    def failed(self) -> list[CheckLine]:
        """The lines that FAIL."""
        return [one for one in self.lines if one.status is CheckStatus.FAIL]

    def document(self) -> dict[str, Any]:
        """As JSON: what the command prints, the store keeps and the API answers."""
        return {
            "check": self.kind,
            "at": self.at.isoformat(),
            "status": self.status,
            "components": [
                {
                    "name": name,
                    "status": _worst(lines),
                    "checks": [
                        {
                            "name": one.name,
                            "status": one.status,
                            "detail": one.detail,
                            "value": one.value,
                            "unit": one.unit,
                        }
                        for one in lines
                    ],
                }
                for name, lines in self.components.items()
            ],
            "unreachable": list(self.unreachable),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The report of a document."""
        lines = [
            CheckLine(
                component["name"],
                one["name"],
                CheckStatus(one["status"]),
                one["detail"],
                one["value"],
                None if one["unit"] is None else Unit(one["unit"]),
            )
            for component in document["components"]
            for one in component["checks"]
        ]
        at = datetime.fromisoformat(document["at"])
        return cls(CheckKind(document["check"]), at, lines, tuple(document["unreachable"]))


def _worst(lines: Sequence[CheckLine]) -> CheckStatus:
    return max((one.status for one in lines), key=lambda one: one.severity, default=CheckStatus.WARNING)
