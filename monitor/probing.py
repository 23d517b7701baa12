"""The process that probes, and does nothing else: `python -m monitor.probing`, started by the supervisor."""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import structlog

from baselines import Clock, Inspected, Measurement
from monitor.clock import SystemClock
from monitor.configuration import load_configuration
from monitor.dependencies import confirming_probes
from monitor.errors import ConfigurationError, ExitCode
from monitor.event_loop import run, settle
from monitor.further_calls import make_further_calls
from monitor.link import HoldBack, LinkWriter, MoreCalls, Request, TakeSnapshot, read_requests
from monitor.logs import configure_logs
from monitor.scheduler import Beat, keep_beats
from monitor.settings import Settings
from monitor.snapshots import Witness
from monitor.wire import Note
from monitor.workload import SERVICE_BIN_SECONDS, tell_bins
from probes import ProbeSet
from probes.ledger import LedgerReader
from probes.workload.deltas import WorkloadReader
from thresholds import load_routing

# How long what was measured last may take on its way out.
_DRAIN_SECONDS = 5.0
_LEDGER_SECONDS = 60.0
_INSPECTION_SECONDS = 300.0

Tell = Callable[[Note], None]

log = structlog.get_logger(__name__)


async def probe(settings: Settings, end: socket.socket, restarts: int) -> None:
    """Run every probe on its beat and send what it measured, until SIGTERM."""
    clock = SystemClock()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    writer = LinkWriter(end, restarts=restarts)
    async with ProbeSet(settings.probes, settings.targets, clock) as probes:
        witness = Witness(settings.probes, settings.targets, probes.links, writer.note, clock)
        further: asyncio.Queue[str] = asyncio.Queue()

        def hand(measurements: Sequence[Measurement]) -> None:
            writer.hand(measurements)
            witness.saw(measurements)

        beats = [Beat(name, one.interval_seconds) for name, one in settings.probes.items()]
        sending = asyncio.create_task(writer.send())
        confirming = confirming_probes(settings, load_routing().overridden(settings.alerts))
        probing = asyncio.create_task(keep_beats(beats, probes.run, hand, clock, confirming))
        looking = asyncio.create_task(
            look_inside(probes, LedgerReader(settings.targets, probes.links, clock), writer.note, clock)
        )
        workload = WorkloadReader(settings.targets, probes.links, clock)
        counting = asyncio.create_task(
            _now_and_then(SERVICE_BIN_SECONDS, 0.0, partial(tell_bins, workload, writer.note, clock), clock)
        )
        witnessing = asyncio.create_task(witness.keep_watch())
        calling = asyncio.create_task(make_further_calls(_all_of(further), settings.probes, probes.run, hand, clock))
        asked = asyncio.create_task(hear(read_requests(end), probes, witness, further))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.sleep(0)
        settle()
        for name, one in settings.probes.items():
            if (obstacle := one.obstacle()) is not None:
                log.error("a probe can't run here", probe=name, reason=obstacle)
        log.info("probing", probes=len(beats))
        done, pending = await asyncio.wait(
            [sending, probing, looking, counting, witnessing, calling, asked, stopping],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await writer.drain()
        for task in done:
            task.result()


async def hear(
    requests: AsyncIterator[Request], probes: ProbeSet, witness: Witness, further: asyncio.Queue[str]
) -> None:
    """Pass on what is asked of the prober as it comes: snapshots are taken at once, further calls take a minute."""
    async for request in requests:
        match request:
            case MoreCalls(probe):
                further.put_nowait(probe)
            case TakeSnapshot(series, reason):
                witness.want(series, reason)
            case HoldBack(seconds, reason):
                probes.hold_back(seconds, reason)


async def _all_of(queue: asyncio.Queue[str]) -> AsyncIterator[str]:
    while True:
        yield await queue.get()


async def look_inside(probes: ProbeSet, reader: LedgerReader, tell: Tell, clock: Clock) -> None:
    """Read the change ledger each minute and inspect each probe that can be every five, staggered, until cancelled."""

    async def read() -> None:
        for entry in await reader.read(clock.now()):
            tell(entry)

    async def inspect(name: str) -> None:
        at = clock.now()
        inspection = await probes.inspect(name)
        if inspection is not None:
            for series in probes.series_of(name):
                if series.is_duration:
                    tell(Inspected(series=series.name, at=at, inspection=inspection))

    async with asyncio.TaskGroup() as group:
        group.create_task(_now_and_then(_LEDGER_SECONDS, 0.0, read, clock))
        for name in probes.inspectable:
            offset = Beat(name, _INSPECTION_SECONDS).offset_seconds
            group.create_task(_now_and_then(_INSPECTION_SECONDS, offset, partial(inspect, name), clock))


async def _now_and_then(seconds: float, offset: float, look: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """What explains must not end what measures: a look that fails is logged, and the next one comes."""
    await clock.sleep(offset)
    while True:
        try:
            await look()
        except Exception:
            log.exception("a look inside failed")
        await clock.sleep(seconds)


def main() -> None:
    """Entry of the process; ends with an exit code of the house."""
    parser = argparse.ArgumentParser(prog="monitor.probing")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--link-fd", type=int, required=True)
    parser.add_argument("--restarts", type=int, default=0)
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        settings = load_configuration(arguments.config, os.environ).settings
    except ConfigurationError as error:
        configure_logs(sys.stderr)
        log.error("configuration refused", mistakes=str(error))
        raise SystemExit(ExitCode.USAGE) from error
    configure_logs(sys.stdout, settings.log.format, settings.log.level, process="probing")
    with socket.socket(fileno=arguments.link_fd) as end:
        run(probe(settings, end, arguments.restarts))


if __name__ == "__main__":
    main()
