"""The instrumented demo portal under load: its own figures against the load generator's counts."""

import asyncio
import time
from collections import Counter

import httpx
from prometheus_client.parser import text_string_to_metric_families

from monitor.demo.faults import Fault, switch
from tests.monitor.demo.conftest import portal_database
from tests.monitor.demo.served_portal import eventually, logged_in, served
from tests.monitor.instrumentation.served_app import values

__all__ = ["portal_database"]

ROUTE = "/api/client_groups/{group_id}/products"
USERS = 4
REQUESTS = 400


def test_the_portals_figures_agree_with_the_load_generators(portal_database: str) -> None:
    """While an endpoint fails: each status, and so the error rate and the requests a minute, to the request; p95
    within the bucket that the caller's own p95 is in; in-flight as many as are on their way.
    """
    asyncio.run(switch(portal_database, Fault.FAILING_ENDPOINT, on=True))
    with served(portal_database) as url, logged_in(url) as client:
        assert eventually(lambda: client.get("/api/client_groups/1/products").status_code == 500)
        before = _figures(url)
        statuses, seconds, most = asyncio.run(_load(url, client.headers["Authorization"]))
        after = _figures(url)

        counted = Counter(
            {
                int(status): after[0].get((method, route, status), 0) - before[0].get((method, route, status), 0)
                for method, route, status in after[0]
                if route == ROUTE
            }
        )
        assert counted == statuses
        assert statuses[500] > 0
        assert statuses.total() == REQUESTS

        # A caller sees all that the portal sees, and the way.
        buckets = {bound: count - before[1].get(bound, 0) for bound, count in after[1].items()}
        p95 = sorted(seconds)[round(0.95 * REQUESTS) - 1]
        below = {bound: sum(one <= bound for one in seconds) for bound in buckets}
        assert buckets[float("inf")] == REQUESTS
        assert all(buckets[bound] >= below[bound] for bound in buckets)
        upper = min(bound for bound, count in buckets.items() if count >= 0.95 * REQUESTS)
        assert upper <= min(bound for bound in buckets if bound >= p95)
        total = after[2] - before[2]
        assert 0 < total < sum(seconds)
        assert 1 <= most <= USERS
        assert values(httpx.get(f"{url}/metrics").text, "http_requests_in_progress") == {(): 0}


def test_p95_is_what_callers_wait(portal_database: str) -> None:
    """A dependency that takes 0.3 s: no request is below that, and none above what its caller has waited."""
    asyncio.run(switch(portal_database, Fault.SLOW_ENDPOINT, on=True, size=0.3))
    with served(portal_database) as url, logged_in(url) as client:
        time.sleep(1)  # a switched fault shows within a quarter of a second
        seconds = list[float]()
        for _ in range(10):
            started = time.perf_counter()
            assert client.get("/api/analytics/portfolio_summary").status_code == 200
            seconds.append(time.perf_counter() - started)
        _, buckets, total = _figures(url, "/api/analytics/portfolio_summary")
    assert (buckets[0.25], buckets[float("inf")]) == (0, 10)
    assert min(bound for bound, count in buckets.items() if count == 10) <= min(b for b in buckets if b >= max(seconds))
    assert 10 * 0.3 <= total < sum(seconds)


def test_in_flight_is_exact_while_requests_hang(portal_database: str) -> None:
    """Three requests that do not come back are three; none of them is over, so none is counted."""
    asyncio.run(switch(portal_database, Fault.HANGING_ENDPOINT, on=True))

    async def hang(url: str, token: str) -> None:
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": token}, timeout=60) as client:
            asked = [asyncio.create_task(client.get("/portfolios")) for _ in range(3)]
            assert await asyncio.to_thread(eventually, lambda: _in_flight(url) == 3)
            assert ("GET", "/portfolios", "200") not in _figures(url)[0]
            await switch(portal_database, Fault.HANGING_ENDPOINT, on=False)
            assert [(await one).status_code for one in asked] == [200, 200, 200]
            assert _figures(url)[0]["GET", "/portfolios", "200"] == 3
            assert _in_flight(url) == 0

    with served(portal_database) as url, logged_in(url) as client:
        time.sleep(1)  # a switched fault shows within a quarter of a second
        asyncio.run(hang(url, client.headers["Authorization"]))


async def _load(url: str, token: str) -> tuple[Counter[int], list[float], float]:
    """Statuses and seconds of all requests as their callers saw them, and the most in flight that the portal said."""
    statuses, seconds, in_flight = Counter[int](), list[float](), list[float]()

    async with httpx.AsyncClient(base_url=url, headers={"Authorization": token}, timeout=60) as client:

        async def use(number: int) -> None:
            for turn in range(REQUESTS // USERS):
                started = time.perf_counter()
                answer = await client.get(f"/api/client_groups/{1 + (number * 31 + turn) % 130}/products")
                seconds.append(time.perf_counter() - started)
                statuses[answer.status_code] += 1

        async def look() -> None:
            while True:
                in_flight.append(values((await client.get("/metrics")).text, "http_requests_in_progress")[()])
                await asyncio.sleep(0.02)

        looking = asyncio.create_task(look())
        await asyncio.gather(*(use(number) for number in range(USERS)))
        looking.cancel()
    return statuses, seconds, max(in_flight)


def _in_flight(url: str) -> float:
    return values(httpx.get(f"{url}/metrics").text, "http_requests_in_progress")[()]


def _figures(url: str, of_route: str = ROUTE) -> tuple[dict[tuple[str, ...], float], dict[float, float], float]:
    """Requests by method, route and status; of one route, those up to each bound, and their seconds."""
    page = httpx.get(f"{url}/metrics").text
    buckets, total = dict[float, float](), 0.0
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.labels.get("route") == of_route:
                if sample.name == "http_request_duration_seconds_bucket":
                    buckets[float(sample.labels["le"])] = sample.value
                elif sample.name == "http_request_duration_seconds_sum":
                    total = sample.value
    return values(page, "http_requests_total"), buckets, total
