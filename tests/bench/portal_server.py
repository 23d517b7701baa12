"""`python -m tests.bench.portal_server DSN KIND`: the demo portal, instrumented by us, by a peer, or by nobody.

Its first line is its port and the token of an adviser.
"""

import json
import socket
import sys
import time
from unittest.mock import patch

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator

from monitor.demo.portal import ADVISERS, create_portal
from monitor.demo.portal.access import Bearer, issue_token
from monitor.event_loop import run

_SECRET = "a secret of the benchmark, long enough to sign with"


async def main(dsn: str, kind: str) -> None:
    """Serve until killed."""
    portal = create_portal(dsn, secret=_SECRET)
    if kind == "peer":
        Instrumentator(registry=CollectorRegistry()).instrument(portal)
    if kind != "ours":
        # The portal instruments itself when it starts.
        patch("monitor.demo.portal.app.instrument").start()
    async with portal.router.lifespan_context(portal):
        if hasattr(portal.state, "portalwatch") != (kind == "ours"):
            raise SystemExit(f"the portal is not {kind}")
        token = issue_token(Bearer(ADVISERS[0], "adviser"), _SECRET, expires_at=time.time() + 3600)
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
            print(json.dumps([listener.getsockname()[1], token]), flush=True)
            config = uvicorn.Config(portal, log_config=None, access_log=False, lifespan="off")
            await uvicorn.Server(config).serve([listener])


if __name__ == "__main__":
    run(main(sys.argv[1], sys.argv[2]))
