"""All questions together."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.case import Case
from baselines.family import judge_family
from baselines.samples import Samples
from baselines.verdict import Question, Verdict
from tests.baselines.sessions import session, steady

calls = st.one_of(st.none(), st.just(0.0), st.floats(0.0, 1.7e308), st.integers(0, 3).map(float))
sessions = st.lists(
    st.lists(st.tuples(calls, st.booleans()), max_size=25).map(
        lambda ones: session([value for value, _ in ones], [late and value is not None for value, late in ones])
    ),
    max_size=6,
)


def case(before: list[Samples], after: list[Samples], history: list[Samples] | None = None) -> Case:
    """A case at the usual tolerance."""
    return Case(metric="m", before=before, after=after, tolerance=1.25, history=history or [])


VERDICTS = {
    "nothing changed": (steady(1.0), Verdict.WITHIN, Question.TYPICAL),
    "slower": (steady(2.0), Verdict.DEGRADED, Question.TYPICAL),
    "faster": (steady(0.5), Verdict.IMPROVED, Question.TYPICAL),
    "slower in some calls": ([session([1.0] * 13 + [3.0] * 7)] * 5, Verdict.DEGRADED, Question.TAIL),
    "failing": ([session([None] * 4 + [1.0] * 16)] * 5, Verdict.DEGRADED, Question.AVAILABILITY),
    "faster but failing": ([session([None] * 4 + [0.5] * 16)] * 5, Verdict.DEGRADED, Question.AVAILABILITY),
    "most calls failed": ([session([None] * 12 + [1.0] * 8)] * 5, Verdict.DEGRADED, Question.AVAILABILITY),
    "all calls failed": ([session([None] * 20)] * 5, Verdict.DEGRADED, Question.AVAILABILITY),
    "no calls": ([], Verdict.INCONCLUSIVE, Question.TYPICAL),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_the_worst_answer_decides(name: str) -> None:
    """The verdict is that of the worst answer; "within" to one question does not hide an improvement in another."""
    after, verdict, question = VERDICTS[name]
    deciding = judge_family([case(steady(1.0), after)])[0].deciding
    assert (deciding.verdict, deciding.question) == (verdict, question)


def test_the_tail_is_asked_of_sessions_of_twenty_calls() -> None:
    """The tail's answer comes last, and is absent where sessions are small or the typical call has no ratio."""
    everything, small, nothing = (
        judge_family([case(before, after)])[0]
        for before, after in ((steady(1.0), steady(1.0)), (steady(1.0, calls=19), steady(1.0)[:1]), (steady(1.0), []))
    )
    assert [one.question for one in everything.answers] == [Question.TYPICAL, Question.AVAILABILITY, Question.TAIL]
    assert Question.TAIL not in {one.question for one in (*small.answers, *nothing.answers)}


@given(st.lists(st.builds(case, sessions, sessions, sessions), min_size=1, max_size=4))
@settings(max_examples=100)
def test_any_samples_have_an_answer(cases: list[Case]) -> None:
    """Whatever the samples, every case is answered without a warning, in finite figures, never within on nothing."""
    for one, judgement in zip(cases, judge_family(cases), strict=True):
        typical = judgement.answer(Question.TYPICAL)
        assert typical.reason
        figures = [figure for answer in judgement.answers for figure in (answer.ratio, answer.ci_low, answer.ci_high)]
        assert all(figure is None or math.isfinite(figure) for figure in figures)
        answered = [sum(int((~side.failed).sum()) for side in sides) for sides in (one.before, one.after)]
        if not all(answered):
            assert typical.verdict is Verdict.INCONCLUSIVE
        if not all(map(len, (one.before, one.after))):
            assert judgement.deciding.verdict is Verdict.INCONCLUSIVE
