"""One browser kept between runs, in which each run is a visitor of its own."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.pages.chromium import FLAGS, executable, missing

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright

logger = logging.getLogger(__name__)

# What a browser has kept in its memory goes with it after so many visits.
VISITS_PER_BROWSER = 200
# A browser that does not close in this time hangs, and ends with its driver.
_CLOSE_SECONDS = 5.0
# Why a navigation failed, by what Chromium calls it.
_REASONS = {
    "ERR_CONNECTION_REFUSED": Reason.REFUSED,
    "ERR_NAME_NOT_RESOLVED": Reason.DNS,
    "ERR_HTTP_RESPONSE_CODE_FAILURE": Reason.STATUS,  # an error without a page
    "ERR_CERT_": Reason.TLS,
    "ERR_SSL_": Reason.TLS,
    "ERR_CONNECTION_TIMED_OUT": Reason.CONNECT_TIMEOUT,
    "ERR_TIMED_OUT": Reason.READ_TIMEOUT,
}


class ChromiumLink:
    """Started with the first visit and not before; `turn` keeps it to one visit at a time, so that none slows another.

    Starting goes on where the run that asked for it ran out of time, and the next run finds it done.
    """

    def __init__(self, clock: Clock) -> None:  # noqa: ARG002 - links are made like that
        self.turn = asyncio.Lock()
        self._starting: asyncio.Task[tuple[Playwright, Browser]] | None = None
        self._visits = 0

    @property
    def is_running(self) -> bool:
        """Whether a visit finds a browser that was started before."""
        return self._starting is not None and self._starting.done()

    @asynccontextmanager
    async def visit(self, configured: Path | None, *, ignore_https_errors: bool) -> AsyncIterator["BrowserContext"]:
        """A context of its own: no cookies, no cache, no connections of an earlier visit.

        Raises ProbeFailed where there is no browser, and for what the browser says while the block runs.
        """
        if (what := missing(configured)) is not None:
            raise ProbeFailed(Reason.INTERNAL, what)
        from playwright.async_api import Error

        try:
            browser = await self._browser(configured)
            self._visits += 1
            context = await browser.new_context(
                accept_downloads=False, ignore_https_errors=ignore_https_errors, service_workers="block"
            )
        except Error as error:
            await self.close()
            raise ProbeFailed(Reason.INTERNAL, f"the browser can't be started: {_first_line(error)}") from error
        context.set_default_timeout(0)  # the runner's deadline holds
        try:
            yield context
        except Error as error:
            raise _failure(error) from error
        finally:
            await self._leave(context)

    async def close(self) -> None:
        """End the browser and its driver."""
        starting, self._starting, self._visits = self._starting, None, 0
        if starting is None:
            return
        with contextlib.suppress(Exception):  # it is going: whatever keeps it from going in order ends with the driver
            async with asyncio.timeout(_CLOSE_SECONDS):
                playwright, browser = await starting
                try:
                    await browser.close()
                finally:
                    await playwright.stop()

    async def _browser(self, configured: Path | None) -> "Browser":
        if self._starting is not None and self._starting.done():
            failed = self._starting.cancelled() or self._starting.exception() is not None
            if failed or self._visits >= VISITS_PER_BROWSER or not self._starting.result()[1].is_connected():
                await self.close()
        if self._starting is None:
            self._starting = asyncio.create_task(_start(configured))
        _, browser = await asyncio.shield(self._starting)
        return browser

    async def _leave(self, context: "BrowserContext") -> None:
        """Also where the run is being cancelled; a browser that does not let go is ended."""
        closing = asyncio.ensure_future(context.close())
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await asyncio.shield(closing)
        except asyncio.CancelledError:
            raise
        except Exception:
            closing.cancel()
            logger.warning("the browser did not end a visit, and is ended")
            await self.close()


async def _start(configured: Path | None) -> "tuple[Playwright, Browser]":
    from playwright.async_api import async_playwright

    playwright = await async_playwright().start()
    try:
        browser = await playwright.chromium.launch(
            executable_path=executable(configured),
            args=list(FLAGS),
            # Chromium has no sandbox as root; as anybody else it has.
            chromium_sandbox=os.name != "posix" or os.geteuid() != 0,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
    except BaseException:
        await playwright.stop()
        raise
    return playwright, browser


def _failure(error: Exception) -> ProbeFailed:
    text = str(error)
    known = next((reason for name, reason in _REASONS.items() if name in text), Reason.PROTOCOL)
    return ProbeFailed(known, f"the browser says: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    """What follows names addresses and options, at length."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
