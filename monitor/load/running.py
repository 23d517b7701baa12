"""Carries a load plan out, stage by stage, and keeps what each call took."""

import asyncio
import random
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from baselines import Clock, Reason
from baselines.load import LoadCall, StageTimes
from monitor.errors import CannotRunError
from monitor.load.plan import LoadPlan, Stage
from monitor.load.user import VirtualUser
from monitor.probe_once import UNREACHED
from probes import ProbeFailed
from probes.stopwatch import LoopDelay


@dataclass(slots=True)
class LoadMeasured:
    """What there is of a run: a stage that was begun is among `stages`, with the seconds that it lasted."""

    started_at: datetime
    correlation: str
    stages: list[StageTimes] = field(default_factory=list)
    interrupted: bool = False


class LoadRunning:
    """One run. `correlation` is what all its correlation ids start with."""

    def __init__(self, plan: LoadPlan, clock: Clock, chance: random.Random) -> None:
        self._plan = plan
        self._clock = clock
        self._chance = chance
        self._loop_delay = LoopDelay(clock)
        self._measured = LoadMeasured(clock.now(), f"load-{secrets.token_hex(4)}")

    async def carry_out(self) -> LoadMeasured:
        """The whole run, or what there is of it when it is cancelled (Ctrl-C).

        Raises CannotRunError where the target can't be reached or nobody can log in, before there is any load.
        """
        await self._require_answer()
        for stage in self._plan.stages:
            await self._carry_out(stage)
            if self._measured.interrupted:
                break
        return self._measured

    async def _require_answer(self) -> None:
        try:
            await self._user(0, [], self._clock.monotonic()).try_out()
        except ProbeFailed as failure:
            if failure.reason in UNREACHED or failure.reason is Reason.LOGIN:
                name = self._plan.target_name
                raise CannotRunError(
                    f"target {name} ({self._plan.target.place}) can't be loaded: {failure}; see that it is up, "
                    f"and that targets.{name} says where it is and who we are"
                ) from failure

    async def _carry_out(self, stage: Stage) -> None:
        plan, began, calls = self._plan, self._clock.monotonic(), list[LoadCall]()
        users = [self._user(number, calls, began) for number in range(1, stage.users + 1)]
        try:
            async with asyncio.TaskGroup() as together:
                for number, user in enumerate(users):
                    together.create_task(user.live(plan.ramp * number / stage.users, stage.seconds))
        except asyncio.CancelledError:
            self._measured.interrupted = True
            if task := asyncio.current_task():
                task.uncancel()
        lasted = min(stage.seconds, max(self._clock.monotonic() - began, 1e-3))
        self._measured.stages.append(
            StageTimes.of(
                stage.name,
                stage.users,
                calls,
                plan.names_in(stage),
                ramp=min(plan.ramp, lasted / 4),
                seconds=lasted,
            )
        )

    def _user(self, number: int, calls: list[LoadCall], began: float) -> VirtualUser:
        return VirtualUser(
            self._plan,
            number,
            correlation=self._measured.correlation,
            began=began,
            clock=self._clock,
            loop_delay=self._loop_delay,
            chance=self._chance,
            record=calls.append,
        )
