"""What people want to read of one side of a comparison; no verdict is made from it."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from scipy import special

from baselines.samples import Samples
from baselines.verdict import Summary

P95 = 0.95
# 95 % intervals.
INTERVAL_TAIL = 0.025


def summarise(sessions: Sequence[Samples]) -> Summary:
    """All calls of one side together, in the unit of the samples; the figures are None where no call answered."""
    values = np.concatenate([one.values for one in sessions]) if sessions else np.empty(0)
    timed_out = np.concatenate([one.timed_out for one in sessions]) if sessions else np.empty(0, dtype=np.bool_)
    failed = np.isnan(values)
    answered = values[~failed & ~timed_out]
    counted = partial(Summary, n=len(values), failed=int(failed.sum()), timed_out=int(timed_out.sum()))
    if not len(answered):
        return counted(mean=None, median=None, p95=None, p99=None, minimum=None, maximum=None)
    median, p95, p99 = np.quantile(answered, (0.5, P95, 0.99))
    return counted(
        mean=float(answered.mean()),
        median=float(median),
        p95=float(p95),
        p95_interval=_p95_interval(sessions, float(p95)),
        p99=float(p99),
        minimum=float(answered.min()),
        maximum=float(answered.max()),
    )


def _p95_interval(sessions: Sequence[Samples], p95: float) -> tuple[float, float] | None:
    """The 95 % interval of the p95, None of a single session: calls of one session are not independent.

    Woodruff's (1952): the share of calls below the p95 has a mean over the sessions and an error, with at least that of
    as many independent calls; the quantiles at both ends of that share are the ends of the interval.
    """
    answered = [one.values[~np.isnan(one.values) & ~one.timed_out] for one in sessions]
    answered = [one for one in answered if len(one)]
    if len(answered) < 2:
        return None
    calls = np.concatenate(answered)
    shares = np.array([np.mean(one <= p95) for one in answered])
    error = max(shares.std(ddof=1) / math.sqrt(len(shares)), math.sqrt(P95 * (1 - P95) / len(calls)))
    reach = error * special.stdtrit(len(shares) - 1, 1 - INTERVAL_TAIL)
    low, high = np.quantile(calls, (max(P95 - reach, 0.0), min(P95 + reach, 1.0)))
    return float(low), float(high)
