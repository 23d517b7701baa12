"""The portal's own page of metrics: rates, ratios and quantiles of real traffic as series like any other."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from baselines.measurement import Reason
from baselines.series import Series
from probes.errors import ProbeFailed
from probes.metrics.figure import figure_of
from probes.metrics.scrape import Scrape, read_scrape
from probes.metrics.traffic import Level, PageSeries, Traffic
from probes.metrics.window import Step, Window
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import Name, ProbeSettings
from probes.targets import HttpTarget, UrlPath
from probes.web.link import HttpLink

# A run that lies further back than this many intervals says nothing of now.
OLDEST_INTERVALS = 5
_HEADERS = {"Accept": "text/plain;version=0.0.4, application/openmetrics-text;q=0.5"}


class ScrapeSettings(ProbeSettings):
    """`path` is that of the page, of at most `max_body` bytes; `series` says by name what is made of it."""

    target_type: ClassVar[type[HttpTarget]] = HttpTarget

    path: UrlPath = "/metrics"
    page_series: Mapping[Name, PageSeries] = Field(alias="series", min_length=1)
    max_body: int = Field(default=8 * 1024 * 1024, gt=0)

    def series(self) -> tuple[Series, ...]:
        """One for each entry."""
        return tuple(
            self.series_named(one.series(f"{self.category}.{metric}")) for metric, one in self.page_series.items()
        )


@probe_kind("scrape", ScrapeSettings)
class ScrapeProbe(Probe):
    """One page, held against the page of the run before: the first run has only levels."""

    def __init__(self, settings: ScrapeSettings, links: Links) -> None:
        self._settings = settings
        self._link = links.to(settings.target, HttpLink)
        self._request = self._link.prepare("GET", settings.path, _HEADERS, None)
        self._selectors = [selector for one in settings.page_series.values() for selector in one.selectors]
        self._earlier: Scrape | None = None
        self._windows = {
            metric: Window(one.window or 0.0)
            for metric, one in settings.page_series.items()
            if isinstance(one, Traffic)
        }

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """A reading for each series; one that can't be made fails, or is skipped, alone."""
        exchange = await self._link.request(self._request, self._settings.max_body, run)
        arrived = run.clock.monotonic()
        run.require(exchange.status == 200, "status 200", f"status {exchange.status}", Reason.STATUS)
        # The portal's figures are not the worse for a prober that was late.
        run.stopwatch.reset()
        scrape = await read_scrape(exchange.body, self._selectors, arrived)
        earlier, self._earlier = self._earlier, scrape
        if earlier is not None and arrived - earlier.at > OLDEST_INTERVALS * self._settings.interval_seconds:
            earlier = None
        return [self._reading(metric, one, earlier, scrape) for metric, one in self._settings.page_series.items()]

    def _reading(self, metric: str, one: Level | Traffic, earlier: Scrape | None, scrape: Scrape) -> Reading:
        try:
            return Reading(metric=metric, value=figure_of(self._figure(metric, one, earlier, scrape)))
        except ProbeFailed as failure:
            return Reading(metric=metric, reason=failure.reason, detail=str(failure))

    def _figure(self, metric: str, one: Level | Traffic, earlier: Scrape | None, scrape: Scrape) -> float:
        if isinstance(one, Level):
            return one.figure(scrape)
        if earlier is None:
            raise ProbeFailed(Reason.TOO_LITTLE, "there is no recent page to compare with")
        step = Step(earlier.at, scrape.at, one.counted(earlier, scrape))
        return one.figure(self._windows[metric].add(step))
