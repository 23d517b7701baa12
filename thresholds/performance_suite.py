"""The performance test suite: what a series of calls, one after the other and kept warm, says."""

from collections.abc import Sequence

from baselines.series import Series, Unit
from baselines.verdict import Question, SeriesComparison, Summary, Verdict
from thresholds.check_report import CheckLine, CheckStatus
from thresholds.evaluation import broken, side
from thresholds.grade import Grade, Grades
from thresholds.limit import SeriesLimits
from thresholds.quantity import written


def performance_line(
    series: Series, calls: Summary, limits: SeriesLimits, grades: Grades, compared: SeriesComparison | None
) -> CheckLine:
    """One series of durations. A call that did not end well fails it, and so does a median beyond the critical limit.

    A median beyond the warning limit, a POOR grade, a JSON operation over its benchmark, and a series that is degraded
    against the baseline are warnings, as everywhere in the house; `compared` is None where there is no baseline.
    """
    if not calls.n:
        nothing = "not judged: this machine is too busy, or the probe held back"
        return CheckLine(series.category, series.metric, CheckStatus.WARNING, nothing)
    wrong = calls.failed + calls.timed_out
    told = [f"{wrong} of {calls.n} calls did not end well"] if wrong else []
    statuses = [CheckStatus.FAIL if wrong else CheckStatus.PASS]
    median = calls.median
    if median is not None:
        tail = "" if calls.p95 is None else f", p95 {written(calls.p95, Unit.SECONDS)}"
        told.append(f"median {written(median, Unit.SECONDS)}{tail}")
        level, limit = broken(limits, median)
        statuses.append(CheckStatus.of(level))
        if limit is not None and limit.is_broken_by(median):
            told.append(f"{side(limit)} its {level} limit of {limit.figure}")
        for status, words in (_graded(series, median, grades), _benchmarked(series, median, grades)):
            statuses.append(status)
            told += words
    status, words = _against_baseline(compared)
    worst = max([*statuses, status], key=lambda one: one.severity)
    return CheckLine(series.category, series.metric, worst, ", ".join([*told, *words]), median, Unit.SECONDS)


def _graded(series: Series, median: float, grades: Grades) -> tuple[CheckStatus, Sequence[str]]:
    bands = grades.queries.get(series.metric)
    if bands is None:
        return CheckStatus.PASS, ()
    grade = bands.grade(median)
    return CheckStatus.WARNING if grade is Grade.POOR else CheckStatus.PASS, (grade.value,)


def _benchmarked(series: Series, median: float, grades: Grades) -> tuple[CheckStatus, Sequence[str]]:
    limit = grades.json_benchmarks.get(series.metric)
    if limit is None or median < limit:
        return CheckStatus.PASS, ()
    return CheckStatus.WARNING, (f"not under its benchmark of {written(limit, Unit.SECONDS)}",)


def _against_baseline(compared: SeriesComparison | None) -> tuple[CheckStatus, Sequence[str]]:
    typical = None if compared is None else compared.answer(Question.TYPICAL)
    if compared is None or typical is None or typical.ratio is None:
        return CheckStatus.PASS, ()
    told = f"{typical.ratio:.2f} × the baseline ({compared.verdict})"
    return CheckStatus.WARNING if compared.verdict is Verdict.DEGRADED else CheckStatus.PASS, (told,)
