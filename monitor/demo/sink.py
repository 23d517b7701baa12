"""Where the demo's alerts arrive: a real HTTP server on loopback that keeps what it is sent."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message as it arrived: the channel is the last part of the path it was posted to."""

    channel: str
    title: str
    message: str


@dataclass(slots=True)
class Sink:
    """The server's address, and what it got so far."""

    port: int
    delivered: list[Delivered] = field(default_factory=list)

    def url(self, channel: str) -> str:
        """The Apprise URL of a channel that posts JSON here."""
        return f"json://127.0.0.1:{self.port}/{channel}"

    def wait(self, count: int, seconds: float) -> bool:
        """Wait until so many messages have arrived; False where they have not after that long."""
        deadline = time.monotonic() + seconds
        while len(self.delivered) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return len(self.delivered) >= count


@contextmanager
def running_sink() -> Iterator[Sink]:
    """A sink on a free port, for the time of the context."""
    sink = Sink(port=0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            channel = self.path.strip("/").rpartition("/")[2]
            sink.delivered.append(Delivered(channel, body.get("title", ""), body.get("message", "")))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
