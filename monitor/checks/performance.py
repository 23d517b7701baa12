"""The performance test suite: every probe that takes a time, run again and again and kept warm."""

import random
from collections.abc import Awaitable, Callable

import structlog

from baselines import Baseline, BaselineError, CaptureConditions, Clock, Comparison, Spacing, summarise
from baselines.capture import CapturePlan, capture_sessions, comparable_probes
from monitor.capturing import capture_conditions
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration
from monitor.pipeline import STORE_IS_AWAY
from probes import ProbeSet
from thresholds import CheckKind, CheckReport, not_looked_at, performance_line

# Fewer sessions say nothing about the noise between them; together they are 21 calls of each probe.
_SESSIONS, _SAMPLES = 3, 7

# Holds what was captured against the active baseline; None where there is none, or it can't be had.
Judge = Callable[[Baseline], Awaitable[Comparison | None]]

log = structlog.get_logger(__name__)


async def run_performance_suite(
    configuration: Configuration, figures: Figures, probes: ProbeSet, clock: Clock, judge: Judge | None
) -> CheckReport:
    """Every series of durations: median and p95, held against limits, grades, benchmarks and the baseline."""
    at, settings = clock.now(), configuration.settings
    chosen = comparable_probes(probes, probes.names)
    if not chosen:
        nothing = not_looked_at("probes", "durations", "no probe of the configuration takes a time")
        return CheckReport(CheckKind.PERFORMANCE, at, [nothing])

    def conditions() -> CaptureConditions:
        return capture_conditions(configuration, Spacing.BURST, settings.release)

    sessions = await capture_sessions(
        CapturePlan(sessions=_SESSIONS, samples=_SAMPLES, spacing=Spacing.BURST),
        chosen,
        probes,
        conditions=conditions,
        clock=clock,
        order=random.Random(),
        advanced=lambda: None,
    )
    series = {one.name: one for probe in chosen for one in probes.series_of(probe) if one.is_duration}
    captured = Baseline(
        name="suite",
        environment=settings.environment,
        release=settings.release,
        captured_by=CheckKind.PERFORMANCE,
        series=series,
        sessions=sessions,
    )
    compared = None if judge is None else await judge(captured)
    by_name = {} if compared is None else {one.series.name: one for one in compared.series}
    return CheckReport(
        CheckKind.PERFORMANCE,
        at,
        [
            performance_line(
                one,
                summarise(captured.samples_of(name)),
                figures.matrix.limits_of(one),
                figures.grades,
                by_name.get(name),
            )
            for name, one in series.items()
        ],
    )


def judge_by(comparing: Comparing, environment: str, clock: Clock) -> Judge:
    """The house's own judging against the active baseline of that environment."""

    async def judge(captured: Baseline) -> Comparison | None:
        try:
            name = await comparing.store.active(environment)
            if name is None:
                return None
            before = await comparing.store.load(name)
            return None if before.expired_at(clock.now()) else await comparing.judge(before, captured)
        except (BaselineError, *STORE_IS_AWAY) as error:
            log.warning("the suite is not held against a baseline", reason=str(error) or type(error).__name__)
            return None

    return judge
