"""One connection to a web server, and the clock that is read where the bytes go out and come in."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import datetime
from typing import cast

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.web.answer import AnswerReader
from probes.web.exchange import Endpoint
from probes.web.timing import Timing
from probes.web.tls import expires_at

# How long a server may take to answer our good-bye of TLS before the connection is cut.
_GOODBYE_SECONDS = 1.0


class ConnectionGoneError(ProbeFailed):
    """The connection ended before any byte of the answer: where it had been kept, the server had just given it up."""

    def __init__(self) -> None:
        super().__init__(Reason.PROTOCOL, "the server closed the connection without an answer")


class _InFlight:
    """An exchange whose answer is awaited, and the end of patience with it."""

    __slots__ = ("_silence_seconds", "_watch", "ended", "reader", "timing")

    def __init__(
        self, reader: AnswerReader, timing: Timing, ended: asyncio.Future[None], silence_seconds: float
    ) -> None:
        self.reader = reader
        self.timing = timing
        self.ended = ended
        self._silence_seconds = silence_seconds
        self._watch: asyncio.TimerHandle | None = None

    def end(self, at: float, failure: ProbeFailed | None = None) -> None:
        """Nothing more is awaited since that moment."""
        self.timing.end(at)
        if failure is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(failure)

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Fail after too long a silence: one timer for all bytes, put off when it finds that some have come."""
        quiet_since, now = self.timing.heard_at, self.timing.now()
        patience = quiet_since + self._silence_seconds - now
        if self.ended.done():
            return
        if patience <= 0:
            self.end(now, ProbeFailed(Reason.READ_TIMEOUT, f"no byte came for {self._silence_seconds:g} s"))
        else:
            self._watch = loop.call_later(patience, self.listen, loop)

    def stop_listening(self) -> None:
        """Leave no timer behind."""
        if self._watch is not None:
            self._watch.cancel()


class WireConnection(asyncio.Protocol):
    """Carries one exchange at a time; whatever goes wrong with one ends the connection.

    `address` is the numeric one it leads to; `on_lost` is called once, when it has ended.
    """

    def __init__(
        self, endpoint: Endpoint, address: str, clock: Clock, on_lost: Callable[["WireConnection"], None]
    ) -> None:
        self.endpoint = endpoint
        self.address = address
        self.certificate_expires_at: datetime | None = None
        self._on_lost = on_lost
        self._monotonic = clock.monotonic
        self._transport: asyncio.Transport | None = None
        self._in_flight: _InFlight | None = None
        self._lost: asyncio.Future[None] | None = None
        self._is_writing = False

    async def exchange(self, message: bytes, reader: AnswerReader, timing: Timing, silence_seconds: float) -> None:
        """Send the request and feed the reader until its answer is complete; `timing` has the moments.

        Raises ProbeFailed: read_timeout after `silence_seconds` without a byte, protocol, body_too_large; and
        ConnectionGoneError where no byte of an answer came.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionGoneError
        loop = asyncio.get_running_loop()
        self._in_flight = one = _InFlight(reader, timing, loop.create_future(), silence_seconds)
        timing.begin()
        self._transport.write(message)  # goes out at once as far as the system takes it
        if not self._is_writing:
            timing.sent()
        one.listen(loop)
        try:
            await one.ended
        except BaseException:
            self.abort()
            raise
        finally:
            self._in_flight = None
            one.stop_listening()

    async def secure(self, context: ssl.SSLContext) -> None:
        """From now on everything goes through TLS. Raises OSError (ssl.SSLError among it) where the handshake fails."""
        if self._transport is None:
            raise ConnectionResetError
        loop, host = asyncio.get_running_loop(), self.endpoint.host
        secured = await loop.start_tls(
            self._transport, self, context, server_hostname=host, ssl_shutdown_timeout=_GOODBYE_SECONDS
        )
        if secured is None:
            raise ConnectionResetError
        self.connection_made(secured)
        self.certificate_expires_at = expires_at(secured.get_extra_info("ssl_object"))

    def close(self) -> None:
        """Say good-bye and end."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End at once."""
        if self._transport is not None:
            self._transport.abort()

    async def end(self) -> None:
        """End at once, and wait until nothing is left of it."""
        if self._transport is not None:
            self._lost = asyncio.get_running_loop().create_future()
            self._transport.abort()
            await self._lost

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Is asked to say when the last byte of a request has gone out, not only when there is room again."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        """The clock first: parsing is no part of the target's time."""
        now = self._monotonic()
        one = self._in_flight
        if one is None or one.ended.done():
            self.abort()  # nobody asked for anything
            return
        one.timing.received(now)
        try:
            one.reader.feed(data)
        except ProbeFailed as failure:
            one.end(now, failure)
        else:
            if one.reader.complete:
                one.end(now)

    def eof_received(self) -> None:
        """Some bodies end with the connection; either way it is of no more use."""
        self._ended("closed the connection")

    def connection_lost(self, error: Exception | None) -> None:
        """It has ended, by whomsoever."""
        self._ended("reset the connection" if error else "closed the connection")
        self._transport = None
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(None)
        self._on_lost(self)

    def pause_writing(self) -> None:
        """The system does not take all of the request at once."""
        self._is_writing = True

    def resume_writing(self) -> None:
        """It has taken the rest."""
        self._is_writing = False
        if self._in_flight is not None:
            self._in_flight.timing.sent()

    def _ended(self, what: str) -> None:
        one = self._in_flight
        if one is None or one.ended.done():
            return
        now = self._monotonic()
        if not one.reader.started:
            one.end(now, ConnectionGoneError())
        elif one.reader.ends_here():
            one.end(now)
        else:
            one.end(now, ProbeFailed(Reason.PROTOCOL, f"the server {what} in the middle of the answer"))
