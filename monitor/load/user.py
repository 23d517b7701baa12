"""One virtual user: a log-in and connections of its own, pages with pauses in between, and heartbeats beside them."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from baselines import Clock
from baselines.load import LoadCall
from baselines.measurement import Outcome, Reason
from monitor.load.plan import LOG_IN, LoadPlan
from probes import ProbeFailed, ProbeRun
from probes.errors import outcome_of
from probes.stopwatch import LoopDelay, Stopwatch
from probes.web.link import HttpLink
from probes.web.steps import Step, Walk

# Of one answer; pages of a portal are far smaller.
MAX_BODY = 16 * 1024 * 1024
MAX_REDIRECTS = 5


class VirtualUser:
    """A closed loop: the next page is asked for a pause after the last one was there, however long that took.

    `began` is the beginning of its stage in monotonic seconds. `correlation` starts every correlation id of its.
    `record` takes each call as it ends. Making one opens nothing.
    """

    def __init__(
        self,
        plan: LoadPlan,
        number: int,
        *,
        correlation: str,
        began: float,
        clock: Clock,
        loop_delay: LoopDelay,
        chance: random.Random,
        record: Callable[[LoadCall], None],
    ) -> None:
        self._plan = plan
        self._number = number
        self._correlation = correlation
        self._began = began
        self._clock = clock
        self._loop_delay = loop_delay
        self._chance = chance
        self._record = record
        self._runs = 0
        self._link = HttpLink(plan.target, clock)

    async def live(self, start: float, until: float) -> None:
        """Log in at `start` and go on until `until`, both in seconds from the beginning of the stage.

        A call that is on its way then is waited for. On cancellation what is on its way is recorded as cut off.
        """
        try:
            await self._sleep_until(start)
            if not await self._log_in(start, until):
                return
            async with asyncio.TaskGroup() as both:
                both.create_task(self._open_pages(until))
                both.create_task(self._beat(self._now(), until))
        finally:
            await self._link.close()

    async def try_out(self) -> None:
        """The log-in and the first step, unrecorded. Raises ProbeFailed."""
        run = self._new_run()
        try:
            async with asyncio.timeout(self._plan.timeout):
                await self._link.own_headers(run)
                await self._walk(run).take(self._plan.steps[0])
        except TimeoutError:
            raise ProbeFailed(Reason.DEADLINE, f"no answer within {self._plan.timeout:g} s") from None
        finally:
            run.stopwatch.stop()
            await self._link.close()

    async def _log_in(self, due: float, until: float) -> bool:
        """Until it succeeds or time is over; at once where the target has no log-in."""
        if self._plan.target.login is None:
            return True
        while due < until:
            run = self._new_run()

            async def act(run: ProbeRun = run) -> float:
                await self._link.own_headers(run)
                return run.phases["login"]

            if await self._made(LOG_IN, due, run, act):
                return True
            due = await self._think()
        return False

    async def _open_pages(self, until: float) -> None:
        """Each round is a visit with cookies of its own. After a step that others build on has failed it is over."""
        due = self._now()
        while due < until:
            run = self._new_run()
            walk = self._walk(run)
            for step in self._plan.steps:
                if due >= until:
                    return
                well = await self._take(step, due, run, walk)
                due = await self._think()
                if not well and step.save:
                    break
            if not self._plan.repeat:
                return

    async def _beat(self, since: float, until: float) -> None:
        """By schedule, whatever the pages do: one that comes late is late, and none is left out."""
        heartbeat = self._plan.heartbeat
        if heartbeat is None:
            return
        step = Step(name=self._plan.heartbeat_name, path=heartbeat.path)
        due = since + heartbeat.every
        while due < until:
            await self._sleep_until(due)
            run = self._new_run()
            await self._take(step, due, run, self._walk(run))
            due += heartbeat.every

    async def _take(self, step: Step, due: float, run: ProbeRun, walk: Walk) -> bool:
        """One step; a log-in that it had to renew is a call of its own."""
        run.phases.pop("login", None)
        well = await self._made(step.name, due, run, lambda: walk.take(step))
        if "login" in run.phases:
            now, renewals = self._now(), run.phases["login"]
            self._record(
                LoadCall(
                    step=LOG_IN,
                    user=self._number,
                    intended=now - renewals,
                    started=now - renewals,
                    ended=now,
                    outcome=Outcome.OK,
                    seconds=renewals,
                )
            )
        return well

    async def _made(self, step: str, due: float, run: ProbeRun, act: Callable[[], Awaitable[float]]) -> bool:
        """Make and record one call; whether its answer was right."""
        started, outcome, detail = self._now(), Outcome.OK, ""
        seconds: float | None = None
        cut_off = False
        run.stopwatch.delay_seconds = 0.0
        try:
            async with asyncio.timeout(self._plan.timeout):
                seconds = await act()
        except ProbeFailed as failure:
            outcome, detail = outcome_of(failure.reason), str(failure)
        except TimeoutError:
            outcome, detail = Outcome.TIMEOUT, f"no answer within {self._plan.timeout:g} s"
        except asyncio.CancelledError:
            outcome, cut_off = Outcome.TIMEOUT, True
            raise
        finally:
            run.stopwatch.stop()
            ended = self._now()
            self._record(
                LoadCall(
                    step=step,
                    user=self._number,
                    intended=due,
                    started=started,
                    ended=ended,
                    outcome=outcome,
                    seconds=ended - started if outcome is Outcome.TIMEOUT else seconds,
                    own_seconds=run.stopwatch.delay_seconds,
                    detail=detail,
                    cut_off=cut_off,
                )
            )
        return outcome is Outcome.OK

    async def _think(self) -> float:
        """Pause, and say when the pause was to end: a later start is this machine's, not the user's."""
        mean, spread = self._plan.think, self._plan.spread
        due = self._now() + self._chance.uniform(mean * (1 - spread), mean * (1 + spread))
        await self._sleep_until(due)
        return due

    async def _sleep_until(self, due: float) -> None:
        await self._clock.sleep(due - self._now())

    def _now(self) -> float:
        return self._clock.monotonic() - self._began

    def _new_run(self) -> ProbeRun:
        self._runs += 1
        correlation_id = f"{self._correlation}-{self._number}-{self._runs}"
        return ProbeRun(self._runs, correlation_id, self._clock, Stopwatch(self._clock, self._loop_delay))

    def _walk(self, run: ProbeRun) -> Walk:
        return Walk(self._link, run, max_body=MAX_BODY, max_redirects=MAX_REDIRECTS)
