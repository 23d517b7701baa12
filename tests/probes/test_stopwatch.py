"""The prober's own delay, as the system and the ticker see it."""

import asyncio
import time
from collections.abc import Callable

import pytest
import uvloop

from probes.stopwatch import LoopDelay, Stopwatch
from tests.probes.watched import SystemClock

CLOCK = SystemClock()
EACH_LOOP = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
Loop = Callable[[], asyncio.AbstractEventLoop]


def work(seconds: float) -> None:
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        pass


def delay(loop: Loop, before_stop: float, before_sleep: float = 0.0) -> float:
    """The delay of a stopwatch beside which the loop worked for so long, before its last sleep and after it."""

    async def main() -> float:
        stopwatch = Stopwatch(CLOCK, LoopDelay(CLOCK))
        work(before_sleep)
        stopwatch.start()
        await asyncio.sleep(0.002)
        work(before_stop)
        stopwatch.stop()
        return stopwatch.delay_seconds

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main())


@EACH_LOOP
def test_work_shorter_than_a_tick_is_seen_too(loop: Loop) -> None:
    """No timer was due meanwhile: it is the system that counts how long the loop was away."""
    assert max(delay(loop, 0.005) for _ in range(10)) >= 0.0049


@EACH_LOOP
def test_work_before_the_start_is_not_counted(loop: Loop) -> None:
    """The target was not being timed yet."""
    assert min(delay(loop, 0.0, before_sleep=0.05) for _ in range(5)) < 0.03


@EACH_LOOP
def test_a_chain_of_short_work_is_one_delay(loop: Loop) -> None:
    """Answers that came together are read one after the other; the last has waited for all before it.

    Of ten tries one is enough: a machine that takes the processor away and does not count it looks like sleep.
    """

    async def main() -> list[float]:
        loop_delay = LoopDelay(CLOCK)
        stopwatches = [Stopwatch(CLOCK, loop_delay) for _ in range(5)]
        for one in stopwatches:
            one.start()
        await asyncio.sleep(0.005)
        for one in stopwatches:
            work(0.003)
            one.stop()
        return [one.delay_seconds for one in stopwatches]

    def is_one_delay() -> bool:
        with asyncio.Runner(loop_factory=loop) as runner:
            delays = runner.run(main())
        return delays == sorted(delays) and all(found >= 0.0029 * number for number, found in enumerate(delays, 1))

    assert any(is_one_delay() for _ in range(10))


def test_a_moment_just_past_may_end_it() -> None:
    """What came after that moment is not in the time."""

    async def main() -> float:
        stopwatch = Stopwatch(CLOCK, LoopDelay(CLOCK))
        since = stopwatch.start()
        at = CLOCK.monotonic()
        work(0.01)
        stopwatch.stop(at)
        assert stopwatch.seconds == at - since
        return stopwatch.delay_seconds

    assert asyncio.run(main()) >= 0.0
