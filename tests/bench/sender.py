"""`python -m tests.bench.sender PORT TOKEN`: a front end that fails a lot, over connections that it keeps.

A line `{"seconds": S, "rate": R}` on standard input is answered with how many errors were accepted and how long that
took; a rate of 0 is as fast as answers come.
"""

import asyncio
import itertools
import json
import sys
import time

from monitor.event_loop import run

_CONNECTIONS = 16
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
                "message": f"client {number} is undefined (reading 'k{'abcdefghij'[number % 10]}')",
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


async def _send(port: int, token: str, until: float, rate: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    accepted, due = 0, time.perf_counter()
    while time.perf_counter() < until:
        if rate:
            due += _CONNECTIONS / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(_request(token))
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        accepted += head.startswith(b"HTTP/1.1 202")
    writer.close()
    return accepted


async def main(port: int, token: str) -> None:
    """Serve orders until standard input ends."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        started = time.perf_counter()
        until = started + order["seconds"]
        counts = await asyncio.gather(*(_send(port, token, until, order["rate"]) for _ in range(_CONNECTIONS)))
        print(json.dumps([sum(counts), time.perf_counter() - started]), flush=True)


if __name__ == "__main__":
    run(main(int(sys.argv[1]), sys.argv[2]))
