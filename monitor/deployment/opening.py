"""Opens a deployment: the baseline it is held against is there or captured, and what must not get lost is counted."""

from collections.abc import Callable
from dataclasses import asdict

import asyncpg

from baselines import Clock
from baselines.capture import CapturePlan
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_workload import PostgresWorkload
from monitor.capturing import Capturing, Progress
from monitor.configuration import Configuration
from monitor.deployment.deployment import Deployment
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.plan_file import database_of
from monitor.deployment.postgres import PostgresDeployments
from monitor.deployment.surroundings import Surroundings
from monitor.errors import ConfigurationError
from monitor.obstacles import look_for_obstacles
from probes import ProbeSet
from thresholds.deployment.gate_figures import load_gate_figures
from thresholds.deployment.plan import DeploymentPlan


class Opening:
    """Under one configuration. `say` is told what a person who waits wants to know."""

    def __init__(
        self,
        configuration: Configuration,
        pool: asyncpg.Pool,
        clock: Clock,
        progress: Progress,
        say: Callable[[str], None],
    ) -> None:
        self._configuration = configuration
        self._pool = pool
        self._clock = clock
        self._progress = progress
        self._say = say

    async def require_free(self, deployments: PostgresDeployments, name: str) -> None:
        """Before minutes are spent on a capture. Raises ConfigurationError where another deployment is open."""
        last = await deployments.find()
        if last is not None and last.outcome is None:
            raise ConfigurationError(f"the deployment {last.name} is open; finish it with `portalwatch deploy finish`")
        if await deployments.find(name) is not None:
            raise ConfigurationError(f"there was a deployment {name} already; choose another name")

    async def capture(self, name: str, plan: DeploymentPlan) -> str:
        """Captures the baseline under that name, and returns it.

        Raises ConfigurationError where the name is taken, CannotRunError where a target can't be measured.
        """
        store = PostgresBaselines(self._pool)
        if any(one.name == name for one in await store.summaries()):
            raise ConfigurationError(f"there is a baseline {name} already; give it with --before, or another name")
        settings, given = self._configuration.settings, plan.capture
        async with ProbeSet(settings.probes, settings.targets, self._clock) as probes:
            obstacles = await look_for_obstacles(settings.targets, probes.links, self._clock)
            for sentence in (*obstacles.unknown, *obstacles.found):
                self._say(sentence)
            ledger, workload = PostgresLedger(self._pool), PostgresWorkload(self._pool)
            capturing = Capturing(self._configuration, probes, ledger, self._clock, self._progress, workload)
            campaign = await capturing.prepare(
                CapturePlan(sessions=given.sessions, samples=given.samples, spacing=given.spacing)
            )
            self._say(f"capturing {name}: about {max(1, round(campaign.seconds / 60))} min")
            captured = await capturing.carry_out(campaign, name)
        await store.save(captured)
        return name

    async def open(
        self, deployments: PostgresDeployments, name: str, plan: DeploymentPlan, before: str, by: str
    ) -> Deployment:
        """The deployment, with the answers of the integrity plan from before.

        Raises ConfigurationError where another one is open, CannotRunError where the database can't be asked.
        """
        database = database_of(plan, self._configuration.settings)
        surroundings = Surroundings(database, load_gate_figures(), self._clock)
        answers = await surroundings.answers(plan, frozenset())
        opening = NewEvent(
            kind=EventKind.OPENED,
            by=by,
            detail={
                "plan": plan.model_dump(mode="json"),
                "before": before,
                "integrity": {check: asdict(figure) for check, figure in answers.items()},
            },
        )
        return await deployments.open(name, opening, self._clock.now())
