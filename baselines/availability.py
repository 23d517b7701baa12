"""Whether more calls fail than before: an exact test that does not take the calls of one session as independent."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from baselines.location import unanswered
from baselines.samples import Samples
from baselines.verdict import Answer, Question, Verdict

# One-sided error of the exact test, the same as the gate of the latency questions.
AVAILABILITY_ERROR = 0.025

# The smallest difference in the share of failed calls that counts.
SMALLEST_DIFFERENCE = 0.02

# The calls of one session fail together, so one session is one observation and proves nothing alone.
FEWEST_SESSIONS = 2


class _Failures:
    """Calls and failures of one side; a call that timed out has failed."""

    def __init__(self, sessions: Sequence[Samples]) -> None:
        failed = [unanswered(one) for one in sessions]
        self.calls = sum(len(one) for one in sessions)
        self.failed = sum(failed)
        self.sessions_hit = sum(number > 0 for number in failed)
        self.sessions_lost = sum(number == len(one) > 0 for number, one in zip(failed, sessions, strict=True))

    @property
    def share(self) -> float:
        return self.failed / self.calls if self.calls else 0.0

    def __str__(self) -> str:
        return f"{self.failed} of {self.calls} calls ({self.share:.1%})"


def judge_availability(before: Sequence[Samples], after: Sequence[Samples]) -> Answer:
    """Compares the shares of failed calls of two sides.

    - degraded: Fisher's exact test is below its error, the share has risen by 2 percentage points or more, and at
      least two sessions are affected or one has lost every call.
    - improved: the same with the sides swapped.
    - within: the share has risen by less than 2 points, and no lost session stands out.
    - inconclusive: anything else, and a side without calls. A lost session is one outage: among so many sessions that
      it weighs less than 2 points it is one observation, no proof, but not to be passed over either.

    There is no ratio: most shares are zero.
    """
    was, is_now = _Failures(before), _Failures(after)
    worse, better = (is_now, was) if is_now.share > was.share else (was, is_now)
    p_value = fisher_exact(better.failed, better.calls, worse.failed, worse.calls)
    return _judged(was, is_now, beyond_chance=p_value < AVAILABILITY_ERROR)


def judge_paired_availability(before: Sequence[Samples], after: Sequence[Samples], error: float) -> Answer:
    """The same where the i-th call of each session before was made together with the i-th one after.

    What hits both calls of a pair says nothing, so the exact test is that of the pairs in which one of them failed.
    """
    lost = [_lost(side) for side in (before, after)]
    only_before, only_after = (int(np.count_nonzero(one & ~other)) for one, other in (lost, reversed(lost)))
    p_value = sign_test(max(only_before, only_after), only_before + only_after)
    return _judged(_Failures(before), _Failures(after), beyond_chance=p_value < error)


def _lost(sessions: Sequence[Samples]) -> NDArray[np.bool_]:
    """Which calls of all sessions failed or timed out."""
    return np.concatenate([np.empty(0, dtype=np.bool_), *(one.failed | one.timed_out for one in sessions)])


def _judged(was: _Failures, is_now: _Failures, *, beyond_chance: bool) -> Answer:
    if not was.calls or not is_now.calls:
        side = "before" if not was.calls else "after"
        return _answer(Verdict.INCONCLUSIVE, f"there is no call on the {side} side", more_sessions=1)
    change = f"failed before: {was}, after: {is_now}"
    rise = is_now.share - was.share
    worse, better = (is_now, was) if rise > 0 else (was, is_now)
    large = abs(rise) >= SMALLEST_DIFFERENCE
    outage = worse.sessions_lost > better.sessions_lost
    if beyond_chance and large and (worse.sessions_hit >= FEWEST_SESSIONS or worse.sessions_lost):
        return _answer(Verdict.DEGRADED if rise > 0 else Verdict.IMPROVED, change)
    if rise <= 0 or not (large or (beyond_chance and outage)):
        return _answer(Verdict.WITHIN, change)
    doubt = "they all fell into one session" if beyond_chance else "chance explains it"
    return _answer(Verdict.INCONCLUSIVE, f"{change}; {doubt}", more_sessions=1)


def fisher_exact(failed_before: int, calls_before: int, failed_after: int, calls_after: int) -> float:
    """The one-sided p of Fisher's exact test: so many failures after, or more, if both sides failed alike.

    The upper tail of the hypergeometric distribution, summed on the log scale.
    """
    failed, calls = failed_before + failed_after, calls_before + calls_after
    after = np.arange(failed_after, min(failed, calls_after) + 1)
    log_terms = _log_choose(failed, after) + _log_choose(calls - failed, calls_after - after)
    return min(1.0, float(np.exp(log_terms - _log_choose(calls, calls_after)).sum()))


def sign_test(more: int, pairs: int) -> float:
    """The one-sided p of the exact sign test: that many or more of so many pairs go one way, if both are as likely."""
    return float(special.bdtrc(more - 1, pairs, 0.5)) if more else 1.0


def _log_choose(total: int, chosen: NDArray[np.intp] | int) -> NDArray[np.float64]:
    return np.asarray(special.gammaln(total + 1) - special.gammaln(chosen + 1) - special.gammaln(total - chosen + 1))


def _answer(verdict: Verdict, reason: str, more_sessions: int | None = 0) -> Answer:
    return Answer(question=Question.AVAILABILITY, verdict=verdict, reason=reason, more_sessions=more_sessions)
