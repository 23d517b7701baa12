"""A web server that misbehaves in the way it is told to, down to the bytes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_DRIP_SECONDS = 0.05
_GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
# Sent at once; then the connection ends, unless the answer is a whole one.
_ANSWERS = {
    "reset mid-body": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of",
    "invalid chunking": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno number\r\n",
    "garbage": b"\x00\x01 this is no HTTP\r\n\r\n",
    "redirect loop": b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n",
    "401": b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
}
_WHOLE = ("redirect loop", "401")


class FaultyServer:
    """`fault` is how it answers now; None: well. `refuse` and `listen` take it away and bring it back."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self.port = 0
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def listen(self) -> None:
        """On the same port as before."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Nobody listens, and whoever was connected is thrown out."""
        if self._listener is not None:
            self._listener.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                if not await self._answer(writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _answer(self, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection is of further use."""
        match self.fault:
            case None:
                writer.write(_GOOD)
                return True
            case "slow headers":
                await _drip(writer, _GOOD)
                return True
            case "slow drip":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                await _drip(writer, b"x" * 1000)
                return True
            case "endless":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
                while not writer.is_closing():
                    writer.write(b"x" * 65536)
                    await writer.drain()
                    await asyncio.sleep(0.001)
                return False
            case fault:
                writer.write(_ANSWERS[fault])
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
                return fault in _WHOLE


async def _drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    for byte in data:
        if writer.is_closing():
            return
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(_DRIP_SECONDS)


@asynccontextmanager
async def faulty_server() -> AsyncIterator[FaultyServer]:
    """Listens on a free port within the block."""
    server = FaultyServer()
    await server.listen()
    try:
        yield server
    finally:
        server.refuse()
