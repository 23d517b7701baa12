"""How long the target took, and how long the prober's own event loop kept the answer waiting meanwhile."""

import asyncio
from types import TracebackType
from typing import Self

from baselines.clock import Clock

# A stall shorter than this between two ticks may be seen in part only. Measured on asyncio and uvloop: a tick costs
# about 40 µs and comes 0.1 ms late on an idle loop, well under the 1 ms from which on a sample is disturbed.
TICK_SECONDS = 0.002


class LoopDelay:
    """A ticker that runs only while a stopwatch does, and tells each how late its ticks come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: set[Stopwatch] = set()
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def join(self, stopwatch: "Stopwatch") -> None:
        """Tell that stopwatch of every late tick from now on."""
        self._running.add(stopwatch)
        if self._timer is None:
            self._schedule()

    def leave(self, stopwatch: "Stopwatch", now: float) -> None:
        """Tell it a last time: the loop hands out what came over the wire before it gets to a tick that is due."""
        stopwatch.note_delay(self._due, now)
        self._running.discard(stopwatch)
        if not self._running and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        self._due = self._clock.monotonic() + TICK_SECONDS
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        now = self._clock.monotonic()
        for stopwatch in self._running:
            stopwatch.note_delay(self._due, now)
        self._schedule()


class Stopwatch:
    """Runs from `start` to `stop`, again and again if need be: `seconds` adds up, `delay_seconds` is the longest delay.

    The prober's work before and after is in neither. As a context manager it times its block, also where it fails.
    """

    def __init__(self, clock: Clock, loop_delay: LoopDelay) -> None:
        self._clock = clock
        self._loop_delay = loop_delay
        self._since: float | None = None
        self.seconds = 0.0
        self.delay_seconds = 0.0

    def start(self) -> None:
        """Go on; nothing happens where it runs already."""
        if self._since is None:
            self._loop_delay.join(self)
            self._since = self._clock.monotonic()

    def stop(self) -> None:
        """Pause; nothing happens where it does not run."""
        if self._since is not None:
            now = self._clock.monotonic()
            self.seconds += now - self._since
            self._loop_delay.leave(self, now)
            self._since = None

    def reset(self) -> None:
        """Forget what was timed: it was not what the probe is about."""
        self.stop()
        self.seconds = self.delay_seconds = 0.0

    def note_delay(self, due: float, now: float) -> None:
        """A tick that was due then came only now; what was late before the start does not count."""
        if self._since is not None:
            self.delay_seconds = max(self.delay_seconds, now - max(due, self._since))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
