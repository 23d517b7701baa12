"""The service's part in a deployment: follows it, watches its limits, tells what is wrong, and sends what is due."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

import structlog

from alerts import AlertStoreError, ChannelError, announce, blanks
from alerts.channels import Channel
from baselines import Clock
from monitor.deployment.actions import break_gate, close
from monitor.deployment.deployment import Deployment, Outcome, Stage
from monitor.deployment.evaluated import LastEvaluated, evaluate, wanted_for
from monitor.deployment.event import NewEvent
from monitor.deployment.findings import FOLLOWING, SERIES, deployment_findings, status_due_at
from monitor.deployment.following import follow, follow_away, told_by_log
from monitor.deployment.limits import LOOKS
from monitor.deployment.messages import sent_event, status_update
from monitor.deployment.plan_file import database_of
from monitor.deployment.postgres import PostgresDeployments
from monitor.deployment.watching import Watching
from monitor.errors import CannotRunError, ConfigurationError
from monitor.exporter import Exporter
from monitor.link import HoldBack
from monitor.pipeline import STORE_IS_AWAY
from monitor.settings import Settings
from monitor.watch import Watch
from probes import PostgresTarget, ProbeFailed
from probes.database.connection import Connection, connect, hang_up
from probes.database.failures import DRIVER_ERRORS, failure_of
from probes.deployment.facts import read_facts
from probes.deployment.migration_log import LoggedOperation, read_log
from thresholds import Finding, Level, Rule
from thresholds.deployment.conditions import limit_broken
from thresholds.deployment.fact import Fact, Wanted
from thresholds.deployment.standing_alerts import load_standing_alerts

# Who is told to have done what the service does by itself.
BY = "portalwatch"
# How often it looks; a phase that the portal's log tells of is known that much later.
EVERY_SECONDS = 10.0
# A pause runs out by itself where nobody renews it: a service that died must not keep the prober silent. A look may
# wait for a database that is busy and for channels that hang, and the pause must outlast that.
_PAUSE_SECONDS = 180.0
# What reached nobody is tried again after this long.
_AGAIN = timedelta(minutes=1)
# The portal's books are read at every look, what else stands in the database once a minute.
_LOOKS_A_READING = 6

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
        channels: Mapping[str, Channel],
        end_silences: Callable[[str], Awaitable[object]],
        hold_back: Callable[[HoldBack], None],
        evaluated: LastEvaluated,
        exporter: Exporter,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._deployments = deployments
        self._watching = watching
        self._pipeline = pipeline
        self._watch = watch
        self._channels = channels
        self._end_silences = end_silences
        self._hold_back = hold_back
        self._evaluated = evaluated
        self._exporter = exporter
        self._clock = clock
        self._standing = load_standing_alerts()
        self._held = False
        self._looks = 0
        self._last: Deployment | None = None
        self._critical: dict[str, tuple[int, datetime | None]] = {}
        self._tell_again_at: datetime | None = None

    @property
    def series(self) -> list[str]:
        """What its findings are called; their alerts end with it, not with a configuration that has no such series."""
        return [*SERIES, *self._standing.series()]

    async def is_open(self) -> bool:
        """Whether a deployment is under way or watched; False while the store is away."""
        try:
            return await self._deployments.find_open() is not None
        except STORE_IS_AWAY:
            return False

    async def look(self) -> None:
        """All that is to be looked at or done now. While the store is away, what was known last is looked after."""
        try:
            self._last = deployment = await self._deployments.find_open()
            if deployment is None:
                await self._rest()
                return
            self._pause(deployment)  # reading may take its time
            read = await self._read(deployment)
            self._last = deployment = await self._followed(deployment, read.logged)
            self._pause(deployment)
            deployment = await self._with_broken_limits(deployment)
            now = self._clock.now()
            trouble = read.trouble or _log_is_gone(deployment, read.logged)
            found = deployment_findings(deployment, now, users=self._users(deployment, now), trouble=trouble)
            await self._pipeline.tell([*found, *self._standing.findings(read.facts, now)])
            deployment = await self._told(deployment)
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

    async def _read(self, deployment: Deployment) -> "_Read":
        """What the portal's books say, and what stands in its database."""
        self._looks += 1
        follows, wants_facts = deployment.plan.follow, self._looks % _LOOKS_A_READING == 1
        read = _Read()
        if not (follows or wants_facts):
            return read
        try:
            database = database_of(deployment.plan, self._settings)
            if database is None:
                return read
            async with AsyncExitStack() as stack:
                connection = await _connected(stack, database[1])
                if follows:
                    read = _Read(logged=await read_log(connection, deployment.opened_at))
                    follows = False
                if wants_facts:
                    read = replace(read, facts=await self._facts(connection, deployment))
        except (ProbeFailed, ConfigurationError) as failure:
            return replace(read, trouble=str(failure) if follows else "")
        return read

    async def _facts(self, connection: Connection, deployment: Deployment) -> Mapping[str, Fact]:
        """Raises ProbeFailed where the connection is lost."""
        wanted = Wanted.union([self._standing.wanted(), wanted_for(deployment)])
        found = await read_facts(
            connection,
            tables=wanted.tables,
            functions=wanted.functions,
            triggers=wanted.triggers,
            questions=wanted.questions,
            since=deployment.opened_at,
        )
        facts = {name: Fact(value, trouble) for name, value, trouble in found.entries()}
        self._evaluated.keep(deployment, evaluate(deployment, facts))
        return facts

    async def _followed(self, deployment: Deployment, logged: Sequence[LoggedOperation] | None) -> Deployment:
        now = self._clock.now()

        def news(one: Deployment) -> list[NewEvent]:
            return follow_away(one) if logged is None else follow(one, logged, now)

        return await self._deployments.change(news, now) if news(deployment) else deployment

    def _pause(self, deployment: Deployment) -> None:
        """Probes keep away from a phase in which nobody may work, also where the log tells of one beside another."""
        quiet = [one.name for one in deployment.phases.values() if one.is_running and one.plan.pauses_probes]
        if quiet:
            self._hold_back(HoldBack(_PAUSE_SECONDS, f"{quiet[0]} of {deployment.name} allows no users"))
            self._held = True
        else:
            self._resume()

    def _resume(self) -> None:
        if self._held:
            self._hold_back(HoldBack(0.0, "over"))
        self._held = False

    async def _with_broken_limits(self, deployment: Deployment) -> Deployment:
        """Limits hold while everybody waits at a gate."""
        broken = self._broken_limits()
        if not break_gate(deployment, broken, BY):
            return deployment
        return await self._deployments.change(lambda one: break_gate(one, broken, BY), self._clock.now())

    def _broken_limits(self) -> list[str]:
        """What was critical each time it was looked at, often enough to be sure: a single value accuses nobody."""
        own = set(self.series)
        critical = {
            name: one
            for name, one in self._watch.findings.items()
            if one.level is Level.CRITICAL
            and one.rule is not Rule.BASELINE
            and not one.dry_run
            and one.series not in own
        }
        earlier, self._critical = self._critical, {}
        for name, one in critical.items():
            times, since = earlier.get(name, (0, None))
            self._critical[name] = (times + (one.since != since), one.since)
        return sorted({limit_broken(one) for name, one in critical.items() if self._critical[name][0] >= LOOKS})

    def _users(self, deployment: Deployment, now: datetime) -> float | None:
        """None while nobody knows; what was counted before the counting stopped says nothing of now."""
        name = deployment.plan.users
        latest = self._watch.latest.get(name)
        if latest is None or name not in self._watch.series or self._watch.is_silent(name, now):
            return None
        return latest.value

    async def _told(self, deployment: Deployment) -> Deployment:
        """The status update, where it is due and nothing in it is for a person to say."""
        now, due = self._clock.now(), status_due_at(deployment)
        if due is None or now < max(due, self._tell_again_at or due):
            return deployment
        update = status_update(deployment, now)
        if blanks(update):
            return deployment
        slot = int((now - deployment.opened_at).total_seconds() // deployment.plan.status_update_seconds)
        try:
            async with self._deployments.alone("telling"):
                again = await self._deployments.find_open()
                if again is None or status_due_at(again) != due:
                    return again or deployment  # another instance was faster
                told = await announce(
                    update,
                    self._channels,
                    deployment.plan.contacts.status,
                    clock=self._clock,
                    observer=self._exporter,
                    random=Random(),
                )
                if any(one.channel is not None for one in told.values()):
                    event = sent_event("status", told, BY, slot)
                    return await self._deployments.change(lambda _: [event], self._clock.now())
                log.error("the status update reached nobody", channels=sorted(told))
        except CannotRunError:
            return deployment  # another instance is at it
        except ChannelError as error:
            log.error("the status update could not be sent", reason=str(error))
        self._tell_again_at = self._clock.now() + _AGAIN
        return deployment

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
            deployment = await self._deployments.change(lambda one: close(one, BY, Outcome.SUCCEEDED, {}), now)
            log.info("the deployment is over", deployment=deployment.name)
        return deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What one look read: rows of the portal's log, None where there is no log, and facts where they were due.
    `trouble`: why the log could not be read."""

    logged: Sequence[LoggedOperation] | None = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    trouble: str = ""


def _log_is_gone(deployment: Deployment, logged: Sequence[LoggedOperation] | None) -> str:
    """Why nothing is followed any more where a log told of phases and is not there; empty else."""
    told = told_by_log(deployment)
    if logged is not None or not told or deployment.stage is not Stage.UNDER_WAY:
        return ""
    names = ", ".join(one.name for one in told)
    return f"it is gone, and told of {names}; `portalwatch deploy phase NAME --as rolled_back` says what was taken back"


async def _connected(stack: AsyncExitStack, target: PostgresTarget) -> Connection:
    """A connection as the probes have it, closed with the stack. Raises ProbeFailed."""
    try:
        connection = await connect(target)
    except DRIVER_ERRORS as error:
        raise failure_of(error, connection_lost=False) from error
    stack.push_async_callback(hang_up, connection)
    return connection
