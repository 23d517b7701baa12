"""A server on the loopback that says whatever a test wants, byte by byte if need be."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

# Answers the request whose head has been read; the connection is kept while it returns True.
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[bool]]


@dataclass
class RawServer:
    """`requests` has the heads that came in, `connections` how many were opened, `open` how many still are."""

    answer: Answer
    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    open: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head)
                if not await self.answer(head, writer):
                    break
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def until_alone(self) -> None:
        """Waits until nobody is connected any more."""
        await until(lambda: not self.open)


@asynccontextmanager
async def raw_server(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Listens on a free port within the block."""
    server = RawServer(answer)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()


async def until(holds: Callable[[], bool]) -> None:
    """Waits until it holds, at most 10 s."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 (what is waited for sets no event)
            await asyncio.sleep(0.005)


def saying(*pieces: bytes | float, keep: bool = False) -> Answer:
    """Sends the bytes, sleeps for the numbers in between, and then keeps the connection or ends it."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> bool:
        for piece in pieces:
            if isinstance(piece, bytes):
                writer.write(piece)
                await writer.drain()
            else:
                await asyncio.sleep(piece)
        return keep

    return answer


def dripping(head: bytes, piece: bytes, pause: float = 0.0) -> Answer:
    """The head, and then that piece again and again for ever."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


def resetting(*pieces: bytes) -> Answer:
    """Sends the bytes and cuts the connection with a reset."""

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> bool:
        for piece in pieces:
            writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.02)  # else the reset may overtake the bytes
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False

    return answer
