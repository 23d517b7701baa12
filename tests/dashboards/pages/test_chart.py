"""The course of a series: what is drawn, what is told instead, and what a gap looks like."""

from collections.abc import Sequence
from datetime import timedelta

from baselines import Series, Unit
from baselines.rollup import Stretch
from dashboards.pages.chart import Chart, Course, Reference, chart_of
from tests.dashboards.pages.test_axis import END

START = END - timedelta(days=1)
LENGTH = timedelta(minutes=10)
SERIES = Series("q.a", unit=Unit.SECONDS)


def stretch(number: int, median: float | None = 0.1, *, n: int = 20, failed: int = 0) -> Stretch:
    """The calls of one stretch, by its number from the start."""
    around = (None, None, None, None) if median is None else (median * 0.9, median, median * 1.3, median * 2)
    return Stretch(START + number * LENGTH, n, failed, *around)


def drawn(
    stretches: Sequence[Stretch],
    *,
    reference: Reference | None = None,
    limits: Sequence[tuple[str, float]] = (),
    releases: bool = False,
) -> Chart:
    """The drawing of these."""
    course = Course(
        series=SERIES,
        start=START,
        end=END,
        length=LENGTH,
        stretches=stretches,
        reference=reference,
        limits=limits,
        releases=[(START - LENGTH, "v1"), (START + 6 * LENGTH, "v2")] if releases else (),
    )
    chart = chart_of(course)
    assert chart is not None
    return chart


def test_a_gap_is_no_line() -> None:
    """Where nothing was measured nothing is drawn, and a stretch without neighbours is a dot."""
    chart = drawn([stretch(0), stretch(1), stretch(5), stretch(9), stretch(10), stretch(11)])
    assert chart.median.count("M") == 2
    assert chart.dots.count("M") == 1
    assert chart.spread.count("Z") == 2


def test_a_stretch_in_which_nothing_answered_is_a_gap_and_a_bar() -> None:
    """Failures stand below the axis, wider than nothing and as high as their share."""
    chart = drawn([stretch(0), stretch(1, None, n=20, failed=20), stretch(2, n=20, failed=1)])
    assert [one.height for one in chart.failures] == [100.0, 20.0]
    assert chart.median == ""
    assert chart.dots.count("M") == 2
    assert "21 of 60 calls failed" in chart.label


def test_a_limit_far_above_is_told_and_flattens_nothing() -> None:
    """One that is near is a line; one far above is a sentence."""
    chart = drawn([stretch(0), stretch(1)], limits=[("warning", 0.2), ("critical", 5.0)])
    assert [one.text for one in chart.marks] == ["warning limit 200 ms"]
    assert chart.far == ["critical limit 5.00 s"]
    assert "The critical limit is 5.00 s." in chart.label


def test_what_is_tolerated_is_a_band() -> None:
    """From the level of the baseline up to what it may become, with both figures in the sentence."""
    chart = drawn([stretch(0), stretch(1)], reference=Reference(name="baseline", level=0.09, limit=0.12))
    assert chart.band is not None
    top, height = chart.band
    assert 0 < top < top + height < 100
    assert "Baseline has 90.0 ms, up to 120 ms is tolerated." in chart.label


def test_a_release_is_marked_where_it_came() -> None:
    """One from before the drawing is not in it."""
    assert [(one.text, round(one.position, 1)) for one in drawn([stretch(0)], releases=True).releases] == [("v2", 4.2)]


def test_nothing_measured_is_no_drawing() -> None:
    """Not even an empty one: a page says so in words."""
    course = Course(series=SERIES, start=START, end=END, length=LENGTH, stretches=[stretch(0, None, n=0)])
    assert chart_of(course) is None
