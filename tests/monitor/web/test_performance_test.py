"""The figure of the rollback script: what an endpoint took, whatever it took to fail, or why there is none."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from baselines import Measurement, Outcome, Reason
from baselines.postgres import PostgresMeasurements
from monitor.access import AccessTokens
from monitor.database import store_pool
from monitor.web.performance_test import performance_test_routes
from monitor.web.rights import Gate
from probes import ProbeSettings, load_probe_kinds, series_of
from tests.alerts.house import START, ManualClock


def probe(name: str, category: str = "api_endpoints") -> ProbeSettings:
    """An endpoint with a deadline of 30 s."""
    kind = load_probe_kinds()["http"].settings
    return kind.model_validate({"name": name, "kind": "http", "category": category, "target": "portal", "path": "/"})


PROBES = {one.name: one for one in (probe("a"), probe("b"), probe("c", "reachability"))}


def call(series: str, value: float | None, reason: Reason | None = None, *, minutes_ago: float = 1) -> Measurement:
    """One call some minutes ago."""
    at = START - timedelta(minutes=minutes_ago)
    outcome = Outcome.OK if reason is None else Outcome.TIMEOUT if value is not None else Outcome.ERROR
    return Measurement(series=series, intended_at=at, started_at=at, outcome=outcome, value=value, reason=reason)


def answered(store: str, calls: Sequence[Measurement]) -> list[httpx.Response]:
    """What is answered after those calls, and again after another one that took 20 s."""

    async def run() -> list[httpx.Response]:
        clock, registry = ManualClock(), series_of(PROBES)
        async with store_pool(store) as pool:
            measurements, app = PostgresMeasurements(pool), FastAPI()
            await measurements.register(registry)
            await measurements.append(calls)
            gate = Gate(AccessTokens(pool), clock, operators_need_token=True)
            app.include_router(performance_test_routes(measurements, registry, PROBES, gate, clock))
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                first = await client.get("/api/performance/test")
                await measurements.append([call("api_endpoints.a", 20.0, minutes_ago=0.5)])
                return [first, await client.get("/api/performance/test")]

    return asyncio.run(run())


def test_it_is_the_mean_over_endpoints_in_milliseconds_and_kept_for_a_moment(store: str) -> None:
    """Each endpoint counts once; what is older than five minutes, or no endpoint, does not; nobody needs a token."""
    calls = [
        *(call("api_endpoints.a", 0.1) for _ in range(3)),
        call("api_endpoints.b", 0.3),
        call("api_endpoints.b", 9.0, minutes_ago=6),
        call("reachability.c", 7.0),
    ]
    first, again = answered(store, calls)
    assert first.status_code == 200
    assert first.json()["average_response_time"] == pytest.approx(200.0)
    assert (first.json()["series"], first.json()["calls"], first.json()["failed_calls"]) == (2, 4, 0)
    assert again.json() == first.json()


def test_failures_make_it_slow_and_not_fast(store: str) -> None:
    """A time-out counts as what was waited, a refusal as the deadline of its probe: the script must not pass."""
    (first, _) = answered(
        store, [call("api_endpoints.a", 12.0, Reason.READ_TIMEOUT), call("api_endpoints.b", None, Reason.REFUSED)]
    )
    assert first.json()["average_response_time"] == pytest.approx((12.0 + 30.0) / 2 * 1000)
    assert first.json()["failed_calls"] == 2


def test_nothing_measured_is_no_success(store: str) -> None:
    """503 with the reason, and no figure that a script could take for one."""
    (first, _) = answered(store, [])
    assert first.status_code == 503
    assert "average_response_time" not in first.text
    assert "last 5 minutes" in first.json()["detail"]
