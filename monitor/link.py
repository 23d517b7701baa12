"""The bounded queue between the process that probes and the one that serves: lines over a pair of sockets.
The other way go requests, one a line.

The supervisor holds both ends, so either process can be started again without the other noticing more than a torn
line. The prober never waits for the reader: beyond `CAPACITY` the oldest measurements are dropped and counted.
"""

import asyncio
import contextlib
import json
import socket
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from baselines import Measurement
from monitor import wire
from monitor.usage import Usage
from monitor.wire import Note

CAPACITY = 50_000
HEARTBEAT_SECONDS = 5.0
# Measured, the indexes or columns of 1,000 tables are a line of 0.13 MB.
_LONGEST_LINE_BYTES = 64 * 1024 * 1024
# A prober that has ended sends nothing more after this long.
_QUIET_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The prober is alive. `dropped` counts the lines it lost since it started, `restarts` how often it died.

    `cpu_seconds` is the processor time it has used since it started, `resident_bytes` its memory.
    """

    dropped: int
    restarts: int
    cpu_seconds: float = 0.0
    resident_bytes: float = 0.0


class LinkWriter:
    """The prober's end."""

    def __init__(self, end: socket.socket, *, restarts: int = 0, capacity: int = CAPACITY) -> None:
        end.setblocking(False)
        self._restarts = restarts
        self._end = end
        self._waiting: deque[bytes] = deque()
        self._capacity = capacity
        self._filled = asyncio.Event()
        self.dropped = 0

    def hand(self, measurements: Sequence[Measurement]) -> None:
        """Queue measurements; never waits."""
        for one in measurements:
            self._queue(wire.encode(one))

    def note(self, note: Note) -> None:
        """Queue a ledger entry or an inspection; never waits."""
        self._queue(wire.encode_note(note))

    def _queue(self, line: bytes) -> None:
        if len(self._waiting) >= self._capacity:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(line)
        self._filled.set()

    async def send(self) -> None:
        """Send what is queued, and a heartbeat every few seconds, until cancelled or until nobody reads any more."""
        loop = asyncio.get_running_loop()
        beat = loop.time()
        while True:
            if loop.time() >= beat:
                self._waiting.append(self._heartbeat())
                beat = loop.time() + HEARTBEAT_SECONDS
            await self.drain()
            self._filled.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(beat):
                    await self._filled.wait()

    def _heartbeat(self) -> bytes:
        used = Usage.of_this_process()
        counts = {
            "dropped": self.dropped,
            "restarts": self._restarts,
            "cpu_seconds": used.cpu_seconds,
            "resident_bytes": used.resident_bytes,
        }
        return json.dumps({"heartbeat": counts}).encode() + b"\n"

    async def drain(self) -> None:
        """Send what is queued now, for a stop in order."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), 500))]
            await loop.sock_sendall(self._end, b"".join(batch))


async def read_link(end: socket.socket, stop: asyncio.Event) -> AsyncIterator[Measurement | Heartbeat | Note]:
    """The server's end: what the prober sent. A torn line is left out.

    Ends where the other end is closed, or after `stop` as soon as nothing more comes. The socket is only closed, never
    shut down: the supervisor hands the same one to whoever comes next.
    """
    reader, writer = await asyncio.open_connection(sock=end, limit=_LONGEST_LINE_BYTES)
    try:
        while True:
            try:
                async with asyncio.timeout(_QUIET_SECONDS):
                    line = await reader.readline()
            except TimeoutError:
                if stop.is_set():
                    return
                continue
            if not line:
                return
            with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError):
                yield _read(line)
    finally:
        writer.close()


def _read(line: bytes) -> Measurement | Heartbeat | Note:
    if not line.startswith(b"{"):
        return wire.decode(line)
    ((kind, content),) = json.loads(line).items()
    return Heartbeat(**content) if kind == "heartbeat" else wire.decode_note(kind, content)


@dataclass(frozen=True, slots=True)
class MoreCalls:
    """Further calls of a probe are wanted."""

    probe: str


@dataclass(frozen=True, slots=True)
class TakeSnapshot:
    """A snapshot is wanted of what the series looks at; the reason is words."""

    series: str
    reason: str


@dataclass(frozen=True, slots=True)
class HoldBack:
    """Probes that act as users are to pause for so many seconds from now; 0 ends that. The reason is words.

    It runs out by itself: where nobody asks any more, probes go on.
    """

    seconds: float
    reason: str


Request = MoreCalls | TakeSnapshot | HoldBack


def ask(end: socket.socket, request: Request) -> None:
    """The server's end: something is wanted of the prober. Never waits; where nobody listens, nobody is asked."""
    with contextlib.suppress(OSError):
        end.send(_line_of(request).encode() + b"\n", socket.MSG_DONTWAIT)


async def read_requests(end: socket.socket) -> AsyncIterator[Request]:
    """The prober's end: what is asked of it, until the other end is closed. What nobody asks for is left out."""
    loop = asyncio.get_running_loop()
    torn = b""
    while received := await loop.sock_recv(end, 4096):
        *lines, torn = (torn + received).split(b"\n")
        for line in lines:
            request = _request_of(line.decode(errors="replace"))
            if request is not None:
                yield request


def _line_of(request: Request) -> str:
    match request:
        case MoreCalls(probe):
            return f"calls {probe}"
        case TakeSnapshot(series, reason):
            return f"snapshot {series} {' '.join(reason.split())}"
        case HoldBack(seconds, reason):
            return f"hold {seconds:g} {' '.join(reason.split())}"


def _request_of(line: str) -> Request | None:
    verb, _, rest = line.partition(" ")
    first, _, reason = rest.partition(" ")
    if verb == "calls" and rest:
        return MoreCalls(rest)
    if verb == "snapshot" and reason:
        return TakeSnapshot(first, reason)
    if verb == "hold":
        with contextlib.suppress(ValueError):
            return HoldBack(float(first), reason)
    return None
