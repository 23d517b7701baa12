"""How much slower a series may be."""

import pytest

from baselines.series import Series
from thresholds import FigureError, Profile, load_matrix, tolerances

SERIES = [Series("api_endpoints.networth_generation"), Series("database_queries.anything")]


@pytest.mark.parametrize(
    ("profile", "percent", "expected"),
    [
        (Profile.STANDARD, None, [2.0, 1.25]),
        (Profile.ENHANCED, None, [1.15, 1.15]),
        (Profile.STANDARD, 40, [1.4, 1.4]),
        (Profile.ENHANCED, 40, [1.4, 1.4]),
        (Profile.STANDARD, 1, [1.01, 1.01]),
        (Profile.STANDARD, 400, [5.0, 5.0]),
    ],
)
def test_tolerances(profile: Profile, percent: float | None, expected: list[float]) -> None:
    """A percentage given wins; standard takes the multipliers; enhanced never more than 15 %."""
    assert list(tolerances(SERIES, load_matrix(), profile, percent).values()) == expected


def test_enhanced_keeps_a_stricter_multiplier() -> None:
    """The enhanced profile takes the smaller of the two, so it can't loosen a series."""
    matrix = load_matrix()
    strict = matrix.overridden({"database_queries.anything": matrix.default.model_copy(update={"multiplier": 1.1})})
    assert tolerances(SERIES, strict, Profile.ENHANCED)["database_queries.anything"] == 1.1


@pytest.mark.parametrize("percent", [0.5, 401, -5, float("nan")])
def test_out_of_bounds(percent: float) -> None:
    """A percentage that can't be meant is refused."""
    with pytest.raises(FigureError, match="give one from 1 to 400 percent"):
        tolerances(SERIES, load_matrix(), Profile.STANDARD, percent)
