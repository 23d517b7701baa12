"""The service's part in a deployment: follows it, watches its limits, tells what is wrong, and sends what is due."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from alerts import AlertStoreError
from baselines import Clock
from monitor.deployment.actions import break_gate, close
from monitor.deployment.broken_limits import BrokenLimits
from monitor.deployment.deployment import Deployment, Outcome, Stage
from monitor.deployment.evaluated import LastEvaluated, evaluate
from monitor.deployment.event import SERVICE, NewEvent
from monitor.deployment.findings import FOLLOWING, SERIES, deployment_findings
from monitor.deployment.following import follow, follow_away, log_is_gone
from monitor.deployment.postgres import PostgresDeployments
from monitor.deployment.reading import Reading
from monitor.deployment.status_updates import StatusUpdates
from monitor.deployment.watching import Watching
from monitor.errors import ConfigurationError
from monitor.exporter import Exporter
from monitor.link import HoldBack
from monitor.pipeline import STORE_IS_AWAY
from monitor.settings import Settings
from monitor.watch import Watch
from probes.deployment.migration_log import LoggedOperation
from thresholds import Finding
from thresholds.deployment.standing_alerts import load_standing_alerts

# How often it looks; a phase that the portal's log tells of is known that much later.
EVERY_SECONDS = 10.0
# A pause runs out by itself where nobody renews it: a service that died must not keep the prober silent. A look may
# wait for a database that is busy and for channels that hang, and the pause must outlast that.
_PAUSE_SECONDS = 180.0

log = structlog.get_logger(__name__)


class Teller(Protocol):
    """Whoever takes findings: they go the way of all findings."""

    async def tell(self, judged: Sequence[Finding]) -> None:
        """Tell what follows from them."""
        ...


class Companion:
    """One look after the other while a deployment is open; without one, it only says that all is well."""

    def __init__(
        self,
        *,
        settings: Settings,
        deployments: PostgresDeployments,
        watching: Watching,
        pipeline: Teller,
        watch: Watch,
        status_updates: StatusUpdates,
        end_silences: Callable[[str], Awaitable[object]],
        hold_back: Callable[[HoldBack], None],
        evaluated: LastEvaluated,
        exporter: Exporter,
        clock: Clock,
    ) -> None:
        self._deployments = deployments
        self._watching = watching
        self._pipeline = pipeline
        self._watch = watch
        self._end_silences = end_silences
        self._hold_back = hold_back
        self._evaluated = evaluated
        self._exporter = exporter
        self._clock = clock
        self._always_checks = settings.checks.always
        self._standing = load_standing_alerts()
        self._reading = Reading(settings, self._standing.wanted())
        self._broken_limits = BrokenLimits(watch, self.series)
        self._status_updates = status_updates
        self._held = False
        self._last: Deployment | None = None

    @property
    def series(self) -> list[str]:
        """What its findings are called; their alerts end with it, not with a configuration that has no such series."""
        return [*SERIES, *self._standing.series()]

    async def is_quiet(self) -> bool:
        """Whether a phase runs that allows no users."""
        deployment = await self._open()
        return deployment is not None and deployment.quiet_phase is not None

    async def wants_checks(self) -> bool:
        """Whether the checks of the schedule are to run: while a deployment is under way or watched, or always where
        the settings say so, but never while a phase allows no users."""
        deployment = await self._open()
        if deployment is None:
            return self._always_checks
        return deployment.quiet_phase is None

    async def _open(self) -> Deployment | None:
        """As it is, or as it was known last while the store is away."""
        try:
            return await self._deployments.find_open()
        except STORE_IS_AWAY:
            return self._last

    async def look(self) -> None:
        """All that is to be looked at or done now. While the store is away, what was known last is looked after."""
        try:
            self._last = deployment = await self._deployments.find_open()
            if deployment is None:
                await self._rest()
                return
            self._pause(deployment)  # reading may take its time
            read = await self._reading.read(deployment)
            if read.facts is not None:
                self._evaluated.keep(deployment, evaluate(deployment, read.facts))
            self._last = deployment = await self._followed(deployment, read.logged)
            self._pause(deployment)
            deployment = await self._with_broken_limits(deployment)
            now = self._clock.now()
            trouble = read.trouble or log_is_gone(deployment, read.logged)
            found = deployment_findings(deployment, now, users=self._users(deployment, now), trouble=trouble)
            await self._pipeline.tell([*found, *self._standing.findings(read.facts or {}, now)])
            deployment = await self._status_updates.send_due(deployment)
            deployment = await self._watched(deployment)
            evaluated = self._evaluated.of(deployment)
            self._exporter.deployment(deployment, now, score=None if evaluated is None else evaluated.score.score)
        except (*STORE_IS_AWAY, AlertStoreError) as error:
            log.debug("the deployment waits for the store", reason=type(error).__name__)
            if self._last is not None:
                await self._looked_after(self._last)
        except ConfigurationError as error:
            log.debug("somebody ended the deployment meanwhile", reason=str(error))

    async def _looked_after(self, deployment: Deployment) -> None:
        """What can be done without a store: the pause goes on, and what is wrong is told; the log is not read."""
        self._pause(deployment)
        now = self._clock.now()
        found = deployment_findings(deployment, now, users=self._users(deployment, now))
        await self._pipeline.tell([one for one in found if one.series != FOLLOWING])

    async def _rest(self) -> None:
        """Nothing is deployed: whatever was wrong with a deployment is over. That is said again and again, since an
        alert takes more than one word to end, and one of before a restart is known to nobody here."""
        now = self._clock.now()
        self._resume()
        none = deployment_findings(None, now)
        await self._pipeline.tell([*none, *(replace(none[0], series=name) for name in self._standing.series())])
        self._exporter.deployment(None, now)

    async def _followed(self, deployment: Deployment, logged: Sequence[LoggedOperation] | None) -> Deployment:
        now = self._clock.now()

        def news(one: Deployment) -> list[NewEvent]:
            return follow_away(one) if logged is None else follow(one, logged, now)

        return await self._deployments.change(news, now) if news(deployment) else deployment

    def _pause(self, deployment: Deployment) -> None:
        """Probes keep away from a phase in which nobody may work."""
        quiet = deployment.quiet_phase
        if quiet is not None:
            self._hold_back(HoldBack(_PAUSE_SECONDS, f"{quiet.name} of {deployment.name} allows no users"))
            self._held = True
        else:
            self._resume()

    def _resume(self) -> None:
        if self._held:
            self._hold_back(HoldBack(0.0, "over"))
        self._held = False

    async def _with_broken_limits(self, deployment: Deployment) -> Deployment:
        """Limits hold while everybody waits at a gate."""
        broken = self._broken_limits.look()
        if not break_gate(deployment, broken, SERVICE):
            return deployment
        return await self._deployments.change(lambda one: break_gate(one, broken, SERVICE), self._clock.now())

    def _users(self, deployment: Deployment, now: datetime) -> float | None:
        """None while nobody knows; what was counted before the counting stopped says nothing of now."""
        name = deployment.plan.users
        latest = self._watch.latest.get(name)
        if latest is None or name not in self._watch.series or self._watch.is_silent(name, now):
            return None
        return latest.value

    async def _watched(self, deployment: Deployment) -> Deployment:
        """After going live: each hour, and at the end the closing."""
        hour = self._watching.hour_due(deployment)
        if hour is not None:
            event = await self._watching.look(deployment, hour)
            deployment = await self._deployments.change(
                lambda one: [event] if one.stage is Stage.WATCHING else [], self._clock.now()
            )
        until, now = deployment.watched_until, self._clock.now()
        if deployment.stage is Stage.WATCHING and until is not None and now >= until:
            # Silences first: whoever is killed in between does both again, while what is closed is never looked at.
            await self._end_silences(deployment.name)
            deployment = await self._deployments.change(lambda one: close(one, SERVICE, Outcome.SUCCEEDED, {}), now)
            log.info("the deployment is over", deployment=deployment.name)
        return deployment
