"""How fast an operation went, in the customer's words."""

import pytest

from thresholds import FigureError
from thresholds.deployment.pace import Pace, PaceBands, load_pace
from thresholds.shipped import parse_figures


@pytest.mark.parametrize(
    ("seconds", "pace"),
    [
        (0.0, Pace.FAST),
        (59.9, Pace.FAST),
        (60.0, Pace.MODERATE),
        (299.9, Pace.MODERATE),
        (300.0, Pace.SLOW),
        (9e9, Pace.SLOW),
    ],
)
def test_the_customers_bands(seconds: float, pace: Pace) -> None:
    """Under a minute fast, under five moderate, else slow."""
    assert load_pace().of(seconds) is pace


def test_bands_rise() -> None:
    """A moderate below fast would never be told."""
    with pytest.raises(FigureError, match=r"^pace\.yml: fast must be below moderate$"):
        parse_figures(PaceBands, "{fast: 60 s, moderate: 1 min}", "pace.yml")
