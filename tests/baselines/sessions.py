"""Sessions for tests: made by a formula, drawn at random, or recorded from real systems."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from baselines.samples import Samples

RECORDINGS = Path(__file__).parents[1] / "data" / "latency" / "sessions.jsonl.gz"


def session(values: Iterable[float | None], timed_out: Sequence[bool] | None = None) -> Samples:
    """One session of those calls, None for a failed one."""
    return Samples.of(list(values), timed_out)


def steady(level: float, sessions: int = 5, calls: int = 20) -> list[Samples]:
    """Sessions in which every call takes the same time."""
    return [session([level] * calls) for _ in range(sessions)]


def lying_at(levels: Iterable[float], calls: int = 20) -> list[Samples]:
    """Sessions that lie at those levels exactly."""
    return [session([level] * calls) for level in levels]


def drawn(
    rng: np.random.Generator, level: float = 0.010, scatter: float = 0.15, sessions: int = 5, calls: int = 20
) -> list[Samples]:
    """Sessions of a random-effects model: one lognormal effect a session, skewed noise from call to call."""
    return [
        session(level * np.exp(rng.normal(0.0, scatter) + 0.2 * rng.standard_exponential(calls)))
        for _ in range(sessions)
    ]


def scaled(sessions: Sequence[Samples], factor: float) -> list[Samples]:
    """The same calls, each of them that many times as long."""
    return [Samples(one.values * factor, one.timed_out) for one in sessions]


@dataclass(frozen=True)
class Recorded:
    """Recorded sessions by series, oldest first; of a changed system by series and variant, with the true ratio."""

    burst: dict[str, list[Samples]]
    spread: dict[str, list[Samples]]
    changed: dict[tuple[str, float], list[Samples]]

    @classmethod
    def load(cls) -> "Recorded":
        burst, spread = defaultdict[str, list[Samples]](list), defaultdict[str, list[Samples]](list)
        changed = defaultdict[tuple[str, float], list[Samples]](list)
        with gzip.open(RECORDINGS, "rt") as lines:
            for line in lines:
                one = json.loads(line)
                seconds: NDArray[np.float64] = np.array(one["us"]) / 1e6
                samples = Samples(seconds, np.zeros(len(seconds), dtype=np.bool_))
                if one["kind"] == "changed":
                    changed[one["series"], one["ratio"]].append(samples)
                else:
                    {"burst": burst, "spread": spread}[one["kind"]][one["series"]].append(samples)
        return cls(burst, spread, changed)
