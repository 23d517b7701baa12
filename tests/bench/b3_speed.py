"""How long judging takes, in processor time of one core, beside the Mann-Whitney rule on the same samples."""

import time
from collections.abc import Callable, Sequence
from itertools import cycle

import numpy as np

from baselines import Baseline, Case, Measurement, Outcome, Series, compare, judge_family
from baselines.reference import ARMED_GROUPS, GROUP_CALLS, Reference
from baselines.watcher import Call, Watcher, Yardstick
from tests.baselines.made import baseline
from tests.baselines.sessions import drawn
from tests.bench.b3_rules import mann_whitney
from tests.clocks import START
from thresholds import evaluate, load_matrix, load_routing

SERIES = 1000
TICK_SERIES = 10_000
RUNS = 5
# What each series is held against takes half a millisecond to make; so many serve all of them in turn.
DISTINCT_REFERENCES = 50
# One evaluation of everything that was measured in a tick.
Evaluation = Callable[[Sequence[Measurement]], object]


def speed_figures(rng: np.random.Generator) -> dict[str, list[float]]:
    """Interleaved: 1,000 series compared and decided by us and by the Mann-Whitney rule, then a tick of 10,000."""
    names = [f"database_queries.s{number}" for number in range(SERIES)]
    before, after = _capture("before", names, rng), _capture("after", names, rng)
    history = {name: drawn(rng, sessions=20) for name in names}
    tolerances = dict.fromkeys(names, 1.25)
    cases = [
        Case(
            metric=name,
            before=before.samples_of(name),
            after=after.samples_of(name),
            tolerance=1.25,
            history=history[name],
        )
        for name in names
    ]
    tick, evaluations = _tick(rng), _evaluations(rng)
    figures: dict[str, list[float]] = {
        "compare_1000_series_s": [],
        "ours_ms_per_decision": [],
        "mann_whitney_ms_per_decision": [],
        "evaluation_tick_10000_series_s": [],
    }
    for _ in range(RUNS):
        figures["compare_1000_series_s"].append(
            _processor_seconds(lambda: compare(before, after, tolerances, history=history))
        )
        figures["ours_ms_per_decision"].append(1000 * _processor_seconds(lambda: judge_family(cases)) / SERIES)
        figures["mann_whitney_ms_per_decision"].append(1000 * _processor_seconds(lambda: mann_whitney(cases)) / SERIES)
        figures["evaluation_tick_10000_series_s"].append(
            sum(_processor_seconds(lambda one=one: one(tick)) for one in evaluations)  # type: ignore[misc]
        )
    return figures


def _processor_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _evaluations(rng: np.random.Generator) -> list[Evaluation]:
    """Everything the service does with a tick of measurements. What comes to be added there is added here."""
    return [_thresholds(), _watching(rng)]


def _thresholds() -> Evaluation:
    matrix, routing = load_matrix(), load_routing()
    series = {name: Series(name, cadence_seconds=30.0) for name in _tick_names()}
    limits = {name: matrix.limits_of(one) for name, one in series.items()}

    def tick(measurements: Sequence[Measurement]) -> object:
        return [evaluate(series[one.series], limits[one.series], one, routing) for one in measurements]

    return tick


def _watching(rng: np.random.Generator) -> Evaluation:
    past = [rng.lognormal(-4, 1, (ARMED_GROUPS, GROUP_CALLS)).tolist() for _ in range(DISTINCT_REFERENCES)]
    yardsticks = [Yardstick.of(Reference.of_sessions(one), tolerance=1.25, cadence_seconds=30.0) for one in past]
    watcher = Watcher(dict(zip(_tick_names(), cycle(yardsticks), strict=False)))

    def tick(measurements: Sequence[Measurement]) -> object:
        # All calls of a group, so that the last of them has every series judged; one alone is only put aside.
        for _ in range(GROUP_CALLS):
            watcher.take(Call(one.series, one.started_at, one.value) for one in measurements if one.value is not None)
        return watcher.raised()

    return tick


def _tick_names() -> list[str]:
    return [f"database_queries.t{number}" for number in range(TICK_SERIES)]


def _tick(rng: np.random.Generator) -> list[Measurement]:
    values = rng.lognormal(-4, 1, TICK_SERIES).tolist()
    return [
        Measurement(series=name, intended_at=START, started_at=START, outcome=Outcome.OK, value=value)
        for name, value in zip(_tick_names(), values, strict=True)
    ]


def _capture(name: str, names: Sequence[str], rng: np.random.Generator) -> Baseline:
    sessions = {one: drawn(rng) for one in names}
    return baseline(name, [{one: sessions[one][i].values.tolist() for one in names} for i in range(5)])
