"""A page as a browser shows it: when something is seen, when it keeps still, and when it answers."""

import asyncio
import contextlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from baselines.measurement import Reason
from baselines.series import Series, Unit
from probes.duration import Duration
from probes.errors import ProbeFailed
from probes.pages.browser import ChromiumLink
from probes.pages.chromium import missing
from probes.pages.figures import PageFigures
from probes.pages.headers import send_to_own_origin
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import ProbeSettings
from probes.targets import HttpTarget, UrlPath
from probes.web.addresses import Resolver
from probes.web.link import HttpLink, tracing_headers

# By metric, the category that it is always of; None for that of the probe.
METRICS: dict[str, str | None] = {
    "page_load_time": None,
    "time_to_interactive": None,
    "first_contentful_paint": None,
    "cumulative_layout_shift": None,
    "largest_contentful_paint": "web_vitals",
    "time_to_first_byte": "web_vitals",
}
# What a run needs at its end, to read the figures and to leave.
_END_SECONDS = 2.0


class PageSettings(ProbeSettings):
    """`quiet` is how long the main thread must be free for the page to count as interactive. `contains` is a text that
    must be seen. `browser` is the Chromium to use, where it is not the first one on the path.
    """

    target_type: ClassVar[type[HttpTarget]] = HttpTarget
    acts_as_user: ClassVar[bool] = True
    default_timeout_seconds: ClassVar[float] = 30.0

    category: str = Field(default="frontend_performance", pattern=r"^[a-z][a-z0-9_]*$", max_length=80)
    every: Duration = 300.0
    path: UrlPath = "/"
    contains: str | None = Field(default=None, min_length=1)
    quiet: Duration = Field(default=5.0, le=15.0)
    browser: Path | None = None

    def series(self) -> tuple[Series, ...]:
        """Six of them, `category.metric.name` each; the name of the probe is the last part, as limits are by metric."""
        return tuple(
            self.series_named(
                Series(
                    f"{category or self.category}.{metric}.{self.name}",
                    Unit.COUNT if metric == "cumulative_layout_shift" else Unit.SECONDS,
                )
            )
            for metric, category in METRICS.items()
        )

    def obstacle(self) -> str | None:
        """No package, or no browser."""
        return missing(self.browser)


@probe_kind("page", PageSettings)
class PageProbe(Probe):
    """One visit by somebody who has never been there, over connections of its own."""

    def __init__(self, settings: PageSettings, links: Links) -> None:
        self._settings = settings
        self._browser = links.shared(ChromiumLink)
        self._web = links.to(settings.target, HttpLink)
        self._resolver = Resolver(self._web.target)
        self._observers = resources.files("probes.pages").joinpath("observers.js").read_text(encoding="utf-8")

    def turn(self) -> asyncio.Lock:
        """One page at a time: two would share what each of them is timed on."""
        return self._browser.turn

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """Load the page and wait until it has come to rest, but no longer than the deadline allows."""
        target = self._web.target
        if target.proxy is not None or target.ca_file is not None:
            raise ProbeFailed(Reason.INTERNAL, "a page probe knows no proxy and no ca_file; give it a target without")
        until = run.clock.monotonic() + self._settings.timeout_seconds - _END_SECONDS
        await self._require_a_server(target)
        headers = await self._web.own_headers(run)
        figures, status = await self._look(run, headers, until)
        if status == 401 and self._web.credentials.renewable:
            headers = await self._web.own_headers(run, stale=headers)
            figures, status = await self._look(run, headers, until)
        run.require(200 <= status < 300, "a status of 200 to 299", f"status {status}", Reason.STATUS)
        return [_named(figures.reading(metric), self._settings.name) for metric in METRICS]

    async def _require_a_server(self, target: HttpTarget) -> None:
        """Where it may be reached at all, and, before a browser is started for it, whether somebody listens."""
        url = self._web.url("/")
        port = url.port or (443 if url.scheme == "https" else 80)
        addresses = await self._resolver.resolve(url.host.strip("[]"), port)
        if self._browser.is_running:
            return
        try:
            async with asyncio.timeout(target.connect_timeout):
                _, writer = await asyncio.open_connection(addresses[0], port)
        except TimeoutError as error:
            raise ProbeFailed(Reason.CONNECT_TIMEOUT, "no connection in time") from error
        except OSError as error:
            raise ProbeFailed(Reason.REFUSED, "nobody listens") from error
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _look(self, run: ProbeRun, headers: dict[str, str], until: float) -> tuple[PageFigures, int]:
        settings = self._settings
        async with self._browser.visit(settings.browser, ignore_https_errors=not self._web.target.verify) as context:
            await context.add_init_script(self._observers)
            page = await context.new_page()
            await send_to_own_origin(context, page, tracing_headers(run) | headers, self._web.origins)
            answer = await page.goto(str(self._web.url(settings.path)), wait_until="load")
            status = 0 if answer is None else answer.status
            quiet = True
            try:
                async with asyncio.timeout(max(0.0, until - run.clock.monotonic())):
                    await page.evaluate("(quiet) => window.__portalwatch(quiet)", settings.quiet * 1000)
            except TimeoutError:
                quiet = False
            figures = PageFigures.of(await page.evaluate("() => window.__portalwatchSeen()"), quiet=quiet)
            if settings.contains is not None and 200 <= status < 300:
                text: str = await page.evaluate("() => document.documentElement.innerText")
                run.require(settings.contains in text, "a text that is on the page", "a page without it")
            return figures, status


def _named(reading: Reading, probe: str) -> Reading:
    return Reading(reading.value, f"{reading.metric}.{probe}", reading.reason, reading.detail)
