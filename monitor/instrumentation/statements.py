"""What stands in front of each statement, under which name it is timed, and which ones carry a request's ids."""

from collections import OrderedDict
from time import perf_counter
from typing import NamedTuple

from monitor.instrumentation.comment import comment, may_be_tagged, name_of
from monitor.instrumentation.exchange import Exchange, current, statement_name
from monitor.instrumentation.figures import Figures
from monitor.instrumentation.settings import InstrumentationSettings, SqlComments

OUTSIDE = "outside"
"""The name of statements that no request asked for."""

_KEPT = 2_000
# As asyncpg's own cache has it (max_cacheable_statement_size).
_LONGEST_KEPT = 15 * 1024


class _Label(NamedTuple):
    text: str
    name: str
    is_tagged: bool


class Statements:
    """The statements of one portal."""

    def __init__(self, settings: InstrumentationSettings, figures: Figures) -> None:
        self.figures = figures
        self._are_tagged = settings.sql_comments is not SqlComments.OFF
        self._may_be_marked = settings.sql_comments in (SqlComments.SAMPLED, SqlComments.ALWAYS)
        self._slow_seconds = settings.slow_seconds
        self._slow_routes: set[str] = set()
        self._labels: OrderedDict[tuple[str, str], _Label] = OrderedDict()

    def note_answer(self, route: str, seconds: float) -> None:
        """A route that was slow carries ids the next time."""
        if seconds >= self._slow_seconds and self._may_be_marked:
            self._slow_routes.add(route)

    def labelled(self, query: str) -> tuple[str, str]:
        """The text to send, and the name to time it under."""
        exchange = current.get()
        if exchange is None:
            return query, statement_name.get() or name_of(query) or OUTSIDE
        route = exchange.route
        label = self._labels.get((query, route)) or self._label(query, route)
        name = statement_name.get() or label.name
        if self._may_be_marked and label.is_tagged and (exchange.is_marked or self._becomes_marked(exchange, route)):
            return exchange.comment(route) + query, name
        return label.text, name

    def _label(self, query: str, route: str) -> _Label:
        is_tagged = self._are_tagged and may_be_tagged(query)
        label = _Label(comment(route=route) + query if is_tagged else query, name_of(query) or route, is_tagged)
        # Texts made for one use displace each other.
        if len(query) <= _LONGEST_KEPT:
            self._labels[query, route] = label
            if len(self._labels) > _KEPT:
                self._labels.popitem(last=False)
        return label

    def _becomes_marked(self, exchange: Exchange, route: str) -> bool:
        """From here on, as the request is slow by now or the last one of its route was."""
        is_slow = perf_counter() - exchange.started >= self._slow_seconds
        if not exchange.is_waited_for or not (is_slow or route in self._slow_routes):
            return False
        self._slow_routes.discard(route)
        exchange.is_marked = True
        return True
