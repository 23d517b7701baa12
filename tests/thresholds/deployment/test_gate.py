"""When a gate may be passed: never without data, not after it has waited too long, nor past what broke since."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from thresholds.deployment.gate import (
    RECOVERY,
    Condition,
    ConditionResult,
    Gate,
    GateResult,
    GateStanding,
    GateState,
    Override,
    Side,
    worst,
)

OPEN, CLOSED, INCONCLUSIVE = GateState.OPEN, GateState.CLOSED, GateState.INCONCLUSIVE
AT = datetime(2025, 3, 1, 9, tzinfo=UTC)
HOLDS = timedelta(minutes=30)
GATE = Gate(Side.AFTER, "phase_3")
OVERRIDE = Override("Jo", "the window ends", AT)


def result(*states: GateState) -> GateResult:
    conditions = (Condition.INTEGRITY, Condition.LIMITS, Condition.INDEXES)
    return GateResult(
        gate=GATE,
        at=AT,
        conditions=tuple(
            ConditionResult(condition, state, () if state is OPEN else (f"{condition} is {state}",))
            for condition, state in zip(conditions, states, strict=False)
        ),
    )


def standing(*states: GateState, override: Override | None = None, broken: tuple[str, ...] = ()) -> GateStanding:
    return GateStanding(result=result(*states), override=override, broken=broken)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), INCONCLUSIVE),
        ((OPEN,), OPEN),
        ((OPEN, OPEN), OPEN),
        ((OPEN, INCONCLUSIVE), INCONCLUSIVE),
        ((INCONCLUSIVE, OPEN, CLOSED), CLOSED),
    ],
)
def test_the_worst_decides(states: tuple[GateState, ...], expected: GateState) -> None:
    """One word for several, and no permission from none."""
    assert worst(states) is expected
    assert result(*states).state is expected
    assert standing(*states).state(AT, HOLDS) is expected


def test_a_gate_that_asked_nothing_says_so() -> None:
    """It is not open, and not for nothing."""
    assert standing().reasons(AT, HOLDS) == ["nothing was asked"]


def test_reasons_are_the_worst_first() -> None:
    """What is open has none."""
    assert result(INCONCLUSIVE, OPEN, CLOSED).reasons == ["indexes is closed", "integrity is inconclusive"]


def test_an_opening_holds_for_a_while() -> None:
    """To the minute itself; after that it has to be evaluated again, and the reason says so."""
    opened = standing(OPEN)
    assert opened.state(AT + HOLDS, HOLDS) is OPEN
    assert opened.reasons(AT + HOLDS, HOLDS) == []
    later = AT + timedelta(minutes=47)
    assert opened.state(later, HOLDS) is INCONCLUSIVE
    assert opened.reasons(later, HOLDS) == ["it was opened 47 minutes ago, which is too long: evaluate it again"]


@pytest.mark.parametrize("state", [CLOSED, INCONCLUSIVE])
def test_what_is_not_open_does_not_become_so_by_waiting(state: GateState) -> None:
    """It stays as judged."""
    assert standing(state).state(AT + 10 * HOLDS, HOLDS) is state
    assert standing(state).reasons(AT + 10 * HOLDS, HOLDS) == [f"integrity is {state}"]


@pytest.mark.parametrize("state", [CLOSED, INCONCLUSIVE])
def test_an_override_opens_and_hides_nothing(state: GateState) -> None:
    """What it passed over stays told."""
    overridden = standing(state, override=OVERRIDE)
    assert overridden.state(AT + 10 * HOLDS, HOLDS) is OPEN
    assert overridden.reasons(AT, HOLDS) == [f"integrity is {state}"]


def test_what_breaks_while_everybody_waits_closes() -> None:
    """An opening, and an override too, which did not know of it."""
    for one in (
        standing(OPEN, broken=("CPU at 97 %",)),
        standing(CLOSED, override=OVERRIDE, broken=("CPU at 97 %",)),
    ):
        assert one.state(AT, HOLDS) is CLOSED
        assert one.reasons(AT, HOLDS)[0] == "while it was waiting: CPU at 97 %"


def test_names() -> None:
    """A gate is known by its side and its phase; that of a rollback has none."""
    assert (str(GATE), str(RECOVERY)) == ("after phase_3", "recovery")


def test_a_condition_survives_a_document() -> None:
    """What is stored is read again."""
    one = ConditionResult(Condition.CACHE, CLOSED, ("cold", "small"))
    assert ConditionResult.from_document(asdict(one) | {"reasons": ["cold", "small"]}) == one
