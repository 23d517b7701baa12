"""The user's figures on top of the rollback matrix."""

import pytest
from pydantic import ValidationError

from thresholds import FigureError, RollbackOverride, load_rollback


def test_an_override_changes_what_it_names_and_nothing_else() -> None:
    """A row keeps what is left out, and so does the matrix."""
    given = {"confidence": "90 %", "degraded": {"decided_by": "release manager", "within": "30 min"}}
    shipped, own = load_rollback(), load_rollback().overridden(RollbackOverride.model_validate(given))
    assert (own.confidence, own.hold_from, own.inaccessible) == (0.9, shipped.hold_from, shipped.inaccessible)
    assert (own.degraded.decided_by, own.degraded.within_seconds) == ("release manager", 1800)
    assert (own.degraded.measure, own.degraded.over) == (shipped.degraded.measure, shipped.degraded.over)


def test_nothing_given_changes_nothing() -> None:
    """Without an override it is the customer's matrix."""
    assert load_rollback().overridden(RollbackOverride()) == load_rollback()


def test_an_override_that_leaves_nothing_to_hold_at() -> None:
    """The bands must still follow each other."""
    with pytest.raises(FigureError, match=r"^hold_from: must be below core_broken\.over"):
        load_rollback().overridden(RollbackOverride.model_validate({"core_broken": {"over": "20 %"}}))


@pytest.mark.parametrize("given", [{"hold_from": "20 %"}, {"degraded": {"over": "30 %"}}])
def test_the_bands_of_degradation_stay(given: dict[str, object]) -> None:
    """Probabilities are reported for 25 and 40 %, and for no other figure."""
    with pytest.raises(ValidationError):
        RollbackOverride.model_validate(given)
