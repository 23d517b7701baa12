"""Figures as people write them (`150 ms`, `80 %`, `15 min`), read into base units."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from baselines.series import Unit

# Decimal factors, because 99.99 % must be 0.9999 and not its neighbour.
_UNITS: Final[dict[str, tuple[Unit, Decimal]]] = {
    "us": (Unit.SECONDS, Decimal("0.000001")),
    "ms": (Unit.SECONDS, Decimal("0.001")),
    "s": (Unit.SECONDS, Decimal(1)),
    "min": (Unit.SECONDS, Decimal(60)),
    "h": (Unit.SECONDS, Decimal(3600)),
    "d": (Unit.SECONDS, Decimal(86400)),
    "%": (Unit.RATIO, Decimal("0.01")),
    "B": (Unit.BYTES, Decimal(1)),
    "kB": (Unit.BYTES, Decimal(1000)),
    "MB": (Unit.BYTES, Decimal(1000) ** 2),
    "GB": (Unit.BYTES, Decimal(1000) ** 3),
}
_SIZES: Final = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
# Of a duration, `5m` is five minutes; elsewhere it would be taken for millions, or metres.
_MINUTES: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*m\s*", re.ASCII)
_FORM: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z%]*)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in its base unit; `unit` is None for a plain number, whose reader knows what it counts."""

    value: float
    unit: Unit | None

    @classmethod
    def parse(cls, given: object) -> "Quantity":
        """From `150 ms`, `80 %`, `3 GB`, `0.1` or a number. Raises ValueError, with what can be written instead."""
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ValueError(f"{given!r} is no figure: write a number with its unit, such as 150 ms or 80 %")
        form = _FORM.fullmatch(str(given))
        if form is None:
            raise ValueError(f"{given!r} is no figure: write a number with its unit, such as 150 ms or 80 %")
        number, unit = form.groups()
        if not unit:
            return cls(float(number), None)
        if unit not in _UNITS:
            raise ValueError(f"{given!r}: unknown unit {unit!r}, known are {', '.join(_UNITS)}")
        base, factor = _UNITS[unit]
        return cls(float(Decimal(number) * factor), base)


def written(value: float, unit: Unit | None, digits: int = 4) -> str:
    """A base-unit value for people: 0.4123 seconds is `412.3 ms`, 0.8 as a ratio `80 %`; `digits` are significant."""
    if unit is Unit.SECONDS:
        size, name = (0.001, "ms") if value < 1 else (1.0, "s") if value < 120 else (60.0, "min")
        return f"{value / size:.{digits}g} {name}"
    if unit is Unit.RATIO:
        # Between 99 and 100 % the third nine is what is being looked at.
        return f"{value * 100:.{max(digits, 5) if 0.99 < value < 1 else digits}g} %"
    if unit is Unit.BYTES:
        size, name = next((one for one in _SIZES if value >= one[0]), (1.0, "B"))
        return f"{value / size:.{digits}g} {name}"
    return f"{value:.0f}" if value >= 1000 and value == int(value) else f"{value:.{digits}g}"


def _seconds(given: object) -> float:
    minutes = _MINUTES.fullmatch(given) if isinstance(given, str) else None
    quantity = Quantity.parse(f"{minutes[1]} min" if minutes else given)
    if quantity.unit not in (None, Unit.SECONDS):
        raise ValueError(f"{given!r} is no duration: write it as 15 min, 4 h or a number of seconds")
    return quantity.value


# A length of time above zero, in seconds; people write `15 min`, a plain number is seconds already.
Duration = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(gt=0),
    WithJsonSchema({"type": ["string", "number"], "examples": ["15 min", "4 h"]}),
]

# The same, and none at all: `0 s` does not wait.
Wait = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(ge=0),
    WithJsonSchema({"type": ["string", "number"], "examples": ["30 s", "0 s"]}),
]


def _share(given: object) -> float:
    quantity = Quantity.parse(given)
    if quantity.unit not in (None, Unit.RATIO):
        raise ValueError(f"{given!r} is no share: write it as 80 %")
    return quantity.value


# A part of a whole, above 0 and up to 1; people write `80 %`, a plain number is a ratio already.
Share = Annotated[
    float,
    BeforeValidator(_share),
    Field(gt=0, le=1),
    WithJsonSchema({"type": ["string", "number"], "examples": ["80 %"]}),
]

# The same, and none at all.
Portion = Annotated[
    float,
    BeforeValidator(_share),
    Field(ge=0, le=1),
    WithJsonSchema({"type": ["string", "number"], "examples": ["50 %", "0 %"]}),
]
