"""Where alerts arrive: an HTTP server that notes what comes and when, in a process of its own.

`python -m tests.bench.alert_sink` writes its port and serves. `POST /path` is noted as soon as it is whole, and
answered with 200; `PUT /path` takes a path out, so that it answers with 503 and notes nothing, and `DELETE /path`
brings it back. `GET /arrivals` answers with what was noted since it was last asked. The time is `time.monotonic()`,
which all processes of a machine share.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Self

from monitor.event_loop import run

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that the sink confirmed. `at`: seconds of `time.monotonic()`."""

    at: float
    path: str
    body: str


class Sink:
    """A running sink, as the benchmark that started it sees it."""

    def __init__(self, port: int) -> None:
        self.port = port

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        """A sink that ends with the block."""
        command = [sys.executable, "-m", "tests.bench.alert_sink"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield cls(int(process.stdout.readline()))
            finally:
                process.kill()

    def arrivals(self) -> list[Arrival]:
        """What came since the last call, in the order in which it came."""
        return [Arrival(*one) for one in json.loads(self._ask("GET", "/arrivals"))]

    def take_out(self, path: str) -> None:
        """Confirm nothing that is sent to that path from now on."""
        self._ask("PUT", path)

    def bring_back(self, path: str) -> None:
        """Confirm it again."""
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path)
            return connection.getresponse().read()
        finally:
            connection.close()


class _Server:
    def __init__(self) -> None:
        self._arrivals: list[tuple[float, str, str]] = []
        self._out: set[str] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until its other end closes it or dies."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                method, path, _ = head.decode().split(" ", 2)
                status, answer = self._answer(method, path, body)
                writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(answer), answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, method: str, path: str, body: bytes) -> tuple[bytes, bytes]:
        answer = b""
        match method:
            case "GET":
                answer = json.dumps(self._arrivals).encode()
                self._arrivals.clear()
            case "PUT":
                self._out.add(path)
            case "DELETE":
                self._out.discard(path)
            case _ if path in self._out:
                return b"503 Service Unavailable", b""
            case _:
                self._arrivals.append((time.monotonic(), path, body.decode()))
        return b"200 OK", answer


async def _serve() -> None:
    server = await asyncio.start_server(_Server().serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    run(_serve())
