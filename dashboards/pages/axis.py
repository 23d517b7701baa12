"""Two plain axes: values from zero up with round ticks, and time with ticks where a clock has them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from baselines.series import Unit
from dashboards.reports import figures
from dashboards.reports.forest import Tick

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
# Room above the highest value.
_HEADROOM = 1.08

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Maps values from 0 to `highest` onto percent of a height, counted from the top."""

    highest: float
    unit: Unit

    @classmethod
    def over(cls, values: Sequence[float], unit: Unit) -> "ValueAxis":
        """With room for all of these values; from 0 to 1 where there is none above 0."""
        most = max(values, default=0.0)
        return cls(most * _HEADROOM if most > 0 else 1.0, unit)

    def position(self, value: float) -> float:
        """Percent from the top; what lies beyond an end is put onto it."""
        return round(100 * (1 - min(max(value / self.highest, 0.0), 1.0)), 2)

    def holds(self, value: float) -> bool:
        """Whether the value lies on the axis."""
        return 0 <= value <= self.highest

    def ticks(self, wanted: int = 4) -> list[Tick]:
        """Round values, zero among them, about as many as wanted."""
        rough = self.highest / wanted
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(one * power for one in _STEPS if one * power >= rough)
        count = math.floor(self.highest / step + 1e-9)
        return [Tick(self.position(number * step), self._text(number * step)) for number in range(count + 1)]

    def _text(self, value: float) -> str:
        return figures.mark(value, self.unit) if value else "0"


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Maps instants between two ends onto percent of a width; its texts are UTC."""

    start: datetime
    end: datetime

    def position(self, at: datetime) -> float:
        """Percent from the left; what lies beyond an end is put onto it."""
        share = (at - self.start) / (self.end - self.start)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def holds(self, at: datetime) -> bool:
        """Whether the instant lies between the ends."""
        return self.start <= at <= self.end

    def ticks(self) -> list[Tick]:
        """At full minutes, hours or days, at most eight, none so near an end that its text would not fit."""
        lasting = self.end - self.start
        step = next(
            (one for one in map(timedelta, (0,) * 9, _SECONDS) if lasting / one <= 8),
            timedelta(seconds=_SECONDS[-1]),
        )
        form = "%H:%M" if step < _DAY else "%d %b"
        midnight = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight + math.ceil((self.start - midnight) / step) * step
        ticks = []
        while first <= self.end:
            position = self.position(first)
            if 3 <= position <= 97:
                ticks.append(Tick(position, first.strftime(form)))
            first += step
        return ticks


_SECONDS = (60, 600, 1800, 3600, 10800, 21600, 86400, 432000, 864000)
