"""Compares captures and applies the matrix: what `compare`, the demo and the service have in common."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version

from pydantic import ValidationError

from baselines import (
    RULE_VERSION,
    Baseline,
    BaselineStore,
    CaptureConditions,
    Change,
    Comparison,
    Ledger,
    Look,
    MeasurementStore,
    Section,
    Series,
    SeriesRegistry,
    Spacing,
    Verdict,
)
from baselines.case import LARGEST_CAPTURE
from baselines.ledger import plans_of
from baselines.live import CONNECTION_MODE, live_baseline
from baselines.materials import Materials
from baselines.top_up import can_be_decided, with_limits_told
from baselines.workload import STATEMENT
from monitor.capturing import host_load
from monitor.configuration import Configuration
from monitor.errors import ConfigurationError
from monitor.workload import Workloads
from thresholds import (
    Assessment,
    FigureError,
    Grades,
    Level,
    Profile,
    RollbackMatrix,
    Routing,
    ThresholdMatrix,
    assess,
    load_grades,
    load_matrix,
    load_rollback,
    load_routing,
    tolerances,
)

LIVE_WINDOW = timedelta(hours=1)
# Further looks, and how many sessions the after side has at each.
_FURTHER_LOOKS = ((Look.SECOND, 8), (Look.LAST, LARGEST_CAPTURE))

# Takes so many further sessions of these series and returns the capture with them; None where the target is away.
Further = Callable[[Baseline, Collection[str], int], Awaitable[Baseline | None]]


@dataclass(frozen=True, slots=True)
class Figures:
    """The customer's figures with the user's overrides, and the series of the configuration they are for."""

    series: SeriesRegistry
    matrix: ThresholdMatrix
    routing: Routing
    rollback: RollbackMatrix
    grades: Grades

    @classmethod
    def load(cls, configuration: Configuration, series: SeriesRegistry) -> "Figures":
        """Raises ConfigurationError for an override that names no series or does not fit the one it names."""
        settings = configuration.settings
        known = {*series, *(f"{one.category}.*" for one in series.values())}
        if unknown := [name for name in settings.thresholds if name not in known]:
            told = f"there is no series {unknown[0]}; there are: {', '.join(series)}"
            raise ConfigurationError(configuration.at(("thresholds", unknown[0]), told))
        try:
            matrix = load_matrix().overridden(settings.thresholds, settings.profiles)
            for one in series.values():
                matrix.limits_of(one)
        except FigureError as error:
            at = error.source.key if error.source and not error.source.shipped else ("thresholds",)
            raise ConfigurationError(configuration.at(at, str(error))) from error
        try:
            rollback = load_rollback().overridden(settings.rollback)
        except FigureError as error:
            raise ConfigurationError(configuration.at(("rollback",), str(error))) from error
        routing = _routing(configuration, series)
        for name, probe in settings.probes.items():
            if probe.route is not None and probe.route not in routing.alert_categories:
                categories = ", ".join(sorted(routing.alert_categories))
                told = f"there is no alert category {probe.route}; there are: {categories}"
                raise ConfigurationError(configuration.at(("probes", name, "route"), told))
        return cls(series, matrix, routing, rollback, load_grades().overridden(settings.grades))

    def limits_by_level(self, series: Series) -> dict[Level, float]:
        """The absolute limits of a series, in its base unit."""
        limits = self.matrix.limits_of(series)
        levels = {Level.WARNING: limits.warning, Level.CRITICAL: limits.critical}
        return {level: limit.value for level, limit in levels.items() if limit is not None}


def _routing(configuration: Configuration, series: SeriesRegistry) -> Routing:
    """The tiers and routes with what the user says differently. Raises ConfigurationError."""
    settings, shipped = configuration.settings, load_routing()
    try:
        routing = shipped.overridden(settings.alerts)
    except ValidationError as error:
        told = [(".".join(map(str, one["loc"])), one) for one in error.errors(include_url=False)]
        lines = [f"{f'{at}: ' if at else ''}{one['msg'].removeprefix('Value error, ')}" for at, one in told]
        raise ConfigurationError(configuration.at(("alerts",), "; ".join(lines))) from error
    named = {one.category for one in series.values()} | {probe.route for probe in settings.probes.values()}
    for category in settings.alerts.routes:
        if category not in shipped.alert_categories | named:
            known = ", ".join(sorted(shipped.alert_categories))
            message = f"nothing has this alert category; there are: {known}, and those that a probe names"
            raise ConfigurationError(configuration.at(("alerts", "routes", category), message))
    return routing


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """Compares under one profile. `tolerance_percent`, where given, holds for every series.

    Without `workloads`, the statements that nobody probes are not judged.
    """

    figures: Figures
    store: BaselineStore
    ledger: Ledger
    profile: Profile = Profile.STANDARD
    tolerance_percent: float | None = None
    workloads: Workloads | None = None

    async def judge(self, before: Baseline, after: Baseline, *, look: Look = Look.ONLY) -> Comparison:
        """One look at two captures, as `materials` has them. Raises BaselineError without a series in common."""
        return (await self.materials(before, after, look=look)).judged()

    async def materials(
        self, before: Baseline, after: Baseline, *, look: Look = Look.ONLY, until: datetime | None = None
    ) -> Materials:
        """What one look at two captures is made from: the history of the first, and what changed from the end of the
        one to the end of the other, or to that instant.
        """
        series = {**before.series, **after.series}
        try:
            allowed = tolerances(
                [*series.values(), STATEMENT], self.figures.matrix, self.profile, self.tolerance_percent
            )
        except FigureError as error:
            raise ConfigurationError(str(error)) from error
        taken_at = until or after.finished_at
        return Materials(
            before=before,
            after=after,
            tolerances=allowed,
            history=await self.store.history(before, besides=after.name),
            look=look,
            known={name: one for name, one in self.figures.series.items() if name in series},
            changes=await self._changes(before, after, taken_at),
            taken_at=taken_at,
            workload=None if self.workloads is None else await self.workloads.materials(before, after),
        )

    async def _changes(self, before: Baseline, after: Baseline, until: datetime) -> Sequence[Change]:
        """What changed until then; between two environments nothing is held to have changed."""
        if after.environment != before.environment:
            return ()
        return await self.ledger.between(before.environment, before.finished_at, until)

    async def judge_surely(
        self, before: Baseline, after: Baseline, further: Further, *, top_up: bool = False
    ) -> tuple[Comparison, Materials]:
        """Looks again with further sessions before anything is called degraded, while the target is there.

        With `top_up` also while anything is inconclusive that more sessions could decide. No look is taken twice: after
        sessions that an earlier run took, it goes on with the look they were taken for.

        Returns the last comparison and what it was made from.
        """
        look = await self.look_due(after)
        if look is Look.ONLY and len(after.sessions) < LARGEST_CAPTURE:
            look = Look.FIRST
        materials = await self.materials(before, after, look=look)
        comparison = materials.judged()
        for following, sessions in _FURTHER_LOOKS:
            if len(after.sessions) >= sessions:
                continue
            # What is degraded at a second look is; only what is still suspected gets the last one.
            doubtful = {
                one.series.name
                for one in comparison.series
                if one.suspected or (one.verdict is Verdict.DEGRADED and look is Look.FIRST)
            }
            if top_up:
                doubtful |= {one.series.name for one in comparison.series if can_be_decided(one)}
            extended = await further(after, doubtful, sessions - len(after.sessions)) if doubtful else None
            if extended is None:
                break
            after, look = extended, following
            materials = await self.materials(before, after, look=look)
            comparison = materials.judged()
        if top_up and len(after.sessions) >= LARGEST_CAPTURE:
            comparison, materials = with_limits_told(comparison), replace(materials, ended=True)
        return comparison, materials

    async def look_due(self, after: Baseline) -> Look:
        """The look that the sessions of a capture were taken for: ONLY unless it has been extended."""
        if not any(one.extends == after.name for one in await self.store.summaries()):
            return Look.ONLY
        reached = [look for look, sessions in _FURTHER_LOOKS if len(after.sessions) >= sessions]
        return reached[-1] if reached else Look.FIRST

    def assess(self, comparison: Comparison, taken_at: datetime) -> Assessment:
        """The comparison with findings and advice."""
        profile = self.profile if self.tolerance_percent is None else f"{self.tolerance_percent:g} %"
        return assess(comparison, self.figures.matrix, self.figures.rollback, self.figures.routing, profile, taken_at)


async def live_capture(
    measurements: MeasurementStore,
    ledger: Ledger,
    series: SeriesRegistry,
    configuration: Configuration,
    now: datetime,
) -> Baseline | None:
    """The last hour of the service's own measurements as a capture, None where there is too little."""
    environment = configuration.settings.environment
    measured = await measurements.since([name for name, one in series.items() if one.is_duration], now - LIVE_WINDOW)
    conditions = CaptureConditions(
        spacing=Spacing.SPREAD,
        connection_mode=CONNECTION_MODE,
        host_load=host_load(),
        release=configuration.settings.release,
        configuration_hash=configuration.hash,
        rule_version=RULE_VERSION,
        prober_version=version("portalwatch"),
    )
    plans = plans_of(await ledger.state(environment, now, Section.PLANS))
    return live_baseline(measured, series, conditions, environment, plans)


async def compare_live(comparing: Comparing, before: Baseline, live: Baseline, now: datetime) -> Comparison:
    """A baseline against the last hour; a series with too few sessions is inconclusive."""
    return (await comparing.materials(before, live, until=now)).judged()
