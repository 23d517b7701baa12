"""Carries one check out, whichever it is."""

from baselines import Clock
from monitor.checks.constraints import validate_constraints
from monitor.checks.health import validate_health
from monitor.checks.indexes import analyse_index_usage
from monitor.checks.performance import Judge, run_performance_suite
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.errors import ConfigurationError
from probes import ProbeSet, series_of
from thresholds import CheckKind, CheckReport


async def run_check(
    kind: CheckKind, configuration: Configuration, clock: Clock, *, judge: Judge | None = None
) -> CheckReport:
    """The report of one check of the configured system now.

    `judge` holds the performance test suite against the active baseline, where there is one. Raises ConfigurationError.
    """
    settings = configuration.settings
    if not settings.probes and not settings.targets:
        raise ConfigurationError("nothing to check: the configuration has no probes and no targets")
    figures = Figures.load(configuration, series_of(settings.probes))
    async with ProbeSet(settings.probes, settings.targets, clock) as probes:
        match kind:
            case CheckKind.SYSTEM_HEALTH:
                return await validate_health(settings, figures, probes, clock)
            case CheckKind.PERFORMANCE:
                return await run_performance_suite(configuration, figures, probes, clock, judge)
            case CheckKind.INDEX_USAGE:
                return await analyse_index_usage(settings, probes, clock)
            case CheckKind.CONSTRAINTS:
                return await validate_constraints(settings, probes, clock)
