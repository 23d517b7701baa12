"""Baselines that the service captures by itself: `portalwatch baseline capture` in a process of its own, when due."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, time, timedelta

import structlog

from baselines import BaselineStore, BaselineSummary, Clock
from monitor.configuration import Configuration
from monitor.exporter import Exporter
from monitor.lifetime import die_with_parent
from monitor.pipeline import STORE_IS_AWAY

# Whose captures they are: in the store it tells them from those of people, also after a restart.
CAPTURED_BY = "the schedule"

log = structlog.get_logger(__name__)


def due_at(at: time, every_days: int, last: datetime | None, since: datetime) -> datetime:
    """The first time that it is `at` o'clock (UTC) after `since`, and so many days after the day of the last one."""
    day = since.date() if last is None else max(since.date(), last.date() + timedelta(days=every_days))
    due = datetime.combine(day, at, UTC)
    return due if due > since else due + timedelta(days=1)


class ScheduledCaptures:
    """Starts a capture when one is due, waits for its end, and deletes those that are no longer kept.

    While a phase of a deployment allows no users nothing is captured. One that was missed or failed is tried again at
    the same time of the next day: by day the host is busy.
    """

    def __init__(
        self,
        configuration: Configuration,
        store: BaselineStore,
        nobody_may_work: Callable[[], Awaitable[bool]],
        exporter: Exporter,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._settings = configuration.settings.capture
        self._store = store
        self._nobody_may_work = nobody_may_work
        self._exporter = exporter
        self._clock = clock
        self._since = clock.now()

    async def capture_if_due(self) -> None:
        """Take what is due now; nothing while the store is away."""
        if self._settings.every_days is None:
            return
        try:
            own = await self._own()
        except STORE_IS_AWAY:
            return
        now = self._clock.now()
        last = max((one.started_at for one in own), default=None)
        if now < due_at(self._settings.at, self._settings.every_days, last, self._since):
            return
        self._since = now
        if await self._nobody_may_work():
            log.info("nothing is captured while a phase of a deployment allows no users")
            return
        kept = await self._capture(f"{self._configuration.settings.environment}-{now:%Y-%m-%d}")
        self._exporter.captured(kept=kept)
        if kept:
            await self._prune()

    async def _own(self) -> list[BaselineSummary]:
        environment = self._configuration.settings.environment
        summaries = await self._store.summaries()
        return [one for one in summaries if one.captured_by == CAPTURED_BY and one.environment == environment]

    async def _prune(self) -> None:
        newest_first = sorted(await self._own(), key=lambda one: one.started_at, reverse=True)
        for one in newest_first[self._settings.keep :]:
            if not one.active:
                await self._store.delete(one.name)

    async def _capture(self, name: str) -> bool:
        """Whether it was captured; what went wrong is logged."""
        process = await asyncio.create_subprocess_exec(
            *self._command(name),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        log.info("capturing by the schedule", baseline=name)
        try:
            _, said = await process.communicate()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if process.returncode:
            reason = said.decode(errors="replace").strip()
            log.error("the scheduled capture failed", baseline=name, code=process.returncode, reason=reason)
        return not process.returncode

    def _command(self, name: str) -> Sequence[str]:
        path = self._configuration.path
        return [
            *(sys.executable, "-P", "-m", "monitor", "baseline", "capture", name, f"--by={CAPTURED_BY}"),
            *(f"--sessions={self._settings.sessions}", f"--samples={self._settings.samples}"),
            *(() if path is None else (f"--config={path}",)),
        ]
