"""The rollback matrix, by probability."""

import pytest

from baselines.verdict import Comparison, SeriesComparison, Verdict
from tests.thresholds.comparisons import compared, comparison, failing, slower
from thresholds import Action, Advice, advise, advise_inaccessible, load_rollback

A, B, C, D = (f"api_endpoints.{name}" for name in "abcd")
QUERIES = [compared(f"database_queries.q{number}") for number in range(5)]


def advised(*series: SeriesComparison) -> Advice:
    return advise(comparison(series), load_rollback())


def unsure(name: str, over_25: float) -> SeriesComparison:
    return compared(name, typical=Verdict.INCONCLUSIVE, ratio=1.2, over=(over_25, over_25 / 4))


@pytest.mark.parametrize(
    ("over_25", "over_40", "action"),
    [
        (0.99, 0.93, Action.ROLLBACK),
        (0.95, 0.80, Action.ROLLBACK),
        (0.95, 0.79, Action.UNDECIDED),
        (0.90, 0.21, Action.UNDECIDED),
        (0.90, 0.19, Action.HOLD),
        (0.80, 0.10, Action.HOLD),
        (0.79, 0.10, Action.UNDECIDED),
        (0.21, 0.01, Action.UNDECIDED),
        (0.19, 0.01, Action.CONTINUE),
    ],
)
def test_bands(over_25: float, over_40: float, action: Action) -> None:
    """A band is decided at 80 % for or against it, and undecided between."""
    advice = advised(compared(A), slower(B, over_25, over_40))
    assert advice.action is action
    assert (advice.over_25, advice.over_40) == (over_25, over_40)


def test_the_worst_degraded_series_decides() -> None:
    """One series far over the band is enough, wherever it stands."""
    assert advised(slower(A, 0.9, 0.1), slower(B, 1.0, 0.95)).rollback_tier == 1


def test_rollback_row() -> None:
    """A performance rollback is of the application only, in 15 minutes, and says who decides."""
    advice = advised(slower(A, 0.999, 0.93))
    assert (advice.rollback_tier, advice.time_limit_minutes) == (1, 15)
    assert advice.decided_by == "application administrator, deployment lead approves"
    assert advice.reason == (
        "api_endpoints.a is more than 40 % slower (93 % likely): rollback of the application only, in under 15 min, "
        "decided by application administrator, deployment lead approves"
    )


@pytest.mark.parametrize(
    ("series", "action", "tier", "minutes"),
    [
        ([failing(A, 100), failing(B, 100)], Action.ROLLBACK, 3, 240),
        ([failing(A, 100), failing(B, 99)], Action.ROLLBACK, 2, 60),
        ([failing(A, 60), failing(B, 70), failing(C, 90), compared(D)], Action.ROLLBACK, 2, 60),
        ([failing(A, 60), failing(B, 70), compared(C), compared(D)], Action.HOLD, None, None),
        ([failing(A, 60), compared(B), compared(C), compared(D)], Action.HOLD, None, None),
        ([failing(A, 100), failing(B, 100), *QUERIES], Action.ROLLBACK, 3, 240),
        ([failing(A, 60), failing(B, 70), compared(C), *QUERIES], Action.ROLLBACK, 2, 60),
        ([compared(A), *(failing(one.series.name, 100) for one in QUERIES)], Action.CONTINUE, None, None),
        ([failing("database_queries.a", 100), failing("database_queries.b", 100)], Action.ROLLBACK, 3, 240),
        ([failing("database_queries.a", 100), compared(A, verdict=Verdict.NEW)], Action.ROLLBACK, 3, 240),
        ([failing(A, 50), failing(B, 50)], Action.CONTINUE, None, None),
        ([failing("web_vitals.a", 100), compared(A)], Action.CONTINUE, None, None),
        ([failing(A, 100, before=100), failing(B, 100, before=100)], Action.CONTINUE, None, None),
        ([failing(A, 100), slower(B, 1, 1), compared(C), compared(D)], Action.ROLLBACK, 1, 15),
    ],
)
def test_functionality(series: list[SeriesComparison], action: Action, tier: int | None, minutes: int | None) -> None:
    """Everything gone: tier 3. Over half of the core broken: tier 2. A quarter to a half: hold. Less: go on and fix.

    The core are the endpoints, by which users come; the queries where no endpoint is watched on both sides. What failed
    before the deployment is not what the deployment broke.
    """
    advice = advised(*series)
    assert (advice.action, advice.rollback_tier, advice.time_limit_minutes) == (action, tier, minutes)


