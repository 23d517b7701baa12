"""Web vitals of real visits: each route on each kind of device, how its visits spread over the bands, and its p75."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from baselines.vital import Visited, Vital, VitalBins
from dashboards.ages import ago, lasting
from dashboards.pages.frame import Frame, render_page
from thresholds.quantity import written
from thresholds.vitals import Band, Bands, VitalFigures

REFRESH_SECONDS = 60
NAMES: Mapping[Vital, str] = {
    Vital.LARGEST_CONTENTFUL_PAINT: "LCP",
    Vital.INTERACTION_TO_NEXT_PAINT: "INP",
    Vital.CUMULATIVE_LAYOUT_SHIFT: "CLS",
    Vital.FIRST_CONTENTFUL_PAINT: "FCP",
    Vital.TIME_TO_FIRST_BYTE: "TTFB",
}
# Of the drawing's own coordinates, stretched over its width; the bands differ in height, so that colour is not alone.
BOX, HEIGHT = 1000, 24
# The class of a band in the style sheet, and its height.
_DRAWN = {Band.GOOD: ("pass", 8), Band.NEEDS_IMPROVEMENT: ("warning", 16), Band.POOR: ("fail", 24)}
_MOST_ROWS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalRow:
    """A vital of a route on a device. `p75` and `before` are for people, None where there were too few visits to say;
    `paths` are shares of the visits by band, for a drawing of BOX × HEIGHT.
    """

    visited: Visited
    name: str
    full_name: str
    band: Band | None
    p75: str | None
    before: str | None
    change: str | None
    samples: int
    paths: Sequence[tuple[str, str]]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalsPage:
    """Everything the page shows: visits from `start` on. `change` names the release or deployment before which the
    older visits were, `changed_at` when it came."""

    rows: Sequence[VitalRow]
    start: datetime
    change: str | None
    changed_at: datetime | None
    figures: VitalFigures
    bands: Mapping[Vital, Bands | None]
    left_out: int
    now: datetime

    @property
    def headline(self) -> str:
        """How the routes stand, in a sentence."""
        if not self.rows:
            return "No visit was told of in that time."
        counted = Counter(one.band for one in self.rows if one.band is not None)
        if not counted:
            return "There are too few visits to judge yet."
        if not counted[Band.POOR]:
            return f"No route is poor, of {counted.total()} judged figures."
        return f"{counted[Band.POOR]} of {counted.total()} judged figures {_is(counted[Band.POOR])} poor."

    @property
    def period(self) -> str:
        """Which visits, and beside which."""
        told = f"of the last {lasting((self.now - self.start).total_seconds()) or 'second'}"
        if self.change is None or self.changed_at is None:
            return told
        if self.start == self.changed_at:
            told = f"since {self.change}, {ago(self.changed_at, self.now)}"
        return f"{told}, beside those of the {lasting(self.figures.before_seconds)} before {self.change}"

    @property
    def limits(self) -> Sequence[tuple[str, str, str, str]]:
        """By vital: short name, name, good up to, needs improvement up to."""
        return [
            (NAMES[vital], _words(vital), written(one.good, vital.unit), written(one.needs_improvement, vital.unit))
            for vital, one in self.bands.items()
            if one is not None and vital in NAMES
        ]


def vitals_page(
    now_vitals: Mapping[Visited, Mapping[Vital, VitalBins]],
    earlier: Mapping[Visited, Mapping[Vital, VitalBins]],
    *,
    start: datetime,
    change: tuple[datetime, str] | None,
    figures: VitalFigures,
    bands: Mapping[Vital, Bands | None],
    now: datetime,
) -> VitalsPage:
    """The page: poor figures first, then by visits."""
    rows = [
        _row(visited, vital, bins, earlier.get(visited, {}).get(vital), figures, held)
        for visited, by_vital in now_vitals.items()
        for vital, bins in by_vital.items()
        if vital in NAMES and (held := bands[vital]) is not None
    ]
    rank = {Band.POOR: 0, Band.NEEDS_IMPROVEMENT: 1, Band.GOOD: 2, None: 3}
    rows.sort(key=lambda one: (rank[one.band], -one.samples, one.visited, one.name))
    return VitalsPage(
        rows=rows[:_MOST_ROWS],
        start=start,
        change=change[1] if change else None,
        changed_at=change[0] if change else None,
        figures=figures,
        bands=bands,
        left_out=max(0, len(rows) - _MOST_ROWS),
        now=now,
    )


def _row(
    visited: Visited, vital: Vital, bins: VitalBins, earlier: VitalBins | None, figures: VitalFigures, bands: Bands
) -> VitalRow:
    p75 = figures.p75(bins)
    then = None if earlier is None else figures.p75(earlier)
    good = bins.share_up_to(bands.good)
    middle = max(good, bins.share_up_to(bands.needs_improvement))
    shares = {Band.GOOD: (0.0, good), Band.NEEDS_IMPROVEMENT: (good, middle), Band.POOR: (middle, 1.0)}
    told = ", ".join(f"{to - since:.0%} {band}" for band, (since, to) in shares.items() if to > since)
    return VitalRow(
        visited=visited,
        name=NAMES[vital],
        full_name=_words(vital),
        band=None if p75 is None else bands.band_of(p75),
        p75=None if p75 is None else written(p75, vital.unit, 3),
        before=None if then is None else written(then, vital.unit, 3),
        change=None if p75 is None or not then else f"×{p75 / then:.2f}",
        samples=bins.samples,
        paths=[
            (_DRAWN[band][0], _bar(since, to, _DRAWN[band][1])) for band, (since, to) in shares.items() if to > since
        ],
        label=f"{NAMES[vital]} of {visited.route} on {visited.device}, {bins.samples} visits: {told}.",
    )


def _bar(since: float, to: float, height: int) -> str:
    left, right = round(since * BOX), round(to * BOX)
    return f"M{left} {HEIGHT - height}h{right - left}v{height}h{left - right}z"


def _words(vital: Vital) -> str:
    return str(vital).replace("_", " ")


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def render_vitals_page(page: VitalsPage, frame: Frame, *, reload: bool = True) -> str:
    """The page as HTML; it renews itself unless told otherwise."""
    every = REFRESH_SECONDS if reload else None
    kinds = {Band.GOOD: "pass", Band.NEEDS_IMPROVEMENT: "warning", Band.POOR: "fail"}
    return render_page(
        "vitals.html.j2", frame, title="Front end", reload=every, page=page, box=BOX, height=HEIGHT, kinds=kinds
    )
