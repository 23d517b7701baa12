"""The evidence against one null: what it may be at most, what it hears and what it must not hear."""

import itertools
import math

import numpy as np
import pytest
from scipy import special

from baselines.detector import ALTERNATIVES, BINS, Detector, Floats, Null, Odds

# A hundred values for each of the sixteen bins, so that each of them gets exactly its share.
REFERENCE = 0.020 * np.exp(0.2 * special.ndtri((np.arange(100 * BINS) + 0.5) / (100 * BINS)))
TOLERANCE = 1.25
WEEK_OF_FIFTY = 50 * 4032


def odds(values: Floats = REFERENCE, *, ratio: float = TOLERANCE, confidence: float = 0.5, floor: float = 0.0) -> Odds:
    """Against that null, with every value of the reference counting."""
    return Odds.of(values, len(values), Null(ratio=ratio, confidence=confidence, floor=floor))


def evidence_after(one: Odds, values: Floats, most: float = math.inf) -> Floats:
    """The log evidence of many runs of values, shape (runs, values), each a column of its own."""
    detector = Detector([one] * len(values), most=most)
    columns = np.arange(len(values))
    for turn in values.T:
        detector.take(columns, turn)
    return detector.log_evidence(columns)


def after(one: Odds, *values: float, most: float = math.inf) -> float:
    """The log evidence of one run."""
    return float(evidence_after(one, np.array([values]), most)[0])


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
@pytest.mark.parametrize("values", [1, 2, 3])
def test_the_evidence_of_n_values_at_the_null_is_n_in_the_mean(values: int, ratio: float) -> None:
    """Over all runs that the null makes equally likely: what the bound on false alarms rests on."""
    middles = ratio * REFERENCE[50::100]
    runs = np.array(list(itertools.product(middles, repeat=values)))
    evidence = evidence_after(odds(ratio=ratio), runs)
    assert np.exp(evidence).mean() == pytest.approx(values, rel=1e-9)


def test_a_week_at_the_null_seldom_crosses_the_threshold() -> None:
    """Fifty series may have one false alarm a week: of a thousand weeks of one of them, at most 20 cross."""
    rng = np.random.default_rng(1)
    weeks, columns, one = 1000, np.arange(1000), odds()
    detector, highest = Detector([one] * weeks, most=math.inf), np.full(weeks, -math.inf)
    for _ in range(4032):
        detector.take(columns, TOLERANCE * rng.choice(REFERENCE, weeks))
        highest = np.maximum(highest, detector.log_evidence(columns))
    assert (highest >= math.log(WEEK_OF_FIFTY)).mean() <= 0.02
    assert np.median(highest) > math.log(40)  # it is awake, and the bound is not won by deafness


@pytest.mark.parametrize(("ratio", "values"), [(1.5, 60), (2.0, 12), (3.0, 8)])
def test_what_is_slower_than_the_null_crosses_it_soon(ratio: float, values: int) -> None:
    """Nine in ten series that became slower than what is tolerated cross the threshold within so many values."""
    rng = np.random.default_rng(2)
    evidence = evidence_after(odds(), ratio * rng.choice(REFERENCE, (200, values)))
    assert (evidence >= math.log(WEEK_OF_FIFTY)).mean() >= 0.9


def test_a_long_quiet_past_does_not_delay_it() -> None:
    """After a thousand values at the reference a doubling counts as soon as without them."""
    rng = np.random.default_rng(3)
    quiet, doubled = rng.choice(REFERENCE, 1000), 2 * rng.choice(REFERENCE, 12)
    assert after(odds(), *quiet, *doubled) >= after(odds(), *doubled) - 1e-9


