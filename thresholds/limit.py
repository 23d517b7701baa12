"""Limits: what a series may not go over, or under, and how often before anybody is told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from baselines.series import Direction, Series, Unit
from thresholds.quantity import Quantity, written
from thresholds.shipped import FigureError
from thresholds.source import Source

_WINDOWS: Final = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_FORM: Final = re.compile(r"\s*(?P<floor>at least\s)?(?P<quantity>.*?)(?:\sper\s+(?P<window>\w+))?\s*")


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit in base units. A ceiling is broken above it, a floor below it; the limit itself still is well.

    `unit` is None for a plain number, which only a count or a ratio up to 1 may have. `window_seconds`: the value held
    against it is a count within that time (`5 per hour`); None for everything else.
    """

    value: float
    unit: Unit | None
    direction: Direction = Direction.CEILING
    window_seconds: float | None = None

    @classmethod
    def parse(cls, given: object) -> "Limit":
        """From `150 ms`, `at least 98 %`, `5 per hour` or 0.1. Raises ValueError with what can be written."""
        if isinstance(given, Limit):
            return given
        form = _FORM.fullmatch(given) if isinstance(given, str) else None
        if form is None:
            quantity = Quantity.parse(given)
            return cls(quantity.value, quantity.unit)
        quantity = Quantity.parse(form["quantity"])
        window = form["window"]
        if window is not None and window not in _WINDOWS:
            raise ValueError(f"{given!r}: unknown time {window!r}, known are {', '.join(_WINDOWS)}")
        if window is not None and quantity.unit is not None:
            raise ValueError(f"{given!r}: only a count goes by time, such as 5 per hour")
        direction = Direction.FLOOR if form["floor"] else Direction.CEILING
        return cls(quantity.value, quantity.unit, direction, None if window is None else _WINDOWS[window])

    @property
    def figure(self) -> str:
        """The figure for people, without its direction: `98 %`, `5 per hour`."""
        by = f" per {self.window}" if self.window else ""
        return f"{written(self.value, self.unit, digits=12)}{by}"

    @property
    def window(self) -> str | None:
        """The name of the time it counts by (`hour`); None where it doesn't."""
        return next((name for name, seconds in _WINDOWS.items() if seconds == self.window_seconds), None)

    def __str__(self) -> str:
        return f"at least {self.figure}" if self.direction is Direction.FLOOR else self.figure

    def is_broken_by(self, value: float) -> bool:
        """Whether the value lies beyond the limit; on it is still well."""
        return value > self.value if self.direction is Direction.CEILING else value < self.value

    def misfit(self, series: Series) -> str | None:
        """Why this limit can't be held against that series, as the end of a sentence; None where it can."""
        unit = self.unit
        if unit is None and (series.unit is Unit.COUNT or (series.unit is Unit.RATIO and self.value <= 1)):
            unit = series.unit
        if unit is None:
            return f"has no unit, and the series is measured in {series.unit}: {_EXAMPLES[series.unit]}"
        if unit is not series.unit:
            return f"is in {unit}, and the series is measured in {series.unit}: {_EXAMPLES[series.unit]}"
        if self.direction is not series.direction:
            floor = series.direction is Direction.FLOOR
            return f"is a {self.direction}, and of this series {'less' if floor else 'more'} is worse: " + (
                "write at least before it" if floor else "leave out at least"
            )
        return self._miscounted(series)

    def _miscounted(self, series: Series) -> str | None:
        """Why the runs of that series can't be added up to what the limit counts; None where they can."""
        if self.window_seconds is None or not series.increment:
            return None
        if self.direction is Direction.FLOOR:
            return "would be broken whenever a run is missed: let the probe count that long (window)"
        if series.cadence_seconds is not None and series.cadence_seconds > self.window_seconds:
            return f"goes by less time than lies between two runs ({written(series.cadence_seconds, Unit.SECONDS)})"
        return None

    def contradiction(self, critical: "Limit") -> str | None:
        """Why this can't be the warning to that critical limit, as a sentence; None where it can."""
        if (self.unit, self.direction, self.window_seconds) != (
            critical.unit,
            critical.direction,
            critical.window_seconds,
        ):
            return f"warning {self} and critical {critical} are not limits of one kind"
        if self.direction is Direction.CEILING and not self.value < critical.value:
            return f"warning {self} must be below critical {critical}"
        if self.direction is Direction.FLOOR and not self.value > critical.value:
            return f"warning {self} must be above critical {critical}"
        return None


_EXAMPLES: Final = {
    Unit.SECONDS: "write it as 150 ms or 2 s",
    Unit.RATIO: "write it as 80 %",
    Unit.BYTES: "write it as 3 GB",
    Unit.COUNT: "write a plain number",
}

WrittenLimit = Annotated[
    Limit,
    BeforeValidator(Limit.parse),
    PlainSerializer(str),
    WithJsonSchema({"type": ["string", "number"], "examples": ["150 ms", "80 %", "at least 98 %", "5 per hour"]}),
]


class LimitOverride(BaseModel):
    """What one layer says of a series: the shipped default, a category, the matrix' line, the user's configuration.

    A field that is left out keeps what the layer beneath says; a limit or an action given as null is taken away.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    warning: WrittenLimit | None = None
    critical: WrittenLimit | None = None
    multiplier: float | None = Field(default=None, gt=1, le=10, description="of the baseline, 1.25 for 25 % slower")
    bad_evaluations: int | None = Field(default=None, ge=1, description="in a row before an alert fires")
    good_evaluations: int | None = Field(default=None, ge=1, description="in a row before it resolves")
    action: str | None = Field(default=None, min_length=1, description="a label on the alert; we never carry it out")
    dry_run: bool | None = Field(default=None, description="whether to judge and show, and alert nobody")

    @property
    def figures(self) -> dict[str, Limit | float | int | str | None]:
        """What this layer says, by field; None for what it takes away."""
        return {name: getattr(self, name) for name in LimitOverride.model_fields if name in self.model_fields_set}

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.warning and self.critical and (contradiction := self.warning.contradiction(self.critical)):
            raise ValueError(contradiction)
        for name in ("multiplier", "bad_evaluations", "good_evaluations", "dry_run"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name}: can't be taken away; leave it out to keep the default")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesLimits:
    """Everything the matrix says of one series, in base units, and where it says so.

    `multiplier` is the tolerated ratio to the baseline. `dry_run`: what breaks is shown, and nobody is told. `sources`
    has for each figure that there is where it stands. Raises FigureError where warning and critical contradict each
    other.
    """

    series: str
    multiplier: float
    warning: Limit | None
    critical: Limit | None
    direction: Direction
    bad_evaluations: int
    good_evaluations: int
    action: str | None
    dry_run: bool
    sources: Mapping[str, Source]

    def __post_init__(self) -> None:
        if self.warning and self.critical and (contradiction := self.warning.contradiction(self.critical)):
            warning, critical = self.sources["warning"], self.sources["critical"]
            where = f"warning from {warning}, critical from {critical}"
            raise FigureError(f"{self.series}: {contradiction} ({where})", critical if warning.shipped else warning)

    @property
    def window_seconds(self) -> float | None:
        """The time by which the limits count; None where they don't."""
        first = self.warning or self.critical
        return None if first is None else first.window_seconds
