"""What counts as a sample."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from baselines.measurement import Measurement, Outcome, Reason
from baselines.samples import SampleError, Samples

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def measured(outcome: Outcome, value: float | None, reason: Reason | None = None, delay: float = 0.0) -> Measurement:
    """One measurement of a series."""
    return Measurement(
        series="api_performance.profile",
        intended_at=NOON,
        started_at=NOON,
        outcome=outcome,
        value=value,
        reason=reason,
        prober_delay_seconds=delay,
    )


def test_none_is_a_failed_call() -> None:
    """A call that failed has no value and is told apart from one that timed out."""
    samples = Samples.of([0.1, None, 30.0], [False, False, True])
    assert samples.failed.tolist() == [False, True, False]
    assert samples.timed_out.tolist() == [False, False, True]
    assert len(samples) == 3


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.001])
def test_what_is_no_duration_is_refused(value: float) -> None:
    """NaN, infinity and negative numbers are errors, never samples."""
    with pytest.raises(SampleError):
        Samples.of([0.1, value])


def test_a_time_out_without_the_time_waited_is_refused() -> None:
    """A lower bound needs a number."""
    with pytest.raises(SampleError, match="waited"):
        Samples.of([None], [True])


def test_arrays_of_two_lengths_are_refused() -> None:
    """Every value has its flag."""
    with pytest.raises(SampleError, match="one length"):
        Samples(np.array([1.0, 2.0]), np.array([False]))


def test_measurements_become_samples() -> None:
    """Values, failures and time-outs keep their order; what the prober disturbed is left out."""
    samples = Samples.of_measurements(
        [
            measured(Outcome.OK, 0.2),
            measured(Outcome.OK, 0.2, delay=0.1),
            measured(Outcome.ERROR, None, Reason.REFUSED),
            measured(Outcome.TIMEOUT, 5.0, Reason.DEADLINE),
        ]
    )
    assert np.array_equal(samples.values, [0.2, np.nan, 5.0], equal_nan=True)
    assert samples.timed_out.tolist() == [False, False, True]
