"""Runs the portal until it is told to stop.

Secrets come by environment, never on the command line, where every user of the machine could read them.
"""

import argparse
import os
import socket
import sys

import uvicorn

from monitor import InstrumentationSettings
from monitor.demo.portal.app import create_portal


def main() -> int:
    """Serves on a port of this machine, or on a socket that the caller has bound and passed on."""
    parser = argparse.ArgumentParser(
        prog="python -m monitor.demo.portal",
        description="The demo portal. By environment come DATABASE_URL, JWT_SECRET, ACCESS_TOKEN_EXPIRE_MINUTES, "
        "WATCH_URL, of a portalwatch that its pages tell of visits, and WATCH_TOKEN, to report its own failures there.",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", type=int, default=8001, help="port on 127.0.0.1 (default: 8001)")
    where.add_argument("--fd", type=int, help="file descriptor of a bound socket, in place of a port")
    parser.add_argument("--dsn-env", default="DATABASE_URL", help="environment variable that holds the DSN")
    arguments = parser.parse_args()

    missing = [name for name in (arguments.dsn_env, "JWT_SECRET") if not os.environ.get(name)]
    if missing:
        print(f"the portal needs {' and '.join(missing)} in its environment", file=sys.stderr)
        return 2
    minutes = os.environ.get("ACCESS_TOKEN_EXPIRE_MINUTES", "30")
    if not minutes.isdecimal() or int(minutes) < 1:
        print("ACCESS_TOKEN_EXPIRE_MINUTES must be a whole number of minutes, at least 1", file=sys.stderr)
        return 2
    watch_url, watch_token = os.environ.get("WATCH_URL"), os.environ.get("WATCH_TOKEN")
    reports = {"report_url": f"{watch_url}/api/errors/track", "report_token": watch_token}
    portal = create_portal(
        os.environ[arguments.dsn_env],
        secret=os.environ["JWT_SECRET"],
        token_minutes=int(minutes),
        watch_url=watch_url,
        instrumentation=InstrumentationSettings(log_format="json", **reports if watch_url and watch_token else {}),
    )
    # A request that hangs by fault must not keep a stopped portal alive.
    config = uvicorn.Config(
        portal,
        host="127.0.0.1",
        port=arguments.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    # Not uvicorn's own `fd`: it takes the socket for a unix one, and small answers would wait (no TCP_NODELAY).
    sockets = None if arguments.fd is None else [socket.socket(fileno=arguments.fd)]
    uvicorn.Server(config).run(sockets=sockets)
    return 0


if __name__ == "__main__":
    sys.exit(main())
