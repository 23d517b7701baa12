"""A capture against another: every series judged, all of them as one family."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from baselines.baseline import Baseline, BaselineError, Spacing
from baselines.case import Case, Look
from baselines.causes.explained import explained
from baselines.family import Judgement, judge_family
from baselines.host_load import HostLoads, load_range
from baselines.ledger import Change
from baselines.samples import Samples
from baselines.series import Series
from baselines.summary import summarise
from baselines.verdict import Comparison, SeriesComparison, Verdict

# Series below a millisecond drift by 25 to 40 % on their own: a difference smaller than this is never degraded.
FLOOR_SECONDS = 0.001


def compare(
    before: Baseline,
    after: Baseline,
    tolerances: Mapping[str, float],
    *,
    history: Mapping[str, Sequence[Samples]],
    floor_seconds: float = FLOOR_SECONDS,
    look: Look = Look.ONLY,
    known: Mapping[str, Series] = MappingProxyType({}),
    changes: Sequence[Change] = (),
    judge: Callable[[Sequence[Case], Look], list[Judgement]] = judge_family,
) -> Comparison:
    """Judges the durations of two captures, and explains; series in other units have no ratio and are left out.

    Args: `tolerances` maps the name of every duration of either side to the ratio after/before that is tolerated
    (1.25). `history` maps names to earlier sessions of the unchanged series, in any order; a series may be absent.
    `look` is ONLY where no further sessions are planned. `known` is what the configuration says of series today: with
    it, calls and controls are known, which no capture keeps. `changes` are what else has changed in between.
    `judge` is another one where the sessions are the blocks of a duel.

    Raises BaselineError where the two have no duration in common, or a tolerance is absent.
    """
    names = [name for name, series in {**before.series, **after.series}.items() if series.is_duration]
    common = [name for name in names if name in before.series and name in after.series]
    _require_comparable(before, after, names, common, tolerances)
    cases = [
        Case(
            metric=name,
            before=before.samples_of(name),
            after=after.samples_of(name),
            tolerance=tolerances[name],
            history=history.get(name, ()),
            spacing=_spacing(before, after, name),
            floor=floor_seconds,
        )
        for name in names
    ]
    judged = zip(cases, judge(cases, look), strict=True)
    comparison = Comparison(
        before=before.name,
        after=after.name,
        series=[_compared(before, after, case, judgement, known) for case, judgement in judged],
        loads=HostLoads(before=load_range(before.sessions), after=load_range(after.sessions)),
        changes=changes,
    )
    return explained(comparison, before, after)


def _require_comparable(
    before: Baseline, after: Baseline, names: Sequence[str], common: Sequence[str], tolerances: Mapping[str, float]
) -> None:
    if not common:
        raise BaselineError(
            f"{before.name!r} and {after.name!r} have no duration in common: {_few(before)} against {_few(after)}; "
            "compare two captures of the same probes"
        )
    without = [name for name in names if name not in tolerances]
    if without:
        raise BaselineError(f"no tolerance is given for {', '.join(without)}")


def _few(baseline: Baseline, number: int = 3) -> str:
    """Some of the durations a capture has, for a message."""
    durations = sorted(name for name, series in baseline.series.items() if series.is_duration)
    if not durations:
        return "none"
    return ", ".join(durations[:number]) + (f" and {len(durations) - number} more" if len(durations) > number else "")


def _spacing(before: Baseline, after: Baseline, name: str) -> Spacing:
    """The wider prior as soon as one side needs it."""
    both_spread = before.spacing_of(name) is after.spacing_of(name) is Spacing.SPREAD
    return Spacing.SPREAD if both_spread else Spacing.BURST


def _compared(
    before: Baseline, after: Baseline, case: Case, judgement: Judgement, known: Mapping[str, Series]
) -> SeriesComparison:
    """One series; where only one side has it, the answers mean nothing, but the level does."""
    name = case.metric
    alone = Verdict.MISSING if name not in after.series else Verdict.NEW if name not in before.series else None
    return SeriesComparison(
        series=_described({**before.series, **after.series}[name], known.get(name)),
        tolerance=case.tolerance,
        verdict=alone or judgement.deciding.verdict,
        answers=() if alone else judgement.answers,
        before=None if alone is Verdict.NEW else summarise(case.before),
        after=None if alone is Verdict.MISSING else summarise(case.after),
        level=judgement.level,
        probability_over=judgement.probability_over,
        sessions=(len(case.before), len(case.after)),
    )


def _described(captured: Series, known: Series | None) -> Series:
    """The series as it was captured, with what only the configuration knows of it."""
    if known is None:
        return captured
    return replace(captured, calls_per_hour=known.calls_per_hour, is_control=known.is_control)
