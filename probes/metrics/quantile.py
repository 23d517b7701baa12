"""Quantiles of a histogram as Prometheus estimates them."""

import math
from collections.abc import Mapping
from itertools import accumulate


def histogram_quantile(quantile: float, buckets: Mapping[float, float]) -> float:
    """The value below which that share (0 to 1) of the observations lies.

    `buckets` maps upper bounds to the observations up to there, the highest bound being infinity; there must be
    observations. Within a bucket they are taken to be spread evenly, the lowest begins at zero, and what lies in the
    highest is given the bound beneath it: so does Prometheus' histogram_quantile (function BucketQuantile of
    promql/quantile.go, version 3).
    """
    bounds = sorted(buckets)
    # Counters read a moment apart may contradict each other: a higher bound never has fewer.
    counts = list(accumulate((buckets[bound] for bound in bounds), max))
    rank = quantile * counts[-1]
    number = next(index for index, count in enumerate(counts) if count >= rank)
    if math.isinf(bounds[number]):
        return bounds[number - 1]
    if number == 0 and bounds[0] <= 0:
        return bounds[0]
    low, below = (bounds[number - 1], counts[number - 1]) if number else (0.0, 0.0)
    return low + (bounds[number] - low) * (rank - below) / (counts[number] - below)
