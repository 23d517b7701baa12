"""The checks that follow a deployment: `portalwatch check KIND --keep` in a process of its own, when due."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from baselines import Clock
from monitor.checks.postgres import PostgresCheckRuns
from monitor.configuration import Configuration
from monitor.errors import ExitCode
from monitor.lifetime import die_with_parent
from monitor.pipeline import STORE_IS_AWAY
from thresholds import CheckKind, load_schedule

# One that could not be kept is tried again after this, and not a minute later: it may be what brought the host down.
_RETRY = timedelta(minutes=15)
# A check that takes longer than this hangs.
_LONGEST_SECONDS = 3600.0

log = structlog.get_logger(__name__)


class ScheduledChecks:
    """Runs what is due by the customer's schedule, one after the other, while `active` says so.

    When each was kept last is asked of the store, so that a restart neither repeats a run nor forgets one.
    """

    def __init__(
        self, configuration: Configuration, runs: PostgresCheckRuns, active: Callable[[], Awaitable[bool]], clock: Clock
    ) -> None:
        self._configuration = configuration
        self._runs = runs
        self._active = active
        self._clock = clock
        every = load_schedule().after_deployment
        # What comes often first: it must not wait for what takes long.
        self._every = dict(sorted(((one, timedelta(seconds=every[one])) for one in CheckKind), key=lambda one: one[1]))
        self._tried: dict[CheckKind, datetime] = {}

    async def run_due(self) -> None:
        """Run what is due now; nothing while the store is away, for nothing could be kept."""
        for kind in self._every:
            try:
                if not (await self._active() and await self._is_due(kind)):
                    continue
            except STORE_IS_AWAY:
                return
            self._tried[kind] = self._clock.now()
            await self._run(kind)

    async def _is_due(self, kind: CheckKind) -> bool:
        """By the last kept run, whoever made it, and by the last try of our own."""
        now = self._clock.now()
        if kind in self._tried and now - self._tried[kind] < min(_RETRY, self._every[kind]):
            return False
        last = (await self._runs.latest(self._configuration.settings.environment)).get(kind)
        return last is None or now - last.at >= self._every[kind]

    async def _run(self, kind: CheckKind) -> None:
        """What could not be carried out is logged."""
        process = await asyncio.create_subprocess_exec(
            *self._command(kind),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                _, said = await process.communicate()
        except (asyncio.CancelledError, TimeoutError) as error:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            if isinstance(error, asyncio.CancelledError):
                raise
            log.error("a scheduled check did not end", check=kind, after_seconds=_LONGEST_SECONDS)
            return
        if process.returncode not in (ExitCode.WELL, ExitCode.FINDING):
            reason = said.decode(errors="replace").strip()
            log.error("a scheduled check could not see everything", check=kind, code=process.returncode, reason=reason)

    def _command(self, kind: CheckKind) -> Sequence[str]:
        path = self._configuration.path
        named = () if path is None else (f"--config={path}",)
        return [sys.executable, "-P", "-m", "monitor", "check", str(kind), "--keep", *named]
