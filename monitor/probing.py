"""The process that probes, and does nothing else: `python -m monitor.probing`, started by the supervisor."""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path

import structlog

from monitor.clock import SystemClock
from monitor.configuration import load_configuration
from monitor.errors import ConfigurationError, ExitCode
from monitor.event_loop import run
from monitor.link import LinkWriter
from monitor.logs import configure_logs
from monitor.scheduler import Beat, keep_beats
from monitor.settings import Settings
from probes import ProbeSet

# How long what was measured last may take on its way out.
_DRAIN_SECONDS = 5.0

log = structlog.get_logger(__name__)


async def probe(settings: Settings, end: socket.socket, restarts: int) -> None:
    """Run every probe on its beat and send what it measured, until SIGTERM."""
    clock = SystemClock()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    writer = LinkWriter(end, restarts=restarts)
    async with ProbeSet(settings.probes, settings.targets, clock) as probes:
        beats = [Beat(name, one.interval_seconds) for name, one in settings.probes.items()]
        sending = asyncio.create_task(writer.send())
        probing = asyncio.create_task(keep_beats(beats, probes.run, writer.hand, clock))
        stopping = asyncio.create_task(stop.wait())
        log.info("probing", probes=len(beats))
        done, pending = await asyncio.wait([sending, probing, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await writer.drain()
        for task in done:
            task.result()


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
        configure_logs()
        log.error("configuration refused", mistakes=str(error))
        raise SystemExit(ExitCode.USAGE) from error
    configure_logs(settings.log.format, settings.log.level, process="probing")
    with socket.socket(fileno=arguments.link_fd) as end:
        run(probe(settings, end, arguments.restarts))


if __name__ == "__main__":
    main()
