"""Comparisons for tests: one series a call, everything unremarkable unless said otherwise."""

from collections.abc import Sequence
from datetime import UTC, datetime

from baselines.series import Series
from baselines.verdict import Answer, Comparison, Level, Question, SeriesComparison, Summary, Verdict

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def side(failed: int = 0, timed_out: int = 0, n: int = 100) -> Summary:
    """One side of which only the counts matter."""
    return Summary(
        n=n,
        failed=failed,
        timed_out=timed_out,
        mean=None,
        median=None,
        p95=None,
        p99=None,
        minimum=None,
        maximum=None,
    )


def compared(
    name: str = "database_queries.portfolio_summary",
    *,
    typical: Verdict | None = Verdict.WITHIN,
    tail: Verdict | None = Verdict.WITHIN,
    available: Verdict | None = Verdict.WITHIN,
    verdict: Verdict | None = None,
    ratio: float = 1.0,
    over: tuple[float, float] | None = (0.0, 0.0),
    level: Level | None = None,
    before: Summary | None = None,
    after: Summary | None = None,
    series: Series | None = None,
    sessions: tuple[int, int] = (5, 5),
    more_sessions: int | None = 0,
) -> SeriesComparison:
    """A series with these answers; `over` is P(ratio > 1.25) and P(ratio > 1.40)."""
    given = {Question.TYPICAL: typical, Question.TAIL: tail, Question.AVAILABILITY: available}
    answers = [
        Answer(
            question=question,
            verdict=answer,
            ratio=ratio,
            ci_low=ratio * 0.8,
            ci_high=ratio * 1.2,
            more_sessions=more_sessions if answer is Verdict.INCONCLUSIVE else 0,
        )
        if question is not Question.AVAILABILITY
        else Answer(question=question, verdict=answer)
        for question, answer in given.items()
        if answer is not None
    ]
    order = [Verdict.DEGRADED, Verdict.INCONCLUSIVE, Verdict.WITHIN, Verdict.IMPROVED]
    worst = verdict or min((one.verdict for one in answers), key=order.index)
    alone = worst in (Verdict.NEW, Verdict.MISSING)
    return SeriesComparison(
        series=series or Series(name),
        tolerance=1.25,
        verdict=worst,
        answers=[] if alone else answers,
        before=None if worst is Verdict.NEW else before or side(),
        after=None if worst is Verdict.MISSING else after or side(),
        level=level,
        probability_over={} if over is None or alone else {1.25: over[0], 1.40: over[1]},
        sessions=sessions,
    )


def slower(name: str, over_25: float, over_40: float) -> SeriesComparison:
    """A series whose typical call is degraded."""
    return compared(name, typical=Verdict.DEGRADED, ratio=1.5, over=(over_25, over_40))


def failing(name: str, failed: int, before: int = 0) -> SeriesComparison:
    """A series of which so many calls in a hundred fail; degraded unless they did before."""
    verdict = Verdict.DEGRADED if failed > before else Verdict.WITHIN
    return compared(name, available=verdict, before=side(before), after=side(failed))


def comparison(series: Sequence[SeriesComparison]) -> Comparison:
    """The captures pre and post."""
    return Comparison(before="pre", after="post", series=series)