@pytest.mark.parametrize(
    ("series", "action"),
    [
        ([compared(A), unsure(B, 0.19)], Action.CONTINUE),
        ([compared(A), unsure(B, 0.21)], Action.UNDECIDED),
        ([compared(A), unsure(B, 1.0)], Action.UNDECIDED),
        ([slower(A, 0.1, 0.0), unsure(B, 0.5)], Action.UNDECIDED),
        ([compared(A), compared(B, typical=Verdict.INCONCLUSIVE, over=None)], Action.UNDECIDED),
        ([compared(A), compared(B, verdict=Verdict.MISSING)], Action.UNDECIDED),
        ([compared(A), compared(B, verdict=Verdict.NEW)], Action.CONTINUE),
        ([compared(A, verdict=Verdict.NEW)], Action.UNDECIDED),
        ([compared(A, typical=Verdict.IMPROVED)], Action.CONTINUE),
        ([compared(A, tail=Verdict.DEGRADED)], Action.HOLD),
    ],
)
def test_without_a_degraded_typical_call(series: list[SeriesComparison], action: Action) -> None:
    """What is not known never argues for a rollback, and takes the ground from going on only where it may be bad."""
    assert advised(*series).action is action


@pytest.mark.parametrize(
    ("over_40", "sessions", "price"),
    [
        (0.7, 5, "about 8 further sessions a side (8 min or more) or 60 interleaved pairs would decide it"),
        (0.78, 5, "about 1 further session a side (1 min or more) or 60 interleaved pairs would decide it"),
        (0.5, 5, "only 60 interleaved pairs would decide it"),
        (0.55, 5, "only 60 interleaved pairs would decide it"),
    ],
)
def test_the_price_of_a_decision(over_40: float, sessions: int, price: str) -> None:
    """Undecided always says what would decide it."""
    one = compared(A, typical=Verdict.DEGRADED, over=(0.95, over_40), sessions=(sessions, sessions))
    assert advised(one).reason == f"{A} may be more than 40 % slower ({over_40:.0%} likely); {price}".replace(
        "% likely", " % likely"
    )


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (
            [slower(A, 0.9, 0.1)],
            "hold at the gate: api_endpoints.a is more than 25 % slower (90 % likely), but not by more than 40 %",
        ),
        (
            [failing(A, 60), compared(B)],
            "hold at the gate: 1 of 2 series of the core functionality are broken",
        ),
        ([compared(A, tail=Verdict.DEGRADED)], "hold at the gate: api_endpoints.a is slower in some calls only"),
        (
            [slower(A, 0.1, 0.0)],
            "continue with fixes: api_endpoints.a is slower, but not by enough to hold",
        ),
        ([failing(A, 10), compared(B)], "continue with fixes: api_endpoints.a fails in some calls"),
        (
            [failing(A, 60), *(compared(f"api_endpoints.{number}") for number in range(6))],
            "continue with fixes: 1 of 7 series of the core functionality are broken (api_endpoints.a)",
        ),
        ([compared(A)], "nothing is degraded"),
        ([compared(A, verdict=Verdict.MISSING)], "api_endpoints.a: not in the later capture; capture it again"),
        ([], "the captures have no series in common, so nothing was compared"),
    ],
)
def test_reasons(series: list[SeriesComparison], reason: str) -> None:
    """The reason is one sentence that names the series."""
    assert advised(*series).reason == reason


@pytest.mark.parametrize(
    ("more_sessions", "price"),
    [
        (3, "about 3 further sessions a side (3 min or more) or 60 interleaved pairs would decide it"),
        (13, "only 60 interleaved pairs would decide it"),
        (None, "only 60 interleaved pairs would decide it"),
    ],
)
def test_the_price_of_an_inconclusive_series(more_sessions: int | None, price: str) -> None:
    """Of a series that is not decided itself, the comparison knows what it would take."""
    one = compared(A, typical=Verdict.INCONCLUSIVE, over=(0.84, 0.44), more_sessions=more_sessions)
    assert advised(one).reason == f"{A} may be more than 25 % slower (84 % likely); {price}"


