"""How the watcher does on the recorded demo portal: five calls a probe, 500 probes of reference, as long as two weeks.

One recording is shorter than a week, so probes are drawn from it: five ticks in a row at a random place, times a slow
drift (log sd 5 %, four hours). Reference and watched probes come from different stretches of it.
"""

import gzip
import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from statistics import median

import numpy as np
from numpy.typing import NDArray

from baselines.reference import ARMED_GROUPS, GROUP_CALLS, Reference
from baselines.watcher import Call, Drift, Watcher, Yardstick
from tests.bench.b3_material import SPREAD_RECORDING
from tests.clocks import START

SERIES = 50
INTERVAL_SECONDS = 30.0
WEEKS = 2.0
TOLERANCE = 1.25
# Stretches of the recording belong to the reference or to the watching as a whole.
STRETCH_TICKS = 100
DRIFT_SD, DRIFT_PROBES = 0.05, 480
FACTORS = (1.5, 2.0)
# A change comes after so many probes, and is given up after so many more.
BEFORE_PROBES, AFTER_PROBES = 60, 240
REPEATS = 6

Recording = NDArray[np.float64]  # shape (ticks, series), in seconds
Alarms = Callable[[NDArray[np.float64]], set[int]]  # the calls of one probe, shape (series, 5) -> what is raised


def watch_figures(rng: np.random.Generator) -> dict[str, list[float]]:
    """False alarms a week of 50 series, and by factor the median of the probes until a change is degraded.

    Beside ours the customer's rule: one value over mean × 1.25 of the reference.
    """
    figures: dict[str, list[float]] = {}
    for _ in range(3):
        reference, watched = _halves(_recording(), rng)
        calls = _probes(reference, ARMED_GROUPS, rng)
        for name, rule in (("watcher", _ours), ("mean", _customers)):
            alarms = rule(calls)
            false = _episodes(alarms, watched, rng) * SERIES / watched.shape[1] / WEEKS
            figures.setdefault(f"watch_{name}_false_a_week", []).append(false)
            for factor in FACTORS:
                delays = [delay for _ in range(REPEATS) for delay in _delays(rule(calls), watched, factor, rng)]
                figures.setdefault(f"watch_{name}_probes_to_x{factor:g}", []).append(median(delays))
    return figures


def _recording() -> Recording:
    with gzip.open(SPREAD_RECORDING, "rt", encoding="utf-8") as lines:
        ticks: list[dict[str, int]] = [json.loads(line)["x"] for line in lines]
    names = [name for name in ticks[0] if not name.endswith(":b")]
    return np.array([[one[name] / 1e6 for name in names] for one in ticks if min(one[name] for name in names) > 0])


def _halves(recording: Recording, rng: np.random.Generator) -> tuple[Recording, Recording]:
    stretches = [recording[i : i + STRETCH_TICKS] for i in range(0, len(recording) - STRETCH_TICKS, STRETCH_TICKS)]
    order = rng.permutation(len(stretches))
    half = len(stretches) // 2
    return (
        np.concatenate([stretches[i] for i in sorted(order[:half])]),
        np.concatenate([stretches[i] for i in sorted(order[half:])]),
    )


def _probes(recording: Recording, number: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Shape (probes, series, 5)."""
    starts = rng.integers(0, len(recording) - GROUP_CALLS, number)
    return np.stack([recording[starts + i] for i in range(GROUP_CALLS)], axis=2)


def _ours(reference: NDArray[np.float64]) -> Alarms:
    yardsticks = {
        str(i): Yardstick.of(
            Reference.of_sessions(reference[:, i].tolist()),
            tolerance=TOLERANCE,
            cadence_seconds=INTERVAL_SECONDS / GROUP_CALLS,
        )
        for i in range(reference.shape[1])
    }
    # As many groups a week as fifty series make, whatever the number of recorded ones.
    silent = {f"silent {i}": yardsticks["0"] for i in range(SERIES - len(yardsticks))}
    watcher, turn = Watcher(yardsticks | silent), 0

    def alarms(calls: NDArray[np.float64]) -> set[int]:
        nonlocal turn
        turn += 1
        at = START + timedelta(seconds=turn * INTERVAL_SECONDS)
        watcher.take(Call(str(i), at, value) for i, row in enumerate(calls.tolist()) for value in row)
        return {int(name) for name, drift in watcher.raised().items() if drift is Drift.DEGRADED}

    return alarms


def _customers(reference: NDArray[np.float64]) -> Alarms:
    limits = TOLERANCE * reference.mean(axis=(0, 2))
    return lambda calls: set(np.flatnonzero(calls[:, 0] > limits).tolist())


def _episodes(alarms: Alarms, recording: Recording, rng: np.random.Generator) -> int:
    """Alarms with an hour of quiet before them, over the weeks."""
    number = round(WEEKS * 7 * 86400 / INTERVAL_SECONDS)
    last: Mapping[int, int] = {}
    episodes, drift = 0, _drift(recording.shape[1], rng)
    for turn, calls in enumerate(_probes(recording, number, rng)):
        raised = alarms(calls * next(drift)[:, np.newaxis])
        episodes += sum(turn - last.get(i, -number) > 3600 / INTERVAL_SECONDS for i in raised)
        last = {**last, **dict.fromkeys(raised, turn)}
    return episodes


def _delays(alarms: Alarms, recording: Recording, factor: float, rng: np.random.Generator) -> Iterator[float]:
    """By series, the probes from the change to the first alarm; infinite where there is none. Alarms that stood before
    count for nothing."""
    found: dict[int, float] = {}
    standing: set[int] = set()
    for turn, calls in enumerate(_probes(recording, BEFORE_PROBES + AFTER_PROBES, rng)):
        raised = alarms(calls * (factor if turn >= BEFORE_PROBES else 1.0))
        if turn < BEFORE_PROBES:
            standing = raised
        for i in raised:
            if turn >= BEFORE_PROBES:
                found.setdefault(i, turn - BEFORE_PROBES + 1)
    return (found.get(i, math.inf) for i in range(recording.shape[1]) if i not in standing)


def _drift(series: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    kept = math.exp(-1 / DRIFT_PROBES)
    level = rng.normal(0.0, DRIFT_SD, series)
    while True:
        level = kept * level + rng.normal(0.0, DRIFT_SD * math.sqrt(1 - kept**2), series)
        yield np.exp(level)
