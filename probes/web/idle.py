"""Connections between two requests: handed out at once, and given up before the server does."""

import asyncio
from collections import OrderedDict, defaultdict

from baselines.clock import Clock
from probes.web.exchange import Endpoint
from probes.web.wire import WireConnection

# Shorter than the 5 s after which uvicorn closes idle connections, so that a request seldom meets one just closed.
KEEPALIVE_SECONDS = 4.0
# To one endpoint; more than that many at once were a burst, and the server may have its connections back.
MAX_IDLE = 100


class IdleConnections:
    """By endpoint, in the order in which they became idle: the newest is taken first, the oldest expires first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: defaultdict[Endpoint, OrderedDict[WireConnection, float]] = defaultdict(OrderedDict)
        self._expiry: asyncio.TimerHandle | None = None

    def take(self, endpoint: Endpoint) -> WireConnection | None:
        """One that may be used now; None where there is none."""
        waiting = self._since.get(endpoint)
        if not waiting:
            return None
        connection, since = waiting.popitem()
        if self._clock.monotonic() - since < KEEPALIVE_SECONDS:
            return connection
        connection.close()
        return None

    def put(self, connection: WireConnection) -> None:
        """Keep it for a while."""
        waiting = self._since[connection.endpoint]
        waiting[connection] = self._clock.monotonic()
        if len(waiting) > MAX_IDLE:
            waiting.popitem(last=False)[0].close()
        if self._expiry is None:
            self._expiry = asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS, self._expire)

    def remove(self, connection: WireConnection) -> None:
        """It has ended."""
        self._since[connection.endpoint].pop(connection, None)

    def clear(self) -> None:
        """Forget them all and leave no timer behind; ending them is the caller's."""
        self._since.clear()
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    def _expire(self) -> None:
        """End what is too old, and come again for the oldest that is left."""
        now = self._clock.monotonic()
        oldest = now
        for waiting in self._since.values():
            while waiting and now - (since := next(iter(waiting.values()))) >= KEEPALIVE_SECONDS:
                waiting.popitem(last=False)[0].close()
            if waiting:
                oldest = min(oldest, since)
        self._expiry = None
        if any(self._since.values()):
            self._expiry = asyncio.get_running_loop().call_later(oldest + KEEPALIVE_SECONDS - now, self._expire)
