"""`portalwatch serve`: starts the store, the process that probes and the one that serves; stops them in order.

Nothing else happens here: whatever could disturb or crash lives in the children, which are started again when they
die, and none of which outlives this process however it ends.
"""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from monitor.alerting import configured_channels
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.database import migrate
from monitor.errors import CannotRunError, ExitCode
from monitor.exporter import Exporter
from monitor.lifetime import LifetimeError, die_with_parent
from monitor.store import STORE_VARIABLE, store_dsn
from monitor.tiers import check_alert_settings
from probes import series_of

# A child that keeps dying is started again ever more slowly, up to this.
_SHORTEST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_LONG_LIFE_SECONDS = 60.0
# Long enough for the prober to end its runs, and for the service to hand over what it holds.
_STOP_SECONDS = 40.0
# After a kill −9 the former children take a moment to go and give the port back.
_BIND_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Child:
    """One supervised process: how to start it, and how often that was done again."""

    name: str
    command: Callable[[int], Sequence[str]]
    descriptors: tuple[int, ...]
    environment: dict[str, str]
    restarts: int = 0
    process: asyncio.subprocess.Process | None = None

    async def keep_alive(self, stop: asyncio.Event) -> ExitCode:
        """Start it, and again whenever it dies, until `stop`; ends early where its configuration is wrong."""
        pause = _SHORTEST_PAUSE_SECONDS
        while True:
            started = time.monotonic()
            self.process = await asyncio.create_subprocess_exec(
                *self.command(self.restarts),
                pass_fds=self.descriptors,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C is ours to pass on, in order
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
            code = await self.process.wait()
            if stop.is_set():
                return ExitCode.WELL
            if code == ExitCode.USAGE and not self.restarts:  # later, somebody may be editing the file
                stop.set()
                return ExitCode.USAGE
            if time.monotonic() - started > _LONG_LIFE_SECONDS:
                pause = _SHORTEST_PAUSE_SECONDS
            log.error("process died, starting it again", child=self.name, code=code, pause_seconds=pause)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await stop.wait()
                return ExitCode.WELL
            self.restarts += 1
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def terminate(self) -> None:
        """Ask it to end, and end it where it does not within `_STOP_SECONDS`."""
        if self.process is None or self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self.process.wait()
        except TimeoutError:
            log.error("process did not stop, killing it", child=self.name)
            self.process.kill()
            await self.process.wait()


def serve(configuration: Configuration) -> ExitCode:
    """Run the service until SIGTERM or SIGINT.

    Raises ConfigurationError for what `config check` would say, CannotRunError where the store can't be reached, the
    port is taken, or the embedded server can't start.
    """
    settings = configuration.settings
    _check(configuration)
    with store_dsn(settings.store) as dsn, _listen(settings.http.host, settings.http.port) as listener:
        asyncio.run(migrate(dsn))
        serving_end, probing_end = socket.socketpair()
        with serving_end, probing_end:
            children = [
                _Child(
                    "probing",
                    lambda restarts: _command("probing", configuration.path, probing_end.fileno(), restarts),
                    (probing_end.fileno(),),
                    {},
                ),
                _Child(
                    "service",
                    lambda restarts: [
                        *_command("service", configuration.path, serving_end.fileno(), restarts),
                        f"--listen-fd={listener.fileno()}",
                    ],
                    (serving_end.fileno(), listener.fileno()),
                    {STORE_VARIABLE: dsn},
                ),
            ]
            address, port = listener.getsockname()[:2]
            log.info(
                "serving", url=f"http://{address}:{port}", store="embedded" if settings.store.url is None else "url"
            )
            return asyncio.run(_supervise(children))


def _check(configuration: Configuration) -> None:
    """Whatever would end a child at its start ends us before there is any."""
    series = series_of(configuration.settings.probes)
    figures = Figures.load(configuration, series)
    check_alert_settings(configuration, figures.routing)
    configured_channels(configuration, Exporter(series, version=""))
    try:
        die_with_parent(signal.SIGKILL)
    except LifetimeError as error:
        raise CannotRunError(f"the service can't run here: {error}") from error


def _command(module: str, path: Path | None, link: int, restarts: int) -> list[str]:
    command = [sys.executable, "-P", "-m", f"monitor.{module}", f"--link-fd={link}", f"--restarts={restarts}"]
    return command if path is None else [*command, f"--config={path}"]


async def _supervise(children: Sequence[_Child]) -> ExitCode:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        lives = [group.create_task(child.keep_alive(stop)) for child in children]
        await stop.wait()
        log.info("stopping")
        for child in children:  # the prober first, so that what it saw last is still taken in
            await child.terminate()
    return max(life.result() for life in lives)


def _listen(host: str, port: int) -> socket.socket:
    deadline = time.monotonic() + _BIND_SECONDS
    while True:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return socket.create_server((host, port), family=family)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                reason = error.strerror or str(error)
                raise CannotRunError(
                    f"can't listen on {host}:{port}: {reason}; choose another with http.port or stop what listens there"
                ) from error
        time.sleep(0.05)
