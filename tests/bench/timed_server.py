"""A web server that takes 5 ms and knows it: `python -m tests.bench.timed_server` writes its port and serves.

`GET /service-times` answers with the seconds that each request took since it was last asked, from the moment that it
could be read to the moment that its answer was sent, and forgets them. It is made of bare sockets, so that accepting a
connection costs next to nothing that would be taken for the prober's own time.
"""

import heapq
import itertools
import json
import select
import socket
import time

SERVICE_SECONDS = 0.005
BODY = b'{"ok": true}'


class TimedServer:
    """One thread around select(), which waits to the microsecond where epoll waits to the millisecond."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self._connections: set[socket.socket] = set()
        self._due: list[tuple[float, int, float, socket.socket, bool]] = []
        self._numbers = itertools.count()
        self._taken: list[float] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def serve(self) -> None:
        """Serve until killed."""
        while True:
            patience = max(0.0, self._due[0][0] - time.perf_counter()) if self._due else None
            readable, _, _ = select.select([self._listener, *self._connections], [], [], patience)
            now = time.perf_counter()
            for one in readable:
                if one is self._listener:
                    self._accept(now)
                else:
                    self._read(one, now)
            while self._due and self._due[0][0] <= time.perf_counter():
                _, _, arrived, connection, close = heapq.heappop(self._due)
                self._answer(connection, BODY, close=close)
                self._taken.append(time.perf_counter() - arrived)

    def _accept(self, now: float) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.add(connection)
            self._read(connection, now)

    def _read(self, connection: socket.socket, now: float) -> None:
        try:
            data = connection.recv(65536)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self._close(connection)
        elif data.startswith(b"GET /service-times"):
            self._answer(connection, json.dumps(self._taken).encode(), close=True)
            self._taken.clear()
        else:
            close = b"connection: close" in data.lower()
            heapq.heappush(self._due, (now + SERVICE_SECONDS, next(self._numbers), now, connection, close))

    def _answer(self, connection: socket.socket, body: bytes, *, close: bool) -> None:
        ending = b"Connection: close\r\n" if close else b""
        connection.setblocking(True)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), ending, body))
        connection.setblocking(False)
        if close:
            self._close(connection)

    def _close(self, connection: socket.socket) -> None:
        self._connections.discard(connection)
        connection.close()


if __name__ == "__main__":
    server = TimedServer()
    print(server.port, flush=True)
    server.serve()
