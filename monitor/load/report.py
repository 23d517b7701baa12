"""What a load run came to: each step's times against its limits and the baseline, and the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass

from baselines import Baseline
from baselines.load import BURST_SD, SLICE_SD, Ratio, StageTimes, StepTimes, ratio_of_medians, together
from baselines.series import Series, Unit
from monitor.comparing import Figures
from monitor.errors import ExitCode
from monitor.load.plan import LOG_IN, LoadPlan
from monitor.load.running import LoadMeasured
from monitor.settings import Settings
from probes import HttpTarget
from probes.kinds.http import HttpSettings
from thresholds import SeriesLimits
from thresholds.load import Claim, Degradation, LoadFigures, LoadVerdict, judge_degradation, judge_step, overall

# A step that no probe measures has the matrix' limit for the 95th percentile of all responses.
_ANY_RESPONSE = Series("api_performance.response_time_p95")
_CODES = {
    LoadVerdict.WELL: ExitCode.WELL,
    LoadVerdict.BROKEN: ExitCode.FINDING,
    LoadVerdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step in one stage. `series` is the one that measures the same request, None where no probe does;
    `against` its median to the baseline's. Without `claims` it is not judged by itself.
    """

    times: StepTimes
    series: str | None
    against: Ratio | None
    claims: Sequence[Claim]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """A run with its verdict. `claims` are those about the run as a whole; `degradation` is None but for a stress
    test that came to its end.
    """

    plan: LoadPlan
    measured: LoadMeasured
    baseline: str | None
    stages: Sequence[tuple[StageTimes, Sequence[StepReport]]]
    degradation: Degradation | None
    claims: Sequence[Claim]

    @property
    def all_claims(self) -> list[Claim]:
        """Those of the steps, then those of the run."""
        return [claim for _, steps in self.stages for one in steps for claim in one.claims] + list(self.claims)

    @property
    def verdict(self) -> LoadVerdict:
        """The worst of all."""
        return overall(self.all_claims)

    @property
    def code(self) -> ExitCode:
        """1 for a finding, 3 for what stays open, 0 where all is well."""
        return _CODES[self.verdict]


def judged(
    plan: LoadPlan,
    measured: LoadMeasured,
    load: LoadFigures,
    figures: Figures,
    settings: Settings,
    baseline: Baseline | None,
) -> LoadReport:
    """The verdict on a run. Beyond the capacity no step is held against its limits: it may get slower."""
    stages = []
    for stage in measured.stages:
        steps = []
        for times in stage.steps:
            series = _series_of(times.step, plan, settings, figures)
            against = _against(times, series, baseline)
            claims = (
                [] if plan.is_stress else judge_step(times, _limits(series, figures), against, load, stage.own_share)
            )
            steps.append(StepReport(times, None if series is None else series.name, against, claims))
        stages.append((stage, steps))
    degradation, claims = None, list[Claim]()
    if measured.interrupted:
        lasted = sum(one.seconds for one in measured.stages)
        claims.append(Claim(LoadVerdict.INCONCLUSIVE, f"interrupted after {lasted:.0f} of {plan.seconds:.0f} s"))
    elif plan.is_stress:
        before, stress, after = measured.stages
        degradation, claims = judge_degradation(
            before, stress, after, _recovery(before, after), load, max(one.own_share for one in measured.stages)
        )
    return LoadReport(
        plan=plan,
        measured=measured,
        baseline=None if baseline is None else baseline.name,
        stages=stages,
        degradation=degradation,
        claims=claims,
    )


def _series_of(step: str, plan: LoadPlan, settings: Settings, figures: Figures) -> Series | None:
    """The series of the probe that makes the same request to the same server."""
    request = plan.requests()[step]
    for probe in settings.probes.values():
        if isinstance(probe, HttpSettings) and (str(probe.method), probe.path) == request:
            target = settings.targets[probe.target or ""]
            if isinstance(target, HttpTarget) and target.place == plan.target.place:
                return figures.series[probe.series()[0].name]
    return None


def _limits(series: Series | None, figures: Figures) -> SeriesLimits:
    limits = figures.matrix.limits_of(_ANY_RESPONSE if series is None else series)
    has_any = any(one is not None and one.unit is Unit.SECONDS for one in (limits.warning, limits.critical))
    return limits if has_any else figures.matrix.limits_of(_ANY_RESPONSE)


def _against(times: StepTimes, series: Series | None, baseline: Baseline | None) -> Ratio | None:
    if series is None or baseline is None:
        return None
    return ratio_of_medians(baseline.samples_of(series.name), [together(times.slices)], BURST_SD)


def _recovery(before: StageTimes, after: StageTimes) -> dict[str, Ratio]:
    """Of the steps that answered in both stages. Log-ins are few and come all at once; what hung is told as such."""
    were = {one.step: one for one in before.steps if not one.timed_out}
    ratios = {
        one.step: ratio_of_medians(were[one.step].slices, one.slices, SLICE_SD)
        for one in after.steps
        if one.step in were and one.step != LOG_IN and not one.timed_out
    }
    return {step: ratio for step, ratio in ratios.items() if ratio is not None}
