"""`python -m tests.bench.sender PORT TOKEN`: a front end that fails a lot, over connections that it keeps.

A line `{"seconds": S, "rate": R}` on standard input is answered with an empty line once it begins, then with how many
errors were accepted and how long that took; a rate of 0 is as fast as answers come. Whatever can be made beforehand is:
browsers fail on machines of their own, and this one is the service's and the probe's.
"""

import asyncio
import itertools
import json
import sys
from collections.abc import Iterator
from typing import cast

from monitor.event_loop import run

_CONNECTIONS = 16
# More than any service here takes in a second.
_FASTEST = 5_000
_NUMBERS = itertools.count()
_STACK = "\n".join(
    [
        "TypeError: x",
        *(f"    at f{line} (https://portal.example/static/main.8f3a2b1c.js:{line}:17)" for line in range(15)),
    ]
)


def _request(token: str) -> bytes:
    number = next(_NUMBERS)
    body = json.dumps(
        {
            "error": {
                "name": "TypeError",
                "message": f"client {number} is undefined, reading {'abcdefghij'[number // 50 % 10]}",
                "stack": _STACK.replace("f3 ", f"g{number % 50} "),
            },
            "context": {
                "correlationId": f"fe_{number}",
                "userId": number,
                "component": f"component {'abcdefgh'[number % 8]}",
                "action": "load",
                "timestamp": "2026-03-02T08:00:00Z",
                "userAgent": "Mozilla/5.0 (X11; rv:131.0) Gecko/20100101 Firefox/131.0",
                "url": f"https://portal.example/clients/{number}",
            },
        }
    ).encode()
    head = (
        "POST /api/errors/track HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Browser(asyncio.Protocol):
    """Sends one error after the other, each when it is due and the one before was answered."""

    def __init__(self, requests: Iterator[bytes], until: float, every: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._requests = requests
        self._until = until
        self._every = every
        self._due = self._loop.time()
        self.accepted = 0
        self.is_done = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._send()

    def data_received(self, data: bytes) -> None:
        self.accepted += data.startswith(b"HTTP/1.1 202")
        # Head and body may come one after the other.
        if not data.endswith(b"}"):
            return
        self._due += self._every
        if self._due > self._loop.time():
            self._loop.call_at(self._due, self._send)
        else:
            self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.is_done.done():
            self.is_done.set_result(None)

    def _send(self) -> None:
        request = next(self._requests, None) if self._loop.time() < self._until else None
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)


async def main(port: int, token: str) -> None:
    """Serve orders until standard input ends."""
    loop = asyncio.get_running_loop()
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        rate = order["rate"] or _FASTEST
        requests = iter([_request(token) for _ in range(int(order["seconds"] * rate))])
        print(flush=True)
        started = loop.time()
        every = _CONNECTIONS / rate if order["rate"] else 0.0
        browsers = [_Browser(requests, started + order["seconds"], every) for _ in range(_CONNECTIONS)]
        for one in browsers:
            await loop.create_connection(lambda one=one: one, "127.0.0.1", port)  # type: ignore[misc]
        await asyncio.gather(*(one.is_done for one in browsers))
        print(json.dumps([sum(one.accepted for one in browsers), loop.time() - started]), flush=True)


if __name__ == "__main__":
    run(main(int(sys.argv[1]), sys.argv[2]))
