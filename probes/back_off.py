"""When a probe holds back: a target that is locked, or short of connections, is not helped by our asking."""

import math

from baselines.measurement import Reason

# The first run and the quick retries after it: whether it is an outage must be sure within seconds.
PATIENCE = 4
# Runs become rarer by doubling, up to 2³ = 8 intervals.
_MOST_DOUBLINGS = 3

_CROWDED = frozenset({Reason.LOCK_TIMEOUT, Reason.TOO_MANY_CONNECTIONS, Reason.GAVE_WAY})


class BackOff:
    """The restraint of one probe. Instants are monotonic seconds.

    It begins once the target was locked or full `PATIENCE` times in a row, and at once where we gave way: then we were
    what stood in somebody's way. Any other end of a run ends it.
    """

    def __init__(self, interval_seconds: float) -> None:
        self._interval_seconds = interval_seconds
        self._in_a_row = 0
        self._until = -math.inf
        self._reason: Reason | None = None

    def why(self, now: float) -> str | None:
        """Why a run that is due now is left out, as a sentence; None where it is not."""
        if now >= self._until:
            return None
        again = max(1, round(self._until - now))
        return f"holding back after {str(self._reason).replace('_', ' ')}; to be tried again in about {again} s"

    def note(self, reason: Reason | None, started: float) -> None:
        """How the run that started then ended; None is a good end. One that our budget left out says nothing."""
        if reason is Reason.BUDGET:
            return
        self._reason = reason
        self._in_a_row = self._in_a_row + 1 if reason in _CROWDED else 0
        if reason is Reason.GAVE_WAY:
            self._in_a_row = max(self._in_a_row, PATIENCE)
        if self._in_a_row < PATIENCE:
            self._until = -math.inf
            return
        intervals = 2 ** min(self._in_a_row - PATIENCE + 1, _MOST_DOUBLINGS)
        # Half an interval early: the run that is due then must not be left out for starting a little sooner.
        self._until = started + (intervals - 0.5) * self._interval_seconds
