"""When each probe is meant to run: its own beat, shifted by a stable hash so that probes don't start together."""

import asyncio
import math
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from alerts.bell import Bell
from baselines import Clock, Measurement, Outcome

# A failed run is tried again this soon and this often before its beat goes on, so that an outage is sure within
# seconds and not after three intervals.
RETRY_SECONDS = 2.0
RETRIES = 3


@dataclass(frozen=True, slots=True)
class Beat:
    """The schedule of one probe, in seconds."""

    probe: str
    interval_seconds: float

    @property
    def offset_seconds(self) -> float:
        """Where in the interval this probe starts: the same after every restart, different from its neighbours'."""
        return zlib.crc32(self.probe.encode()) / 2**32 * self.interval_seconds

    def next_start(self, now: datetime) -> datetime:
        """The first intended start at or after `now`."""
        seconds = now.timestamp() - self.offset_seconds
        turns = -(-seconds // self.interval_seconds)
        return now + timedelta(seconds=turns * self.interval_seconds - seconds)


_NOBODY: Mapping[str, Sequence[str]] = MappingProxyType({})

Run = Callable[[str, datetime], Awaitable[Sequence[Measurement]]]
Hand = Callable[[Sequence[Measurement]], None]


async def keep_beat(beat: Beat, run: Run, hand: Hand, clock: Clock, nudge: Bell | None = None) -> None:
    """Run the probe on its beat until cancelled; runs never overlap, and one that comes late keeps its intended start.

    A nudge asks for a run before the beat, which goes on as if there had been none; one that comes while the probe has
    just run is left out.

    The beat is kept on the monotonic clock, and an intended start is told in the wall clock's time of that moment: a
    clock that is set neither stops a probe, nor makes it burst, nor looks like lateness. A skipped run is not tried
    again: it held back on purpose.
    """
    now = clock.now()
    origin = clock.monotonic() + (beat.next_start(now) - now).total_seconds()
    turn, retries, at = 0, 0, 0.0  # `at`: the intended start, in seconds after the first
    ran_at = -math.inf
    while True:
        if nudge is None:
            await clock.sleep(origin + at - clock.monotonic())
        else:
            nudged = await nudge.wait(origin + at - clock.monotonic())
            early = clock.monotonic() - origin
            if nudged and early < at:
                if early < ran_at + RETRY_SECONDS:
                    continue
                turn, at = turn - 1, early
        late_seconds = clock.monotonic() - (origin + at)
        measurements = await run(beat.probe, clock.now() - timedelta(seconds=late_seconds))
        hand(measurements)
        elapsed = ran_at = clock.monotonic() - origin
        next_turn = (turn + 1) * beat.interval_seconds
        retry_at = max(at + RETRY_SECONDS, elapsed)  # a run that waited long for nothing is tried again at once
        if _failed(measurements) and retries < RETRIES and retry_at < next_turn:
            retries, at = retries + 1, retry_at
            continue
        # After a suspended machine the starts that lie in the past are not made up for.
        missed = int(max(0.0, elapsed - next_turn) // beat.interval_seconds)
        turn, retries = turn + 1 + missed, 0
        at = turn * beat.interval_seconds


def _failed(measurements: Sequence[Measurement]) -> bool:
    return any(one.outcome not in (Outcome.OK, Outcome.SKIPPED) for one in measurements)


async def keep_beats(
    beats: Sequence[Beat], run: Run, hand: Hand, clock: Clock, confirming: Mapping[str, Sequence[str]] = _NOBODY
) -> None:
    """All probes on their beats, until cancelled.

    `confirming`: by the name of a probe, those that are asked at once when it fails, whether the whole target is away:
    then that is told, and not what is wrong behind it.
    """
    nudges = {name: Bell(clock) for names in confirming.values() for name in names}

    async def run_and_ask(probe: str, intended_at: datetime) -> Sequence[Measurement]:
        measurements = await run(probe, intended_at)
        if _failed(measurements):
            for name in confirming.get(probe, ()):
                nudges[name].ring()
        return measurements

    async with asyncio.TaskGroup() as group:
        for beat in beats:
            kept = keep_beat(beat, run_and_ask, hand, clock, nudges.get(beat.probe))
            group.create_task(kept, name=f"probe {beat.probe}")
