"""What a portal counts of itself, for Prometheus; names and labels are contracts."""

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

if TYPE_CHECKING:
    import asyncpg

OTHER = "other"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


class Figures:
    """The figures of one portal, in a registry that may hold others of the application's."""

    def __init__(self, registry: CollectorRegistry, *, statement_names: int) -> None:
        self.registry = registry
        self.in_progress = 0
        self.websockets = 0
        self._requests = Counter("http_requests", "Requests answered", ["method", "route", "status"], registry=registry)
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Seconds from a request to the end of its answer",
            ["method", "route"],
            registry=registry,
        )
        Gauge("http_requests_in_progress", "Requests being answered", registry=registry).set_function(
            lambda: self.in_progress
        )
        self._websockets = Counter("websocket_connections", "Websockets ended", ["route", "outcome"], registry=registry)
        Gauge("websocket_connections_in_progress", "Websockets that are open", registry=registry).set_function(
            lambda: self.websockets
        )
        self.refused_ids = Counter(
            "http_correlation_ids_refused", "Correlation ids of callers that were not taken", registry=registry
        )
        self._query_seconds = Histogram(
            "db_query_duration_seconds",
            "Seconds a statement took, by its name or else by its route",
            ["statement"],
            registry=registry,
        )
        self._transactions = Counter(
            "db_transactions", "Explicit transactions ended", ["route", "outcome"], registry=registry
        )
        self._reports = Counter("error_reports", "Failures handed to portalwatch", ["outcome"], registry=registry)
        self._pool_used = Gauge("db_pool_used_ratio", "Connections of the pool that are taken", registry=registry)
        self._pool = Gauge("db_pool_connections", "Connections of the pool", ["state"], registry=registry)
        self._statement_names = statement_names
        self._are_exemplars_read = False
        # The children that labels() would look for, twice under a lock, at every request.
        self._counted: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._timed: dict[str, Histogram] = {}

    def follow(self, pool: "asyncpg.Pool") -> None:
        """Tell from here on how many of the pool's connections there are, and which share is taken."""
        self._pool_used.set_function(lambda: (pool.get_size() - pool.get_idle_size()) / pool.get_max_size())
        self._pool.labels("used").set_function(lambda: pool.get_size() - pool.get_idle_size())
        self._pool.labels("idle").set_function(pool.get_idle_size)

    def note_request(self, method: str, route: str, status: int, seconds: float, correlation_id: str) -> None:
        """Count one request; a method that HTTP does not know is `other`."""
        key = (method, route, status)
        children = self._counted.get(key)
        if children is None:
            known = method if method in _METHODS else OTHER
            children = (self._requests.labels(known, route, str(status)), self._seconds.labels(known, route))
            if known is not OTHER:
                self._counted[key] = children
        children[0].inc()
        if self._are_exemplars_read:
            children[1].observe(seconds, {"correlation_id": correlation_id})
        else:
            children[1].observe(seconds)

    def note_websocket(self, route: str, outcome: str) -> None:
        """Count a websocket that ended: `closed` or `failed`."""
        self._websockets.labels(route, outcome).inc()

    def note_query(self, statement: str, seconds: float) -> None:
        """Time one statement."""
        timed = self._timed.get(statement)
        if timed is None:
            # One more name than allowed would be one of many.
            name = statement if len(self._timed) < self._statement_names else OTHER
            timed = self._query_seconds.labels(name)
            if name is not OTHER:
                self._timed[statement] = timed
        timed.observe(seconds)

    def note_transaction(self, route: str, outcome: str) -> None:
        """Count a transaction: `committed` or `rolled_back`."""
        self._transactions.labels(route, outcome).inc()

    def note_report(self, outcome: str) -> None:
        """Count what became of a report."""
        self._reports.labels(outcome).inc()

    def render(self, accept: str) -> tuple[bytes, str]:
        """The figures and their content type; exemplars are kept from the first scrape on that can read them."""
        encoder, content_type = choose_encoder(accept)
        if "openmetrics" in content_type:
            self._are_exemplars_read = True
        return encoder(self.registry), content_type
