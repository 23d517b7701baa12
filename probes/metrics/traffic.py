"""The series that a page of metrics gives: one small model for each way of making a number of its samples."""

import math
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from baselines.measurement import Reason
from baselines.series import Direction, Series, Unit
from probes.duration import Duration
from probes.errors import ProbeFailed
from probes.metrics.quantile import histogram_quantile
from probes.metrics.scrape import Scrape
from probes.metrics.selector import Selector, WrittenSelector
from probes.metrics.window import Step

_ALL, _PART, _WHOLE = "all", "part", "whole"


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    unit: Unit
    direction: Direction = Direction.CEILING

    def series(self, name: str) -> Series:
        """The series of that name; a figure of the portal's is no time that we took, and has no baseline."""
        return Series(name, self.unit, self.direction, comparable=False)


class Level(_Declared):
    """What is there now: the sum of the matching samples."""

    unit: Unit = Unit.COUNT
    value: WrittenSelector

    @property
    def selectors(self) -> Sequence[Selector]:
        """What must be looked for on a page."""
        return (self.value,)

    def figure(self, scrape: Scrape) -> float:
        """The sum. Raises ProbeFailed where no sample matches."""
        found = scrape.of(self.value)
        if not found:
            raise ProbeFailed(Reason.TOO_LITTLE, f"no sample matches {self.value}")
        return math.fsum(found.values())


class Traffic(_Declared, ABC):
    """What counters counted within the last `window`; since the run before where there is none."""

    window: Duration | None = None

    @property
    @abstractmethod
    def selectors(self) -> Sequence[Selector]:
        """What must be looked for on a page."""

    @abstractmethod
    def counted(self, earlier: Scrape, later: Scrape) -> Mapping[str, float]:
        """What was counted between the two, in whatever parts the figure is made of. Raises ProbeFailed."""

    @abstractmethod
    def figure(self, step: Step) -> float:
        """The figure of the whole window. Raises ProbeFailed where too little was counted."""


class Count(Traffic):
    """How often something happened within the window."""

    unit: Unit = Unit.COUNT
    count: WrittenSelector

    def series(self, name: str) -> Series:
        """Without a window, each run counts what is new."""
        return replace(super().series(name), increment=self.window is None)

    @property
    def selectors(self) -> Sequence[Selector]:
        """The counter."""
        return (self.count,)

    def counted(self, earlier: Scrape, later: Scrape) -> Mapping[str, float]:
        """The sum over its labels."""
        return {_ALL: _sum(earlier, later, self.count)}

    def figure(self, step: Step) -> float:
        """A number of events."""
        return step.counted[_ALL]


class Rate(Traffic):
    """How often something happens in so much time."""

    unit: Unit = Unit.COUNT
    rate: WrittenSelector
    per: Duration = 1.0

    @property
    def selectors(self) -> Sequence[Selector]:
        """The counter."""
        return (self.rate,)

    def counted(self, earlier: Scrape, later: Scrape) -> Mapping[str, float]:
        """The sum over its labels."""
        return {_ALL: _sum(earlier, later, self.rate)}

    def figure(self, step: Step) -> float:
        """Events per `per`."""
        return step.counted[_ALL] / (step.until - step.since) * self.per


class Ratio(Traffic):
    """A share of what happened (errors of requests), or a mean (seconds of requests); not judged below `minimum`."""

    unit: Unit = Unit.RATIO
    ratio: WrittenSelector
    of: WrittenSelector
    minimum: int = Field(default=1, ge=1)

    def series(self, name: str) -> Series:
        """With the events it needs."""
        return replace(super().series(name), minimum_traffic=self.minimum)

    @property
    def selectors(self) -> Sequence[Selector]:
        """The part and the whole."""
        return (self.ratio, self.of)

    def counted(self, earlier: Scrape, later: Scrape) -> Mapping[str, float]:
        """The part and the whole, each summed over its labels."""
        return {_PART: _sum(earlier, later, self.ratio), _WHOLE: _sum(earlier, later, self.of)}

    def figure(self, step: Step) -> float:
        """The part by the whole."""
        _require_traffic(step.counted[_WHOLE], self.minimum)
        return step.counted[_PART] / step.counted[_WHOLE]


class Quantile(Traffic):
    """A quantile of the histogram `of`; not judged below `minimum` observations."""

    unit: Unit = Unit.SECONDS
    quantile: float = Field(gt=0, lt=1)
    of: WrittenSelector
    minimum: int = Field(default=1, ge=1)

    def series(self, name: str) -> Series:
        """With the events it needs."""
        return replace(super().series(name), minimum_traffic=self.minimum)

    @property
    def selectors(self) -> Sequence[Selector]:
        """The histogram's buckets."""
        return (self.of.buckets,)

    def counted(self, earlier: Scrape, later: Scrape) -> Mapping[str, float]:
        """By upper bound of a bucket, summed over all other labels."""
        by_bound = defaultdict[str, float](float)
        for labels, growth in later.increase_since(earlier, self.of.buckets).items():
            by_bound[dict(labels).get("le", "")] += growth
        return by_bound

    def figure(self, step: Step) -> float:
        """As Prometheus' histogram_quantile estimates it."""
        try:
            buckets = {float(bound): count for bound, count in step.counted.items()}
        except ValueError:
            raise ProbeFailed(Reason.ASSERTION, f"a bucket of {self.of} has no bound") from None
        if buckets and (len(buckets) < 2 or not math.isinf(max(buckets))):
            raise ProbeFailed(Reason.ASSERTION, f"{self.of} is no histogram: it lacks buckets")
        _require_traffic(max(buckets.values(), default=0), self.minimum)
        return histogram_quantile(self.quantile, buckets)


def _sum(earlier: Scrape, later: Scrape, selector: Selector) -> float:
    return math.fsum(later.increase_since(earlier, selector).values())


def _require_traffic(counted: float, minimum: int) -> None:
    if counted < minimum:
        raise ProbeFailed(Reason.TOO_LITTLE, f"{counted:g} counted, fewer than the minimum of {minimum}")


def _form(given: Any) -> str | None:
    """Which of the models is meant: the one whose first key is there."""
    if isinstance(given, _Declared):
        return type(given).__name__.lower()
    keys = {"value": "level", "count": "count", "rate": "rate", "ratio": "ratio", "quantile": "quantile"}
    return next((form for key, form in keys.items() if key in given), None) if isinstance(given, dict) else None


# One series of a page, as it is written.
PageSeries = Annotated[
    Annotated[Level, Tag("level")]
    | Annotated[Count, Tag("count")]
    | Annotated[Rate, Tag("rate")]
    | Annotated[Ratio, Tag("ratio")]
    | Annotated[Quantile, Tag("quantile")],
    Discriminator(
        _form,
        custom_error_type="page_series",
        custom_error_message="a series of a page has one of: value, count, rate, ratio, quantile",
    ),
]
