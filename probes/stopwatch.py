"""How long the target took, and how long the prober's own event loop kept the answer waiting meanwhile."""

import asyncio
import os
import time
import weakref
from types import TracebackType
from typing import Self

from baselines.clock import Clock

# A call that blocks for less than this between two ticks may be seen in part only. Measured on uvloop: a tick wakes the
# process up for about 80 µs, and one every 2 ms was a quarter of all that a probe of 5 ms cost.
TICK_SECONDS = 0.01
# A loop that was away for longer than it worked, by so much, has slept until something came.
ASLEEP_SECONDS = 0.00005


class LoopDelay:
    """How long the loop has been away from what comes in, seen in two ways.

    The system counts how long the loop's thread has worked, and on Linux how long it has waited for a processor. What
    came in meanwhile was kept waiting for at most the stretch since the loop last slept. That costs no wake-up, but
    does not see a call that blocks; a ticker does, which runs only while a stopwatch does.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: set[Stopwatch] = set()
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._thread: _Thread | None = None
        self._looked_at = 0.0
        self._worked = 0.0
        self._stretch = 0.0

    def join(self, stopwatch: "Stopwatch") -> None:
        """Tell that stopwatch of every delay from now on."""
        self._running.add(stopwatch)
        self._look(self._clock.monotonic())
        if self._timer is None:
            self._schedule()

    def leave(self, stopwatch: "Stopwatch", now: float) -> None:
        """Tell it a last time: the loop hands out what came over the wire before it gets to a tick that is due."""
        self._look(now)
        stopwatch.note_delay(min(self._due, now - self._stretch), now)
        self._running.discard(stopwatch)
        if not self._running and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, now: float) -> None:
        """Bring `_stretch` up to that moment: seconds without sleep before it, at most."""
        if self._thread is None:
            self._thread = _Thread()  # here and not before: in the loop's own thread
        worked = self._thread.seconds()
        since, work = now - self._looked_at, worked - self._worked
        self._stretch = work if since - work > ASLEEP_SECONDS else self._stretch + since
        self._looked_at, self._worked = now, worked

    def _schedule(self) -> None:
        self._due = self._clock.monotonic() + TICK_SECONDS
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        now = self._clock.monotonic()
        for stopwatch in self._running:
            stopwatch.note_delay(self._due, now)
        self._schedule()


class _Thread:
    """What the system knows of the thread it is made in."""

    def __init__(self) -> None:
        self._file: int | None = None
        try:
            self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        except OSError:  # not Linux, or a kernel that does not count it
            return
        weakref.finalize(self, os.close, self._file)

    def seconds(self) -> float:
        """How long it has worked or waited for a processor."""
        if self._file is None:
            return time.thread_time()
        return time.thread_time() + int(os.pread(self._file, 100, 0).split()[1]) / 1e9


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

    def start(self) -> float:
        """Go on, and say since when in monotonic seconds; nothing changes where it runs already."""
        if self._since is None:
            self._loop_delay.join(self)
            self._since = self._clock.monotonic()
        return self._since

    def stop(self, at: float | None = None) -> None:
        """Pause, as of a moment just past or of now; nothing happens where it does not run."""
        if self._since is not None:
            now = self._clock.monotonic() if at is None else at
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
