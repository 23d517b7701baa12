"""What further sessions of the after side can do for an inconclusive series, beside a before side that can't grow."""

import math
from dataclasses import replace

from baselines.case import LARGEST_CAPTURE
from baselines.verdict import Answer, Comparison, Question, SeriesComparison, Verdict


def can_be_decided(one: SeriesComparison) -> bool:
    """Whether the series is inconclusive and more sessions could change that."""
    return (
        one.verdict is Verdict.INCONCLUSIVE
        and min(one.sessions) > 0
        and all(_is_decidable(answer) for answer in _open(one))
    )


def sessions_a_side(one: SeriesComparison) -> int:
    """Sessions a side, all in all, that probably decide a series that more sessions can decide."""
    return min(one.sessions) + max(answer.more_sessions or 1 for answer in _open(one))


def sessions_after(one: SeriesComparison) -> int | None:
    """The same of the after side, where the before side stays as it is; None where no number of them is enough.

    From SE² = s²/k_before + s²/k_after + 0.04², the first two terms of which shall be 2 s²/k.
    """
    needed, (before, _) = sessions_a_side(one), one.sessions
    room = 2 * before - needed
    return math.ceil(needed * before / room) if room > 0 else None


def with_limits_told(comparison: Comparison) -> Comparison:
    """The comparison after its last look: the reason of each series that stays undecided says what would decide it."""
    return replace(comparison, series=[_limit_told(one) if can_be_decided(one) else one for one in comparison.series])


def _limit_told(one: SeriesComparison) -> SeriesComparison:
    before, after = one.sessions
    needed, alone = sessions_a_side(one), sessions_after(one)
    told = f"this was the last look, at {after} sessions after"
    if before < needed <= LARGEST_CAPTURE:
        beside = "no number" if alone is None else str(alone)
        told += f", and beside only {before} before {beside} would do: capture both sides anew with {needed} sessions"
    return replace(
        one,
        answers=[
            replace(each, reason=f"{each.reason}; {told}") if each in _open(one) else each for each in one.answers
        ],
    )


def _is_decidable(answer: Answer) -> bool:
    """Not where no ratio came about: sessions whose calls go unanswered are no answer to how long one takes."""
    return answer.more_sessions is not None and (answer.ratio is not None or answer.question is Question.AVAILABILITY)


def _open(one: SeriesComparison) -> list[Answer]:
    return [answer for answer in one.answers if answer.verdict is Verdict.INCONCLUSIVE]
