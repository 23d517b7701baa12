"""Causes that no single series has for itself: the host, and whatever slows everything alike."""

from statistics import fmean, median, quantiles

from baselines.causes.sides import Sides
from baselines.common_mode import SMALLEST, CommonCause
from baselines.explanation import Explanation, ExplanationKind
from baselines.host_load import APART
from baselines.verdict import Question

# The host is busier when so much more of its processors is, and the middle halves of the looks lie apart.
_BUSIER = 0.15
_FEWEST_LOOKS = 4


def host_busier(sides: Sides) -> Explanation | None:
    """The host had more to do, and that was felt: the controls moved, or without any half of the other series."""
    return (_processors(sides) or _load(sides)) if _felt_elsewhere(sides) else None


def everything_slower(sides: Sides) -> Explanation | None:
    """Nearly everything became slower alike."""
    common = sides.comparison.common_mode
    if common is None or common.ratio < 1:
        return None
    controls = {
        CommonCause.HOST: ", the controls too",
        CommonCause.DEPLOYMENT: ", but not the controls",
        CommonCause.UNKNOWN: "",
    }
    return Explanation(
        ExplanationKind.EVERYTHING_SLOWER,
        f"everything is {common.ratio:.2f} times slower: {common.moved} of {common.series} series moved "
        f"alike{controls[common.cause]}",
        {"ratio": common.ratio, "moved": float(common.moved), "series": float(common.series)},
    )


def is_of_the_host(sides: Sides) -> bool:
    """Whether what no deployment can change moved too, and enough to account for this series."""
    controls = _ratios(sides, controls=True)
    return bool(controls) and fmean(controls) >= SMALLEST and sides.accounts_for(fmean(controls))


def _felt_elsewhere(sides: Sides) -> bool:
    felt = _ratios(sides, controls=True) or _ratios(sides, controls=False)
    return bool(felt) and median(felt) >= SMALLEST


def _ratios(sides: Sides, *, controls: bool) -> list[float]:
    """The typical ratios of the other series, those of controls or those of all else."""
    answers = [
        one.answer(Question.TYPICAL)
        for one in sides.comparison.series
        if one.series.is_control is controls and one.series.name != sides.one.series.name
    ]
    return [answer.ratio for answer in answers if answer is not None and answer.ratio]


def _processors(sides: Sides) -> Explanation | None:
    before, after = sides.before.levels("cpu_usage"), sides.after.levels("cpu_usage")
    if min(len(before), len(after)) < _FEWEST_LOOKS:
        return None
    was, is_now = median(before), median(after)
    apart = quantiles(after, n=4)[0] > quantiles(before, n=4)[2]
    if not apart or is_now - was < _BUSIER:
        return None
    summary = f"the host is busier: its processors are {is_now:.0%} busy instead of {was:.0%}"
    return Explanation(ExplanationKind.HOST_BUSIER, summary, {"busy_before": was, "busy_after": is_now})


def _load(sides: Sides) -> Explanation | None:
    sessions = (sides.before.capture.sessions, sides.after.capture.sessions)
    noted = [[one.conditions.host_load for one in side if one.conditions.host_load is not None] for side in sessions]
    if not all(noted):
        return None
    was, is_now = (median(loads) for loads in noted)
    if is_now - was < APART:
        return None
    summary = f"the host is busier: its load per processor is {is_now:.2f} instead of {was:.2f}"
    return Explanation(ExplanationKind.HOST_BUSIER, summary, {"load_before": was, "load_after": is_now})
