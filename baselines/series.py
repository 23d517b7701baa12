"""What a series is: the one registry every room asks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """Base units, as Prometheus has them. Milliseconds and percent exist only where people read or write."""

    SECONDS = "seconds"
    RATIO = "ratio"
    BYTES = "bytes"
    COUNT = "count"


class Direction(StrEnum):
    """Which way is worse: a ceiling is broken from below, a floor from above."""

    CEILING = "ceiling"
    FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class Series:
    """One line over time: everything the house knows of it besides its values.

    `name` is `category.metric` (`database_queries.portfolio_summary`). `route` is the alert category its findings
    are routed by; None asks the shipped mapping of categories. `cadence_seconds` is None for a series that no
    schedule measures. `comparable` is False for seconds that nobody took to do something: the longest wait of the
    moment is 0 most of the time, and has no ratio to a baseline.

    `increment`: each value counts what is new since the run before, so that a limit by the hour is held against the sum
    of an hour. `minimum_traffic`: with fewer events behind it than this, a figure of traffic is not judged: its probe
    skips the run; None where the probe asks for no minimum.

    `calls_per_hour`: how often the portal itself does what is timed here; None where nobody knows. `is_control`: no
    deployment of the portal can change it, such as `SELECT 1` or a static file.
    """

    name: str
    unit: Unit = Unit.SECONDS
    direction: Direction = Direction.CEILING
    cadence_seconds: float | None = None
    route: str | None = None
    comparable: bool = True
    increment: bool = False
    minimum_traffic: float | None = None
    calls_per_hour: float | None = None
    is_control: bool = False

    def __post_init__(self) -> None:
        category, dot, metric = self.name.partition(".")
        if not (category and dot and metric):
            raise ValueError(f"series {self.name!r}: a name is category.metric")

    @property
    def category(self) -> str:
        """The part before the first dot."""
        return self.name.partition(".")[0]

    @property
    def metric(self) -> str:
        """The part after the first dot."""
        return self.name.partition(".")[2]

    @property
    def is_duration(self) -> bool:
        """Whether a baseline can be compared by ratio: times are, levels of a host are not."""
        return self.unit is Unit.SECONDS and self.comparable

    @property
    def is_watchable(self) -> bool:
        """Whether it can be held against itself without end: a duration that is measured again and again."""
        return self.is_duration and self.cadence_seconds is not None


class SeriesRegistry(Mapping[str, Series]):
    """The series of one configuration, by name, in the order in which they were declared."""

    def __init__(self, series: Iterable[Series]) -> None:
        """Raises ValueError where two series have one name."""
        self._by_name: dict[str, Series] = {}
        for one in series:
            if one.name in self._by_name:
                raise ValueError(f"series {one.name!r} is declared twice")
            self._by_name[one.name] = one

    def __getitem__(self, name: str) -> Series:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)
