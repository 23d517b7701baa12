"""Bands of web vitals as the customer has them, and what is a finding."""

from datetime import UTC, datetime

import pytest

from baselines.vital import Visited, Vital, VitalBins
from thresholds import Level, load_matrix, load_routing
from thresholds.vitals import Band, Bands, load_vital_figures, vital_finding

NOW = datetime(2026, 3, 2, tzinfo=UTC)
MATRIX = load_matrix()


@pytest.mark.parametrize(
    ("vital", "good", "poor"),
    [
        (Vital.LARGEST_CONTENTFUL_PAINT, 2.5, 4.0),
        (Vital.FIRST_INPUT_DELAY, 0.1, 0.3),
        (Vital.INTERACTION_TO_NEXT_PAINT, 0.2, 0.5),
        (Vital.CUMULATIVE_LAYOUT_SHIFT, 0.1, 0.25),
        (Vital.FIRST_CONTENTFUL_PAINT, 1.5, 3.0),
        (Vital.TIME_TO_FIRST_BYTE, 0.8, 1.8),
    ],
)
def test_bands_are_the_customers(vital: Vital, good: float, poor: float) -> None:
    """Good up to the first figure, poor above the second; the figures themselves belong to the better band."""
    bands = Bands.of(MATRIX, vital)
    assert bands == Bands(good, poor)
    assert [bands.band_of(one) for one in (good, good * 1.01, poor, poor * 1.01)] == [
        Band.GOOD,
        Band.NEEDS_IMPROVEMENT,
        Band.NEEDS_IMPROVEMENT,
        Band.POOR,
    ]


@pytest.mark.parametrize(("p75", "level"), [(4.2, Level.WARNING), (3.9, Level.OK), (None, Level.OK)])
def test_a_poor_route_is_a_warning_of_the_front_end(p75: float | None, level: Level) -> None:
    """It names route, device and figure; too few visits are no finding."""
    visited, vital = Visited("/clients/:id", "mobile"), Vital.LARGEST_CONTENTFUL_PAINT
    found = vital_finding(vital, visited, p75, 60, Bands(2.5, 4.0), load_routing(), NOW)
    assert (found.level, found.route) == (level, "front_end")
    assert found.series == "real_users.largest_contentful_paint.mobile./clients/:id"
    assert "/clients/:id on mobile" in found.summary


def test_too_few_visits_have_no_p75() -> None:
    """One fewer than the minimum is not judged."""
    figures = load_vital_figures()
    bins = VitalBins(Vital.TIME_TO_FIRST_BYTE)
    bins.add({3: figures.samples_at_least - 1})
    assert figures.p75(bins) is None
    bins.add({3: 1})
    assert figures.p75(bins) is not None
