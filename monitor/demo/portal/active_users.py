"""Who works with the portal at the moment: whoever asked it for something within the last five minutes."""

import time
from collections.abc import Callable

ACTIVE_SECONDS = 300.0


class ActiveUsers:
    """The users by log-in name, each with the instant of the last request, in seconds of `monotonic`."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last: dict[str, float] = {}

    def note(self, user: str) -> None:
        """A request of that user, now."""
        self._last[user] = self._monotonic()

    def count(self) -> int:
        """How many there are; who has been silent for longer is forgotten."""
        since = self._monotonic() - ACTIVE_SECONDS
        self._last = {user: at for user, at in self._last.items() if at >= since}
        return len(self._last)
