"""The workload before against after: every bin is a session whose one sample is the mean call of the statement."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from baselines.baseline import Spacing
from baselines.case import LARGEST_CAPTURE, Case
from baselines.samples import Samples
from baselines.series import Series
from baselines.typical import Typical, judge_typical
from baselines.verdict import SeriesComparison, StatementComparison, Summary, Verdict, WorkloadComparison
from baselines.workload import NOTHING, STATEMENT, StatementText, Usage, WorkloadBin

# The mean of fewer calls than these is no session.
FEWEST_CALLS = 5
# On the server nothing is lost on the way, so less than the floor of a probe can be told apart.
FLOOR_SECONDS = 0.00005


def judge_workload(
    before: Sequence[WorkloadBin],
    after: Sequence[WorkloadBin],
    tolerance: float,
    *,
    sessions: tuple[int, int] = (LARGEST_CAPTURE, LARGEST_CAPTURE),
    spacing: Spacing = Spacing.SPREAD,
    probes: Mapping[str, Sequence[str]],
) -> WorkloadComparison:
    """Judges the mean call of each statement by the rule for the typical call, all statements as one family.

    There is no history, so the family is always corrected for its size. Bins that follow each other are made one, so
    that a side has no more `sessions` than its capture, and 12 at most: what is near in time says the same twice. Where
    two readers saw the same time, one of them counts. `probes` are the names of those that send a statement, by key.
    """
    judged: list[StatementComparison] = []
    for database in sorted({one.database for one in (*before, *after)}):
        was, is_now = (
            _Side([one for one in bins if one.database == database], most)
            for bins, most in zip((before, after), sessions, strict=True)
        )
        cases = [
            Case(
                metric=f"{STATEMENT.name}_{statement.key}",
                before=was.samples(statement),
                after=is_now.samples(statement),
                tolerance=tolerance,
                spacing=spacing,
                floor=FLOOR_SECONDS,
            )
            for statement in is_now.judged
        ]
        for statement, case, typical in zip(is_now.judged, cases, judge_typical(cases), strict=True):
            judged.append(
                StatementComparison(
                    statement=statement,
                    database=database,
                    compared=_compared(case, typical, was.total(statement), is_now.total(statement), is_now.hours),
                    share=is_now.share(statement),
                    probes=probes.get(statement.key, ()),
                )
            )
    return WorkloadComparison(statements=sorted(judged, key=lambda one: one.compared.rank))


class _Side:
    """The bins of one database on one side, as so many sessions at most."""

    def __init__(self, bins: Sequence[WorkloadBin], most: int) -> None:
        told = _told_once(bins)
        self._sessions = [_merged(several) for several in _groups(told, min(most, LARGEST_CAPTURE))]
        self._totals = _merged(told)
        self._seconds = sum(one.seconds for one in self._totals.values()) + sum(one.other.seconds for one in told)
        self.hours = sum(one.hours for one in told)

    @property
    def judged(self) -> list[StatementText]:
        """The statements with a session."""
        return [statement for statement in self._totals if self.samples(statement)]

    def samples(self, statement: StatementText) -> list[Samples]:
        """The mean call of each session that has enough of them."""
        usages = [session.get(statement, NOTHING) for session in self._sessions]
        return [Samples.of([usage.mean]) for usage in usages if usage.calls >= FEWEST_CALLS]

    def total(self, statement: StatementText) -> Usage:
        return self._totals.get(statement, NOTHING)

    def share(self, statement: StatementText) -> float:
        """The part of the database's time, 0 to 1."""
        return self.total(statement).seconds / self._seconds if self._seconds else 0.0


def _told_once(bins: Iterable[WorkloadBin]) -> list[WorkloadBin]:
    """As many bins as have no time in common, in the order of time."""
    told: list[WorkloadBin] = []
    for one in sorted(bins, key=lambda one: one.finished_at):
        if not told or one.started_at >= told[-1].finished_at:
            told.append(one)
    return told


def _groups(bins: Sequence[WorkloadBin], most: int) -> list[Sequence[WorkloadBin]]:
    """The bins in groups of neighbours, as even as can be."""
    groups = min(len(bins), most)
    ends = [len(bins) * number // groups for number in range(groups + 1)] if groups else []
    return [bins[start:end] for start, end in pairwise(ends)]


def _merged(bins: Iterable[WorkloadBin]) -> dict[StatementText, Usage]:
    merged: dict[StatementText, Usage] = defaultdict(lambda: NOTHING)
    for one in bins:
        for statement, usage in one.statements.items():
            merged[statement] += usage
    return dict(merged)


def _compared(case: Case, typical: Typical, before: Usage, after: Usage, after_hours: float) -> SeriesComparison:
    is_new = not before.calls
    return SeriesComparison(
        series=Series(case.metric, calls_per_hour=after.calls / after_hours if after_hours else None),
        tolerance=case.tolerance,
        verdict=Verdict.NEW if is_new else typical.answer.verdict,
        answers=() if is_new else (typical.answer,),
        before=None if is_new else _summary(before),
        after=_summary(after),
        level=typical.level,
        probability_over=typical.probability_over,
        sessions=(len(case.before), len(case.after)),
    )


def _summary(usage: Usage) -> Summary:
    """Counters know a mean and nothing else."""
    return Summary(
        n=usage.calls,
        failed=0,
        timed_out=0,
        mean=usage.mean,
        median=None,
        p95=None,
        p99=None,
        minimum=None,
        maximum=None,
    )
