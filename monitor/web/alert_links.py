"""From an alert to what it is about: its calls, its errors and log lines."""

from collections.abc import Container
from datetime import timedelta
from urllib.parse import quote

from alerts import Alert
from baselines import Clock
from dashboards.alert_pages import Elsewhere
from monitor.alert_subject import subject_page
from monitor.links import filled
from monitor.pipeline import STORE_IS_AWAY
from monitor.settings import LinksSettings
from monitor.tracking.postgres import PostgresErrors
from thresholds.error_class import QUIET_SECONDS, series_of_class

_PREFIX = series_of_class("")
_IDS_SHOWN = 5
# What led to an alert stands before it.
_BEFORE = timedelta(seconds=QUIET_SECONDS)


class AlertLinks:
    """Finds them; while the store is away an alert has fewer."""

    def __init__(self, measured: Container[str], links: LinksSettings, errors: PostgresErrors, clock: Clock) -> None:
        self._measured = measured
        self._links = links
        self._errors = errors
        self._clock = clock

    def subject(self, alert: Alert) -> str:
        """The path of the page of what it is about; empty without one."""
        return subject_page(alert.series, self._measured)

    async def of(self, alert: Alert) -> list[Elsewhere]:
        """Those of one alert: of a series its calls, of a class of errors its page and the newest correlation ids."""
        start, end = alert.opened_at - _BEFORE, alert.resolved_at or self._clock.now()
        logs = filled(self._links.logs, None, start, end)
        found = [Elsewhere("Log lines of that time", logs)] if logs else []
        if alert.series in self._measured:
            at = quote(alert.opened_at.isoformat(), safe="")
            calls = f"{self.subject(alert)}?window=hour&at={at}#calls"
            found.insert(0, Elsewhere("Calls around its beginning", calls))
        if not alert.series.startswith(_PREFIX):
            return found
        error_class = alert.series.removeprefix(_PREFIX)
        found.insert(0, Elsewhere(f"Errors of the class {error_class}", f"/errors?class={error_class}"))
        try:
            events = await self._errors.events(start, error_class=error_class)
        except STORE_IS_AWAY:
            return found
        ids = dict.fromkeys(one.correlation_id for one in events if one.correlation_id and one.at <= end)
        for one in list(ids)[:_IDS_SHOWN]:
            found.append(Elsewhere(f"Errors of {one}", f"/errors?id={one}"))
            if self._links.logs:
                found.append(Elsewhere(f"Log lines of {one}", filled(self._links.logs, one, start, end)))
        return found
