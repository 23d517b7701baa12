"""The evidence of an advice: the figures behind it in sentences, so that whoever decides need not look them up."""

from collections.abc import Iterator

from baselines.series import Unit
from baselines.verdict import Comparison, Question, SeriesComparison, Verdict
from thresholds.core import Core
from thresholds.quantity import written
from thresholds.rollback import RollbackMatrix
from thresholds.wording import fails, likely, moved
from thresholds.workload import regressed

MOST_EVIDENCE = 10


def evidence_of(comparison: Comparison, core: Core, matrix: RollbackMatrix) -> tuple[str, ...]:
    """At most ten sentences in the order in which the matrix asks: what is broken of the core, what is slower (the
    likeliest over 40 % first), what else fails, is missing or may be slower, and how much is as it was.
    """
    told = list(_told(comparison, core, matrix))
    if len(told) <= MOST_EVIDENCE:
        return tuple(told)
    return (*told[: MOST_EVIDENCE - 1], f"and {len(told) - MOST_EVIDENCE + 1} further sentences of that kind")


def _told(comparison: Comparison, core: Core, matrix: RollbackMatrix) -> Iterator[str]:
    if core.broken:
        limit = written(matrix.broken_over, Unit.RATIO)
        yield f"{core.sentence} ({core.category}): more than {limit} of their calls fail"
    for one in core.broken:
        if one.after is not None:
            yield fails(one, one.after)
    broken = {one.series.name for one in core.broken}
    others = [one for one in comparison.having(Verdict.DEGRADED) if one.series.name not in broken]
    yield from (_with_bands(one, matrix) for one in _likeliest_first(others, matrix) if _is(one, Question.TYPICAL))
    for one in others:
        tail = one.answer(Question.TAIL)
        if tail is not None and tail.verdict is Verdict.DEGRADED:
            yield moved(one, tail)
    for one in others:
        if _is(one, Question.AVAILABILITY) and one.after is not None:
            yield fails(one, one.after)
    for one in comparison.having(Verdict.MISSING):
        yield f"{one.series.name} is missing: the earlier capture has it, the later has not"
    for one in _likeliest_first(comparison.having(Verdict.INCONCLUSIVE), matrix):
        if not one.probability_over:
            yield f"{one.series.name} has no ratio: {one.reason or 'too few calls answered'}"
        elif over(one, matrix.hold_from) > 1 - matrix.confidence:
            yield _with_bands(one, matrix)
    for statement in regressed(comparison.workload):
        yield f"{moved(statement.compared, statement.compared.answers[0])}; no probe sends it"
    yield from _well(comparison)


def over(one: SeriesComparison, share: float) -> float:
    """The probability that the series is slower by more than this share; 0 where there is no ratio."""
    return next((p for ratio, p in one.probability_over.items() if abs(ratio - 1 - share) < 1e-9), 0.0)


def _well(comparison: Comparison) -> Iterator[str]:
    """How many are well, and the slowest of them."""
    well = comparison.having(Verdict.WITHIN, Verdict.IMPROVED)
    compared = len(comparison.series) - len(comparison.having(Verdict.NEW))
    if not well:
        return
    yield f"{len(well)} of {compared} compared series are within tolerance or faster"
    typical = [(one, answer) for one in well if (answer := one.answer(Question.TYPICAL)) is not None and answer.ratio]
    if typical:
        one, answer = max(typical, key=lambda pair: pair[1].ratio or 0.0)
        yield f"the slowest of them: {moved(one, answer)}"


def _with_bands(one: SeriesComparison, matrix: RollbackMatrix) -> str:
    answer = one.answer(Question.TYPICAL)
    sentence = one.series.name if answer is None else moved(one, answer)
    bands = (matrix.degraded.over, matrix.hold_from)
    chances = [f"more than {written(band, Unit.RATIO)} slower: {likely(over(one, band))}" for band in bands]
    return f"{sentence}; {', '.join(chances)}"


def _likeliest_first(series: list[SeriesComparison], matrix: RollbackMatrix) -> list[SeriesComparison]:
    return sorted(series, key=lambda one: (-over(one, matrix.degraded.over), -over(one, matrix.hold_from)))


def _is(one: SeriesComparison, question: Question) -> bool:
    """Whether the answer to that question is that it is degraded."""
    answer = one.answer(question)
    return answer is not None and answer.verdict is Verdict.DEGRADED
