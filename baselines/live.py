"""`live`: the service's own measurements of the last hour, cut into sessions that a baseline can be held against."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from baselines.baseline import Baseline, CaptureConditions, CaptureSession
from baselines.evidence import Evidence
from baselines.explanation import ExplanationKind
from baselines.measurement import Measurement
from baselines.plan_shape import PlanShape
from baselines.samples import Samples
from baselines.series import SeriesRegistry
from baselines.verdict import Answer, Comparison, Question, SeriesComparison, Verdict

NAME = "live"
# Kept in the conditions: calls at the service's cadence run on colder caches than those of a capture, seconds apart.
CONNECTION_MODE = "kept alive, at the cadence of the service"
# Runs of at least this many consecutive undisturbed samples make sessions of about this many.
SESSION_SAMPLES = 20
# Fewer sessions than these say nothing about noise from session to session.
LEAST_SESSIONS = 3


def live_baseline(
    measured: Mapping[str, Sequence[Measurement]],
    series: SeriesRegistry,
    conditions: CaptureConditions,
    environment: str,
    plans: Mapping[str, PlanShape],
) -> Baseline | None:
    """What was measured as a capture, None where no series has a single session. Measurements in the order of time.

    `plans` are the latest ones, by series.
    """
    cut = {name: runs(ones) for name, ones in measured.items() if series[name].is_duration}
    by_number = defaultdict[int, dict[str, Sequence[Measurement]]](dict)
    for name, sessions in cut.items():
        for number, ones in enumerate(sessions, start=1):
            by_number[number][name] = ones
    if not by_number:
        return None
    return Baseline(
        name=NAME,
        environment=environment,
        release=conditions.release,
        captured_by="the service",
        series={name: one for name, one in series.items() if one.is_duration},
        sessions=[
            CaptureSession(
                number=number,
                started_at=min(ones[0].started_at for ones in by_series.values()),
                finished_at=max(ones[-1].started_at for ones in by_series.values()),
                conditions=conditions,
                samples={name: Samples.of_measurements(ones) for name, ones in by_series.items()},
                cold={},
                plans={name: plans[name] for name in by_series if name in plans},
                evidence={name: Evidence.of_measurements(ones) for name, ones in by_series.items()},
            )
            for number, by_series in sorted(by_number.items())
        ],
    )


def without_hasty_verdicts(comparison: Comparison) -> Comparison:
    """A comparison with `live`, in which a series with too few sessions is inconclusive whatever they say."""
    return replace(comparison, series=[_patient(one) for one in comparison.series])


def _patient(one: SeriesComparison) -> SeriesComparison:
    sessions = one.sessions[1]
    if sessions >= LEAST_SESSIONS or one.verdict is Verdict.NEW:
        return one
    answer = Answer(
        question=Question.TYPICAL,
        verdict=Verdict.INCONCLUSIVE,
        more_sessions=LEAST_SESSIONS - sessions,
        reason=f"the last hour has {sessions} of {LEAST_SESSIONS} runs of {SESSION_SAMPLES} undisturbed samples",
    )
    known = [each for each in one.explanations if each.kind is not ExplanationKind.UNKNOWN]
    return replace(one, verdict=Verdict.INCONCLUSIVE, answers=[answer], explanations=known)


def runs(measurements: Sequence[Measurement]) -> list[Sequence[Measurement]]:
    """Runs of consecutive measurements that say something, cut into equal parts of at least `SESSION_SAMPLES`."""
    sessions: list[Sequence[Measurement]] = []
    for says_something, group in groupby(measurements, key=lambda one: one.says_something):
        run = list(group)
        parts = len(run) // SESSION_SAMPLES if says_something else 0
        bounds = [len(run) * part // parts for part in range(parts + 1)] if parts else []
        sessions += [run[start:end] for start, end in pairwise(bounds)]
    return sessions
