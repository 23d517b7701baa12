"""How fast one destination is spoken to."""

from collections import deque

from alerts.settings import Rate


class Pace:
    """A window that slides: at most so many messages in any stretch of the rate's length. Seconds are monotonic."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._sent: deque[float] = deque(maxlen=rate.messages)

    def wait_seconds(self, now: float) -> float:
        """How long the next message has to wait; 0 where it may go."""
        if len(self._sent) < self._rate.messages:
            return 0.0
        return max(0.0, self._sent[0] + self._rate.seconds - now)

    def sent(self, now: float) -> None:
        """One message went out, or was tried."""
        self._sent.append(now)