SHAPES: dict[str, Floats] = {
    "even": REFERENCE,
    "all alike": np.full(500, 0.02),
    "two values": np.sort(np.tile([0.02, 0.03], 250)),
    "two humps": np.sort(np.concatenate([REFERENCE[::4], 3 * REFERENCE[::4]])),
    "few": np.array([0.02, 0.021, 0.03]),
    "one": np.array([0.02]),
    "a long tail": 0.02 * np.exp(2 * np.sort(np.random.default_rng(4).standard_exponential(500))),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("confidence", [0.5, 0.9])
def test_a_slower_value_never_proves_less(shape: str, confidence: float) -> None:
    """Whatever the reference looks like, gains don't fall from bin to bin, and cuts don't either."""
    one = odds(SHAPES[shape], confidence=confidence)
    assert one.cuts.shape == (BINS - 1,)
    assert one.gains.shape == (len(ALTERNATIVES), BINS)
    assert np.isfinite(one.gains).all()
    assert (np.diff(one.gains, axis=1) >= 0).all()
    assert (np.diff(one.cuts) >= 0).all()


@pytest.mark.parametrize("ratio", [0.3, 0.7, 1.0])
def test_what_is_no_slower_than_the_reference_collects_no_evidence(ratio: float) -> None:
    """However long it lasts: a reference that is tolerated to become a quarter slower says nothing by staying."""
    rng = np.random.default_rng(5)
    evidence = evidence_after(odds(), ratio * rng.choice(REFERENCE, (20, 2000)))
    assert evidence.max() < 2


def test_below_the_floor_nothing_is_slower() -> None:
    """Four times as slow is less than a millisecond here: only where that is no floor does it count."""
    tiny = REFERENCE / 100
    assert after(odds(tiny), *(4 * tiny[::100])) > math.log(WEEK_OF_FIFTY)
    assert after(odds(tiny, floor=0.001), *(4 * tiny[::100])) <= 0


def test_a_floor_below_the_tolerance_changes_nothing() -> None:
    """Of ratio and floor the larger one holds."""
    assert (odds(floor=0.0001).cuts == odds().cuts).all()


def test_the_reference_may_err_in_the_favour_of_the_series() -> None:
    """The cuts of nine references in ten lie at or above the true quantiles; without a confidence half of them do."""
    rng = np.random.default_rng(6)
    true = np.exp(special.ndtri(np.arange(1, BINS) / BINS))
    drawn = [np.sort(rng.lognormal(size=500)) for _ in range(400)]

    def above(confidence: float) -> Floats:
        cuts = [odds(one, ratio=1.0, confidence=confidence).cuts for one in drawn]
        shares: Floats = np.mean(np.array(cuts) >= true, axis=0)
        return shares

    assert ((above(0.9) > 0.85) & (above(0.9) < 0.96)).all()
    assert ((above(0.5) > 0.40) & (above(0.5) < 0.62)).all()


def test_a_reference_of_fewer_independent_values_errs_more() -> None:
    """Groups that share calls give the quantiles no more weight than the calls have."""
    null = Null(ratio=1.0, confidence=0.9)
    many, few = Odds.of(REFERENCE, 1600, null), Odds.of(REFERENCE, 100, null)
    assert (few.cuts > many.cuts).all()


def test_a_time_out_is_in_the_slowest_bin() -> None:
    """It is at least as slow as anything else, and its evidence is a finite number."""
    assert after(odds(), math.inf) == after(odds(), 1e6) > 0
    assert math.isfinite(after(odds(), *[math.inf] * 100))


def test_evidence_never_grows_beyond_the_most() -> None:
    """Else an alarm of a week would take a week to fade."""
    assert after(odds(), *[math.inf] * 1000, most=15.0) == pytest.approx(15.0)
    fading = [*[math.inf] * 1000, *REFERENCE[:800:20]]
    assert after(odds(), *fading, most=15.0) < 10


def test_series_keep_to_themselves() -> None:
    """A value of one series, and forgetting one, leaves the others as they are."""
    detector = Detector([odds(), odds(ratio=1.5), odds()], most=math.inf)
    everybody = np.arange(3)
    assert (detector.log_evidence(everybody) == -math.inf).all()
    detector.take(np.array([2, 0]), np.array([0.05, 0.01]))
    first, second, third = detector.log_evidence(everybody)
    assert second == -math.inf < first < 0 < third
    detector.forget(np.array([2]))
    assert detector.log_evidence(everybody).tolist() == [first, -math.inf, -math.inf]
