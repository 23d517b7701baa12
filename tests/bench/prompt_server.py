"""`python -m tests.bench.prompt_server`: a web server that is never the bottleneck; its first line is its port."""

import asyncio
from typing import cast

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class _Prompt(asyncio.Protocol):
    """Answers every request the same, and keeps the connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        # A client that waits for its answer sends a request in one piece.
        self._transport.write(ANSWER * data.count(b"\r\n\r\n"))


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(_Prompt, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
