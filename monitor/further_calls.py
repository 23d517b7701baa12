"""Twenty calls spread over a minute, and the controls beside them: what a suspicion takes before anybody is told."""

from collections.abc import AsyncIterator, Mapping, Sequence

import structlog

from baselines import Clock
from baselines.capture import SPREAD_SAMPLE_SECONDS
from monitor.scheduler import Hand, Run
from probes.settings import ProbeSettings

CALLS = 20
# A suspicion that comes back at once has nothing new to say, and a target in trouble is not to be troubled further.
PAUSE_SECONDS = 15 * 60.0

log = structlog.get_logger(__name__)


async def make_further_calls(
    requests: AsyncIterator[str], probes: Mapping[str, ProbeSettings], run: Run, hand: Hand, clock: Clock
) -> None:
    """Serves the requests one after the other, each probe once in a quarter of an hour, until there are no more."""
    controls = [name for name, one in probes.items() if one.control]
    served: dict[str, float] = {}
    async for probe in requests:
        last = served.get(probe)
        if probe not in probes or (last is not None and clock.monotonic() - last < PAUSE_SECONDS):
            continue
        log.info("making further calls", probe=probe, calls=CALLS)
        await _burst([probe, *(one for one in controls if one != probe)], run, hand, clock)
        served[probe] = clock.monotonic()


async def _burst(probes: Sequence[str], run: Run, hand: Hand, clock: Clock) -> None:
    for _ in range(CALLS):
        started = clock.monotonic()
        for probe in probes:
            hand(await run(probe, clock.now()))
        await clock.sleep(started + SPREAD_SAMPLE_SECONDS - clock.monotonic())
