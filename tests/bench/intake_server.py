"""`python -m tests.bench.intake_server`: the service's application on a store of its own, taking errors in.

Its first line is its port and a token; a line on standard input is answered with how many errors were written.
"""

import asyncio
import json
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn

from monitor.access import Right
from monitor.clock import SystemClock
from monitor.database import migrate
from monitor.embedded import EmbeddedServer
from monitor.event_loop import run
from tests.monitor.web.served import application


async def main(dsn: str) -> None:
    """Serve until killed."""
    await migrate(dsn)
    clock = SystemClock()
    async with application(dsn, clock, configured={"ingest": {"overall": 1_000_000}}) as (app, _, _, tokens, errors):
        token = await tokens.create("bench", Right.INGEST, clock.now())
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
            config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
            async with asyncio.TaskGroup() as group:
                group.create_task(errors.writer.run())
                group.create_task(uvicorn.Server(config).serve([listener]))
                print(json.dumps([listener.getsockname()[1], token]), flush=True)
                while await asyncio.to_thread(sys.stdin.readline):
                    await errors.writer.flush()
                    found = await errors.store.groups(clock.now().replace(year=2000), limit=1_000)
                    print(sum(one.occurrences for one in found), flush=True)


def opened(directory: Path) -> Path:
    """Root's PostgreSQL runs as another user, who must be able to enter."""
    directory.chmod(0o755)
    return directory


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedServer.start(opened(Path(directory)) / "server", durable=False) as server,
    ):
        run(main(server.dsn("postgres")))