@pytest.mark.parametrize(("more_blocks", "price"), [(4, "about 40 further pairs"), (None, "no number of pairs")])
def test_the_price_in_a_duel_is_pairs(more_blocks: int | None, price: str) -> None:
    """Who interleaves already is not told to."""
    one = compared(A, typical=Verdict.INCONCLUSIVE, over=(0.84, 0.44), more_sessions=more_blocks)
    advice = advise(Comparison(before="old", after="new", series=[one], interleaved=True), load_rollback())
    assert advice.reason == f"{A} may be more than 25 % slower (84 % likely); {price} would decide it"


def test_a_system_that_could_not_be_captured_is_restored() -> None:
    """Tier 3 with who decides and how long it may take, and what was asked as the evidence, ten sentences at most."""
    asked = [f"api_endpoints.{number}: 4 of 4 calls failed (refused)" for number in range(12)]
    advice = advise_inaccessible(asked, load_rollback())
    assert (advice.action, advice.rollback_tier, advice.time_limit_minutes) == (Action.ROLLBACK, 3, 240)
    assert advice.decided_by == "deployment lead and senior management"
    assert advice.reason == (
        "every call of the core functionality fails: full system restore, in under 4 h, decided by deployment lead and "
        "senior management"
    )
    assert advice.evidence == tuple(asked[:10])


WELL = "{} of {} compared series are within tolerance or faster"
SLOWEST = "the slowest of them: {} takes 1 times what it took before (95 % interval 0.8 to 1.2, tolerance 1.25)"


@pytest.mark.parametrize(
    ("series", "evidence"),
    [
        ([compared(A), compared(B)], [WELL.format(2, 2), SLOWEST.format(A)]),
        (
            [failing(B, 60), compared(A), failing(C, 100)],
            [
                "2 of 3 series of the core functionality are broken (api_endpoints): "
                "more than 50 % of their calls fail",
                "api_endpoints.c fails in 100 of 100 calls (100 %, before 0 %)",
                "api_endpoints.b fails in 60 of 100 calls (60 %, before 0 %)",
                WELL.format(1, 3),
                SLOWEST.format(A),
            ],
        ),
        (
            [slower(A, 0.9, 0.1), slower(B, 1.0, 0.95), failing(C, 10), compared(D, tail=Verdict.DEGRADED, ratio=2)],
            [
                f"{B} is 1.5 times slower than before (95 % interval 1.2 to 1.8, tolerance 1.25); "
                "more than 40 % slower: 95 % likely, more than 25 % slower: over 99 % likely",
                f"{A} is 1.5 times slower than before (95 % interval 1.2 to 1.8, tolerance 1.25); "
                "more than 40 % slower: 10 % likely, more than 25 % slower: 90 % likely",
                f"{D} is 2 times slower than before in its slowest calls (95 % interval 1.6 to 2.4, tolerance 1.25)",
                f"{C} fails in 10 of 100 calls (10 %, before 0 %)",
            ],
        ),
        (
            [unsure(A, 0.5), unsure(B, 0.1), compared(C, verdict=Verdict.MISSING)],
            [
                f"{C} is missing: the earlier capture has it, the later has not",
                f"{A} takes 1.2 times what it took before (95 % interval 0.96 to 1.44, tolerance 1.25); "
                "more than 40 % slower: 12 % likely, more than 25 % slower: 50 % likely",
            ],
        ),
        ([], []),
    ],
)
def test_evidence(series: list[SeriesComparison], evidence: list[str]) -> None:
    """The figures behind the advice, whatever it is, the most telling first."""
    assert list(advised(*series).evidence) == evidence


def test_evidence_has_ten_sentences_at_most() -> None:
    """The tenth says how much is left out."""
    advice = advised(*(slower(f"api_endpoints.{number}", 1.0, 0.9) for number in range(15)))
    assert len(advice.evidence) == 10
    assert advice.evidence[-1] == "and 6 further sentences of that kind"
