"""When the bytes of an exchange went out and came in."""

from probes.probe import ProbeRun


class Timing:
    """The moments of one exchange; the run's stopwatch runs from its first byte sent to its last byte received.

    `heard_at`: when something came last, or the request went out.
    """

    __slots__ = ("_began", "_ended", "_first_byte", "_run", "_sent", "heard_at", "now")

    def __init__(self, run: ProbeRun) -> None:
        self.now = run.clock.monotonic
        self._run = run
        self._began = self._sent = self._first_byte = self._ended = self.heard_at = 0.0

    def begin(self) -> None:
        """The first byte is about to go out."""
        self._began = self.heard_at = self._run.stopwatch.start()

    def sent(self) -> None:
        """The system has taken the last byte of the request."""
        self._sent = self.heard_at = self.now()

    def received(self, at: float) -> None:
        """Something of the answer came in at that moment."""
        self.heard_at = at
        if not self._first_byte:
            self._first_byte = at
            self._sent = self._sent or at  # some servers answer before they have everything

    def end(self, at: float) -> None:
        """Nothing more is awaited since that moment."""
        self._ended = at
        self._run.stopwatch.stop(at)

    def forget(self) -> None:
        """As if it had never been: the request is going to be sent again."""
        self._run.stopwatch.seconds -= self._ended - self._began
        self._began = 0.0

    def keep(self) -> None:
        """Put the phases into the run, as far as the exchange came."""
        if not self._began:
            return
        if not self._ended:
            self.end(self.now())
        self._run.add_phase("send", (self._sent or self._ended) - self._began)
        if self._sent:
            self._run.add_phase("first_byte", (self._first_byte or self._ended) - self._sent)
        if self._first_byte:
            self._run.add_phase("transfer", self._ended - self._first_byte)
