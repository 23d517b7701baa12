"""What people want to read of one side of a comparison; no verdict is made from it."""

from collections.abc import Sequence

import numpy as np

from baselines.samples import Samples
from baselines.verdict import Summary


def summarise(sessions: Sequence[Samples]) -> Summary:
    """All calls of one side together, in the unit of the samples; the figures are None where no call answered."""
    values = np.concatenate([one.values for one in sessions]) if sessions else np.empty(0)
    timed_out = np.concatenate([one.timed_out for one in sessions]) if sessions else np.empty(0, dtype=np.bool_)
    failed = np.isnan(values)
    answered = values[~failed & ~timed_out]
    counts = {"n": len(values), "failed": int(failed.sum()), "timed_out": int(timed_out.sum())}
    if not len(answered):
        return Summary(**counts, mean=None, median=None, p95=None, p99=None, minimum=None, maximum=None)
    median, p95, p99 = np.quantile(answered, (0.5, 0.95, 0.99))
    return Summary(
        **counts,
        mean=float(answered.mean()),
        median=float(median),
        p95=float(p95),
        p99=float(p99),
        minimum=float(answered.min()),
        maximum=float(answered.max()),
    )
