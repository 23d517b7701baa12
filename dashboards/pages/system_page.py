"""The page of the service itself: what works, how it has been, and what it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from baselines.series import Unit
from dashboards.pages.axis import ValueAxis
from dashboards.pages.frame import Frame, render_page
from dashboards.reports import figures

REFRESH_SECONDS = 30
_BOX = (200.0, 40.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the service: whether it works, a sentence on how it is, and when that was last looked at."""

    name: str
    works: bool
    sentence: str
    checked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One figure over time, in the order of time; None where it was not known."""

    name: str
    unit: Unit
    values: Sequence[float | None]
    first_at: datetime | None
    last_at: datetime | None

    @property
    def known(self) -> list[float]:
        """The values that there are."""
        return [one for one in self.values if one is not None]

    @property
    def last(self) -> str:
        """The latest value for people."""
        return figures.quantity(self.values[-1], self.unit) if self.values else figures.NO_FIGURE

    @property
    def most(self) -> str:
        """The highest one."""
        return figures.quantity(max(self.known, default=None), self.unit)

    @property
    def direction(self) -> str:
        """Whether its last quarter lies above its first: rising, falling or steady; empty where too few are known."""
        known = self.known
        quarter = len(known) // 4
        if quarter < 2:
            return ""
        first, last = sum(known[:quarter]) / quarter, sum(known[-quarter:]) / quarter
        if max(first, last) == 0 or 0.8 <= (first or 1e-9) / (last or 1e-9) <= 1.25:
            return "steady"
        return "rising" if last > first else "falling"

    @property
    def path(self) -> str:
        """A line in a box of 200 × 40 with gaps where nothing is known."""
        axis, (width, height) = ValueAxis.over(self.known, self.unit), _BOX
        step = width / max(1, len(self.values) - 1)
        drawn, is_down = [], False
        for number, value in enumerate(self.values):
            if value is None:
                is_down = False
                continue
            point = f"{number * step:.1f} {axis.position(value) * height / 100:.1f}"
            drawn.append(f"{'L' if is_down else 'M'}{point}")
            is_down = True
        return "".join(drawn)

    @property
    def label(self) -> str:
        """The sentence of its drawing."""
        if not self.known:
            return f"{self.name}: not known yet."
        told = f", {self.direction}" if self.direction else ""
        return f"{self.name}: {self.last} now, {self.most} at most{told}."


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the store, or several small ones; `share` of all its bytes, 0 to 1."""

    name: str
    rows: int
    bytes: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPage:
    """Everything the page shows, as of `now`. `obstacles`: why the service is not ready. `tables` is empty while the
    store can't be asked, and so is `work`: what was measured by the hour, in the last week.
    """

    version: str
    instance: str
    started_at: datetime
    parts: Sequence[Part]
    obstacles: Sequence[str]
    trends: Sequence[Trend]
    work: Sequence[Trend]
    tables: Sequence[Table]
    now: datetime

    @property
    def headline(self) -> str:
        """How the service is, in a sentence."""
        broken = [one.name for one in self.parts if not one.works]
        if broken:
            return f"{len(broken)} of {len(self.parts)} parts {'do' if len(broken) > 1 else 'does'} not work: " + (
                f"{', '.join(broken)}."
            )
        return "Everything works." if not self.obstacles else "Everything works, and it is not ready yet."


def render_system_page(page: SystemPage, frame: Frame, *, reload: bool = True) -> str:
    """The page as HTML; it renews itself unless told otherwise."""
    every = REFRESH_SECONDS if reload else None
    return render_page("system.html.j2", frame, title="System", reload=every, page=page, bytes=Unit.BYTES)
