"""A web server on the loopback that answers as a test tells it to, and keeps what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """What came in; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What goes out; `body` is written as JSON unless it is bytes."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)

    def written(self) -> bytes:
        """The bytes of it."""
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        return (
            "\r\n".join([f"HTTP/1.1 {self.status} X", f"Content-Length: {len(body)}", *lines, "", ""]).encode() + body
        )


def moved(location: str, status: int = 302) -> Reply:
    """A redirect."""
    return Reply(status, headers={"Location": location})


@dataclass
class ScriptedServer:
    """`url` of a running one, and the requests in their order."""

    answer: Callable[[Request], Reply]
    url: str = ""
    requests: list[Request] = field(default_factory=list)

    def seen(self, path: str) -> list[Request]:
        """The requests for that path."""
        return [one for one in self.requests if one.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """All exchanges of one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, path, _ = head[0].split(" ")
                parted = (line.partition(": ") for line in head[1:] if line)
                headers = {name.lower(): value for name, _, value in parted}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                request = Request(method, path, headers, body)
                self.requests.append(request)
                await asyncio.sleep(0.01)  # so that what runs at the same time meets
                writer.write(self.answer(request).written())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def scripted_server(answer: Callable[[Request], Reply]) -> AsyncIterator[ScriptedServer]:
    """Listens on a free port within the block."""
    server = ScriptedServer(answer)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
