"""What stands in front of each statement, under which name it is timed, and which ones carry a request's ids."""

from time import perf_counter
from typing import NamedTuple

from monitor.instrumentation.comment import comment, may_be_tagged, name_of
from monitor.instrumentation.exchange import current, statement_name
from monitor.instrumentation.figures import Figures
from monitor.instrumentation.settings import InstrumentationSettings, SqlComments

OUTSIDE = "outside"
"""The name of statements that no request asked for."""

_KEPT = 2_000


class _Known(NamedTuple):
    name: str | None
    may_be_tagged: bool


class Statements:
    """The statements of one portal."""

    def __init__(self, settings: InstrumentationSettings, figures: Figures) -> None:
        self.figures = figures
        self._are_tagged = settings.sql_comments is not SqlComments.OFF
        self._may_be_marked = settings.sql_comments in (SqlComments.SAMPLED, SqlComments.ALWAYS)
        self._slow_seconds = settings.slow_seconds
        self._slow_routes: set[str] = set()
        self._known: dict[str, _Known] = {}
        self._tags: dict[str, str] = {}

    def note_answer(self, route: str, seconds: float) -> None:
        """A route that was slow carries ids the next time."""
        if seconds >= self._slow_seconds and self._may_be_marked:
            self._slow_routes.add(route)

    def labelled(self, query: str) -> tuple[str, str]:
        """The text to send, and the name to time it under."""
        known = self._known.get(query)
        if known is None:
            known = _Known(name_of(query), may_be_tagged(query))
            # Texts made for one use would fill it; they are read each time instead.
            if len(self._known) < _KEPT:
                self._known[query] = known
        exchange = current.get()
        if exchange is None:
            return query, statement_name.get() or known.name or OUTSIDE
        route = exchange.route
        name = statement_name.get() or known.name or route
        if not (self._are_tagged and known.may_be_tagged):
            return query, name
        if self._may_be_marked and not exchange.is_marked:
            if perf_counter() - exchange.started >= self._slow_seconds:
                exchange.is_marked = True
            elif route in self._slow_routes:
                self._slow_routes.discard(route)
                exchange.is_marked = True
        if exchange.is_marked:
            return exchange.comment(route) + query, name
        tag = self._tags.get(route)
        if tag is None:
            tag = self._tags[route] = comment(route=route)
        return tag + query, name
