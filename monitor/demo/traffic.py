"""What goes on in the portal besides our probes: advisers read, and hand shares of products over and back.

No probe writes as they do, and the migration makes just that write dearer. It runs as a process of its own, so that it
makes no probe late; the portal's URL and the advisers' password come by environment.
"""

import contextlib
import os
import random
import time
from collections.abc import Iterator
from http import HTTPStatus

import httpx

from monitor.demo.portal import ADVISERS, LARGE

URL_VARIABLE = "DEMO_PORTAL_URL"
PASSWORD_VARIABLE = "DEMO_PORTAL_PASSWORD"

_CALLS_PER_SECOND = 8.0
_READS_SHARE = 0.25
_PATIENCE_SECONDS = 2.0

# Method, path, and what is sent.
Call = tuple[str, str, dict[str, int] | None]


def calls(seed: int) -> Iterator[Call]:
    """Calls without end, the same for the same seed."""
    chance = random.Random(seed)
    while True:
        group = chance.randrange(130) + 1
        if chance.random() < _READS_SHARE:
            yield "GET", f"/api/client_groups/{group}/products", None
        elif group % 4:  # The others have one owner only.
            yield from _there_and_back(group, chance)


def _there_and_back(group: int, chance: random.Random) -> Iterator[Call]:
    """Every third product is its group's first owner's alone, and stays so in the end."""
    last = group * LARGE.products_per_group
    product = chance.randrange((last - LARGE.products_per_group) // 3, last // 3) * 3 + 3
    first, second = 3 * group - 2, 3 * group - 1
    for giver, taker in ((first, second), (second, first)):
        yield "PUT", f"/api/products/{product}/owner", {"from_owner": giver, "to_owner": taker}


def main() -> None:
    """Calls until it is ended; whether the portal answers is for others to judge."""
    with httpx.Client(base_url=os.environ[URL_VARIABLE], timeout=_PATIENCE_SECONDS) as portal:
        for method, path, body in calls(seed=8001):
            started = time.monotonic()
            with contextlib.suppress(httpx.TransportError):
                if portal.request(method, path, json=body).status_code == HTTPStatus.UNAUTHORIZED:
                    _log_in(portal)
            time.sleep(max(0.0, started + 1 / _CALLS_PER_SECOND - time.monotonic()))


def _log_in(portal: httpx.Client) -> None:
    credentials = {"username": ADVISERS[0], "password": os.environ[PASSWORD_VARIABLE]}
    answer = portal.post("/auth/login", json=credentials)
    if answer.status_code == HTTPStatus.OK:
        portal.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


if __name__ == "__main__":
    main()
