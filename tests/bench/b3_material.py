"""What B3 judges: latencies recorded in this run, recorded before, and made by formulas; cut into comparisons."""

import gzip
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from baselines import Case, Samples, Spacing
from tests.baselines.sessions import Recorded, scaled

TOLERANCE = 1.25
CALLS = 20
SESSIONS = 5
HISTORY = 20
SPREAD_RECORDING = Path(__file__).parents[1] / "data" / "spread" / "ticks.jsonl.gz"
SIMULATED_SERIES = 15
# Kinds of latencies, each with goals of its own: recorded ones by how a session's calls lie in time.
KINDS = {Spacing.SPREAD: "recorded", Spacing.BURST: "burst"}
_CHANGED = ":b"

Sessions = Mapping[str, Sequence[Samples]]


@dataclass(frozen=True, slots=True)
class Material:
    """Comparisons of an unchanged system with itself, a family each, and of really changed ones by their true ratio."""

    name: str
    kind: str
    unchanged: list[list[Case]]
    changed: list[tuple[float, Case]]


def of_ticks(name: str, path: Path, spacing: Spacing, comparisons: int, rng: np.random.Generator) -> Material:
    """From a file of `tests.bench.recorder`: twenty ticks in a row are a session. Raises SystemExit for too few."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        ticks: list[dict[str, int]] = [json.loads(line)["x"] for line in lines]
    number = len(ticks) // CALLS
    if number < 2 * SESSIONS + 2:
        raise SystemExit(f"B3: {len(ticks)} ticks of {name} are too few to compare; record for longer with B3_SECONDS")
    sessions = {
        series: [
            Samples.of([None if one[series] < 0 else one[series] / 1e6 for one in ticks[CALLS * i : CALLS * (i + 1)]])
            for i in range(number)
        ]
        for series in ticks[0]
    }
    changed = []
    for series in (one for one in sessions if one.endswith(_CHANGED)):
        plain = series.removesuffix(_CHANGED)
        logs = [math.log(one[series] / one[plain]) for one in ticks if one[series] > 0 and one[plain] > 0]
        for _ in range(comparisons // 2):
            before, after, history = _drawn(number, rng)
            case = _case(plain, sessions[plain], before, after, history, spacing)
            changed.append((math.exp(np.median(logs)), replace(case, after=[sessions[series][i] for i in after])))
    plain_only = {series: ones for series, ones in sessions.items() if not series.endswith(_CHANGED)}
    return Material(name, KINDS[spacing], _unchanged(plain_only, comparisons, spacing, rng), changed)


def of_services(comparisons: int, rng: np.random.Generator) -> list[Material]:
    """The stored spread sessions and the stored bursts of fifteen series."""
    recorded = Recorded.load()
    bursts = {name: [_first_calls(one) for one in ones] for name, ones in recorded.burst.items()}
    return [
        Material("services", KINDS[Spacing.SPREAD], _unchanged(recorded.spread, comparisons, Spacing.SPREAD, rng), []),
        Material("services_burst", KINDS[Spacing.BURST], _unchanged(bursts, comparisons, Spacing.BURST, rng), []),
    ]


def simulated(comparisons: int, rng: np.random.Generator) -> list[Material]:
    """Fifteen series a family, each comparison of new ones: steady, drifting, and with a slow mode."""
    made = {"lognormal": _lognormal, "drift": _drift, "bimodal": _bimodal}
    return [
        Material(name, "simulated", [_simulated(make, rng) for _ in range(comparisons)], [])
        for name, make in made.items()
    ]


def multiplied(case: Case, factor: float) -> Case:
    """Every call after so many times slower."""
    return replace(case, after=scaled(case.after, factor))


def with_tail(case: Case, share: float, factor: float, rng: np.random.Generator) -> Case:
    """A share of the calls after so many times slower, the others untouched."""
    return replace(
        case,
        after=[
            Samples(np.where(rng.random(len(one)) < share, one.values * factor, one.values), one.timed_out)
            for one in case.after
        ],
    )


def _unchanged(sessions: Sessions, comparisons: int, spacing: Spacing, rng: np.random.Generator) -> list[list[Case]]:
    number = min(map(len, sessions.values()))
    families = []
    for _ in range(comparisons):
        before, after, history = _drawn(number, rng)
        families.append([_case(name, ones, before, after, history, spacing) for name, ones in sessions.items()])
    return families


def _drawn(number: int, rng: np.random.Generator) -> tuple[list[int], list[int], list[int]]:
    """Which sessions are before, after and history; all series of a comparison have met the same ones."""
    order = rng.permutation(number).tolist()
    last = 2 * SESSIONS + HISTORY
    return sorted(order[:SESSIONS]), sorted(order[SESSIONS : 2 * SESSIONS]), sorted(order[2 * SESSIONS : last])


def _case(
    name: str,
    sessions: Sequence[Samples],
    before: Sequence[int],
    after: Sequence[int],
    history: Sequence[int],
    spacing: Spacing,
) -> Case:
    sides = ([sessions[i] for i in which] for which in (before, after, history))
    return Case(
        metric=name, before=next(sides), after=next(sides), tolerance=TOLERANCE, history=next(sides), spacing=spacing
    )


def _first_calls(one: Samples) -> Samples:
    return Samples(one.values[:CALLS], one.timed_out[:CALLS])


Make = Callable[[int, np.random.Generator], NDArray[np.float64]]


def _simulated(make: Make, rng: np.random.Generator) -> list[Case]:
    """History first, then before, then after, as they would be taken."""
    family = []
    for number in range(SIMULATED_SERIES):
        seconds = 0.010 * make(HISTORY + 2 * SESSIONS, rng)
        sessions = [Samples(one, np.zeros(CALLS, dtype=np.bool_)) for one in seconds]
        order = range(HISTORY + 2 * SESSIONS)
        history, before, after = order[:HISTORY], order[HISTORY:-SESSIONS], order[-SESSIONS:]
        family.append(_case(f"s{number}", sessions, before, after, history, Spacing.SPREAD))
    return family


def _lognormal(sessions: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """One effect a session of 5 to 20 %, skewed noise from call to call; shape (sessions, calls)."""
    effects = rng.normal(0.0, rng.uniform(0.05, 0.20), (sessions, 1))
    return np.exp(effects + 0.2 * rng.standard_exponential((sessions, CALLS)))


def _drift(sessions: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The same, and a level that walks: 5 % away after eight sessions or so, and back."""
    walk = np.zeros(sessions)
    for i in range(1, sessions):
        walk[i] = 0.88 * walk[i - 1] + rng.normal(0.0, 0.024)
    return _lognormal(sessions, rng) * np.exp(walk)[:, np.newaxis]


def _bimodal(sessions: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The same, and one call of five misses a cache and takes five times as long."""
    missed = rng.random((sessions, CALLS)) < 0.2
    return _lognormal(sessions, rng) * np.where(missed, 5.0, 1.0)
