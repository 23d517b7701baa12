"""A portal of the tests: a real uvicorn on a free port of the loopback, and a client that has logged in."""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx

import tests.served
from monitor.demo.portal import ADVISERS, create_portal

PASSWORD = "only for the tests"
SERVICE_PASSWORD = "only for the probes of the tests"
SECRET = "a secret of the tests, long enough to sign with"


def served(dsn: str, watch_url: str | None = None) -> AbstractContextManager[str]:
    """The URL of a portal on this database, for as long as the block lasts."""
    return tests.served.served(create_portal(dsn, secret=SECRET, watch_url=watch_url))


@contextlib.contextmanager
def logged_in(url: str, user: str = ADVISERS[0], password: str = PASSWORD) -> Iterator[httpx.Client]:
    """A client with the token of a user, the first adviser unless another is named."""
    with httpx.Client(base_url=url, timeout=10) as client:
        answer = client.post("/auth/login", json={"username": user, "password": password})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


def eventually(holds: Callable[[], bool], *, within_seconds: float = 15) -> bool:
    """Whether something comes true before the time is over."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False
