"""What a database says of its statements."""

import pytest

from probes.workload.statement import Statement, Workload


@pytest.mark.parametrize(("hours", "calls_per_hour"), [(2.0, 250.0), (0.9, None), (None, None)])
def test_calls_in_an_hour_need_an_hour_of_counting(hours: float | None, calls_per_hour: float | None) -> None:
    """Less would be made into a day's habit; where nobody knows since when, nothing is said."""
    one = Statement(1, "SELECT 1", calls=500, seconds=1.0)
    workload = Workload([one], own_seconds=None, hidden_seconds=0.0, counted_hours=hours)
    assert workload.calls_per_hour(one) == calls_per_hour
