"""Bins of web vitals: bounded, added up without loss, and near to the values they hold."""

import numpy as np
import pytest

from baselines.vital import GROWTH, Vital, VitalBins


def filled(vital: Vital, values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> VitalBins:
    """The bins of those values."""
    bins = VitalBins(vital)
    for value in values:
        bins.add({vital.bin_of(float(value)): 1})
    return bins


@pytest.mark.parametrize("vital", list(Vital))
@pytest.mark.parametrize("share", [0.5, 0.75, 0.99])
def test_a_quantile_is_that_of_the_values_to_half_a_bin(vital: Vital, share: float) -> None:
    """Against the values themselves, sorted: nearest rank, off by 2.5 % at most."""
    values = np.clip(np.random.default_rng(5).lognormal(-1, 1, 5_000), 0.002, vital.largest)
    found = filled(vital, values).quantile(share)
    exact = float(np.quantile(values, share, method="inverted_cdf"))
    assert found == pytest.approx(exact, rel=GROWTH**0.5 - 1 + 1e-6)


@pytest.mark.parametrize("vital", list(Vital))
def test_the_number_of_bins_is_bounded(vital: Vital) -> None:
    """Whatever is sent, there are at most 230 bins, and a value of a minute is in the last one."""
    assert vital.bin_of(0) == 0
    assert vital.bin_of(vital.largest) < 230
    for absurd in (-0.001, vital.largest * 1.01, float("nan")):
        with pytest.raises(ValueError, match="no value"):
            vital.bin_of(absurd)


def test_bins_add_up() -> None:
    """The bins of two halves are those of the whole; there is no quantile of nothing."""
    values = np.random.default_rng(6).lognormal(0, 1, 1_000)
    halves, whole = VitalBins(Vital.FIRST_CONTENTFUL_PAINT), filled(Vital.FIRST_CONTENTFUL_PAINT, values)
    for half in (values[:300], values[300:]):
        halves.add(filled(Vital.FIRST_CONTENTFUL_PAINT, half).counts)
    assert (halves.counts, halves.samples) == (whole.counts, 1_000)
    assert VitalBins(Vital.FIRST_CONTENTFUL_PAINT).quantile(0.75) is None
    assert whole.share_up_to(60.0) == 1
    assert whole.share_up_to(1.0) == pytest.approx(0.5, abs=0.05)
