"""Scrape probes against a portal whose page of metrics changes between the runs."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from baselines.measurement import Measurement, Outcome, Reason
from baselines.series import Direction, Unit
from probes import ProbeSet, series_of
from tests.clocks import ManualClock
from tests.probes.watched import Watched, watched
from tests.probes.web_server import WebServer, web_server

LATENCY = """
latency_bucket{le="0.1"} %d
latency_bucket{le="0.5"} %d
latency_bucket{le="+Inf"} %d
"""


def configuration(url: str, series: Mapping[str, Any], **entry: Any) -> Watched:
    """A scrape probe of that portal, every 30 s."""
    probe = {"kind": "scrape", "target": "portal", "category": "api_performance", "series": series, **entry}
    return watched({"portal": {"kind": "http", "url": url}}, {"traffic": probe})


def scrape(
    pages: Sequence[str], series: Mapping[str, Any], pauses: Sequence[float] = (), **entry: Any
) -> list[dict[str, Measurement]]:
    """The measurements of a run for each page by metric; 30 s lie between two runs, unless `pauses` says otherwise."""

    async def main() -> list[dict[str, Measurement]]:
        clock = ManualClock()
        async with web_server() as server:
            one = configuration(server.url, series, **entry)
            async with ProbeSet(one.probes, one.targets, clock) as probes:
                return [
                    await _run(probes, server, clock, page, pause) for page, pause in zip(pages, waits, strict=True)
                ]

    waits = pauses or [30.0] * len(pages)
    return asyncio.run(main())


async def _run(
    probes: ProbeSet, server: WebServer, clock: ManualClock, page: str, pause: float
) -> dict[str, Measurement]:
    server.pages["/metrics"] = page.encode()
    clock.advance(pause)
    measured = await probes.run("traffic", datetime.now(UTC))
    return {one.series.removeprefix("api_performance."): one for one in measured}


def values(runs: Sequence[Mapping[str, Measurement]], metric: str) -> list[float | Reason | None]:
    """Each run's value of that metric, or its reason for having none."""
    return [run[metric].value if run[metric].reason is None else run[metric].reason for run in runs]


def test_the_customers_figures_are_made_of_two_pages() -> None:
    """Requests a minute, error rate, 95th percentile and connections; the first run has only what is there now."""
    series = {
        "requests_per_minute": {"rate": "requests_total", "per": "1m"},
        "error_rate": {"ratio": 'requests_total{status=~"5.."}', "of": "requests_total", "minimum": 20},
        "response_time_p95": {"quantile": 0.95, "of": "latency"},
        "concurrent_connections": {"value": "requests_in_progress"},
    }
    first = 'requests_total{status="200"} 100\nrequests_in_progress{route="/"} 3\n' + LATENCY % (10, 20, 20)
    second = (
        'requests_total{status="200"} 390\nrequests_total{status="503"} 10\n'
        'requests_in_progress{route="/"} 1\nrequests_in_progress{route="/a"} 4\n' + LATENCY % (60, 120, 120)
    )
    runs = scrape([first, second], series)
    assert values(runs, "requests_per_minute") == [Reason.TOO_LITTLE, 600.0]
    assert values(runs, "error_rate") == [Reason.TOO_LITTLE, 10 / 300]
    assert values(runs, "response_time_p95") == [Reason.TOO_LITTLE, pytest.approx(0.46)]
    assert values(runs, "concurrent_connections") == [3.0, 5.0]
    assert runs[0]["error_rate"].outcome is Outcome.SKIPPED


def test_a_restart_of_the_portal_is_no_negative_rate() -> None:
    """Counters that went back count from zero."""
    runs = scrape(["requests_total 500", "requests_total 30"], {"seen": {"count": "requests_total"}})
    assert values(runs, "seen") == [Reason.TOO_LITTLE, 30.0]


def test_below_the_minimum_traffic_a_share_is_not_judged() -> None:
    """One error of one request is no error rate of 100 %; with traffic enough it is judged."""
    pages = [
        f'requests_total{{status="500"}} {errors}\nrequests_total{{status="200"}} {well}'
        for errors, well in [(0, 0), (1, 0), (2, 18), (3, 37)]
    ]
    series = {"error_rate": {"ratio": 'requests_total{status="500"}', "of": "requests_total", "minimum": 20}}
    runs = scrape(pages, series)
    assert values(runs, "error_rate") == [Reason.TOO_LITTLE, Reason.TOO_LITTLE, Reason.TOO_LITTLE, 1 / 20]
    assert runs[1]["error_rate"].detail == "1 counted, fewer than the minimum of 20"


def test_a_quantile_needs_traffic_too() -> None:
    """Without an observation there is no quantile."""
    series = {"p95": {"quantile": 0.95, "of": "latency"}}
    assert values(scrape([LATENCY % (1, 1, 1)] * 2, series), "p95")[1] is Reason.TOO_LITTLE


def test_a_mean_is_a_ratio_in_seconds() -> None:
    """Seconds by events are seconds."""
    series = {"generation_time": {"ratio": "latency_sum", "of": "latency_count", "unit": "seconds"}}
    runs = scrape(["latency_sum 10\nlatency_count 4", "latency_sum 16\nlatency_count 7"], series)
    assert values(runs, "generation_time")[1] == 2.0


def test_events_within_an_hour_add_up_and_leave() -> None:
    """A window reaches over many runs; what lies before it counts no more."""
    pages = [f"conflicts_total {number}" for number in (0, 2, 3, 3)]
    series = {"conflicts": {"count": "conflicts_total", "window": "1h"}}
    runs = scrape(pages, series, pauses=[1800] * 4, every="30m")
    assert values(runs, "conflicts") == [Reason.TOO_LITTLE, 2.0, 3.0, 1.0]


def test_after_a_long_pause_it_starts_anew() -> None:
    """What was counted while nobody looked says nothing of now."""
    pages = ["requests_total 0", "requests_total 9000", "requests_total 9030"]
    runs = scrape(pages, {"rate": {"rate": "requests_total"}}, pauses=[30, 151, 30])
    assert values(runs, "rate") == [Reason.TOO_LITTLE, Reason.TOO_LITTLE, 1.0]


def test_one_series_that_fails_leaves_the_others_as_they_are() -> None:
    """A metric that the page lacks is a failed assertion of its series, as are buckets that make no histogram and a
    value that is negative.
    """
    page = 'good 1\nbad -1\nnone NaN\nflat_bucket{le="1"} 1\nodd_bucket{a="b"} 1\nodd_bucket{le="+Inf"} 1\n'
    series = {
        "good": {"value": "good"},
        "negative": {"value": "bad"},
        "nothing": {"value": "none"},
        "missing": {"value": "missing"},
        "flat": {"quantile": 0.5, "of": "flat"},
        "odd": {"quantile": 0.5, "of": "odd"},
    }
    _, measured = scrape([page, page], series)
    reasons = {metric: one.reason for metric, one in measured.items()}
    assert reasons == {
        "good": None,
        "negative": Reason.ASSERTION,
        "nothing": Reason.TOO_LITTLE,
        "missing": Reason.ASSERTION,
        "flat": Reason.ASSERTION,
        "odd": Reason.ASSERTION,
    }
    assert measured["missing"].detail == "the page has no metric missing"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"path": "/broken"}, Reason.STATUS),
        ({"path": "/large", "max_body": 1000}, Reason.BODY_TOO_LARGE),
        ({"path": "/dropped"}, Reason.PROTOCOL),
    ],
)
def test_a_page_that_does_not_come_fails_every_series(entry: Mapping[str, Any], reason: Reason) -> None:
    """None of them has a value, and each says why."""
    series = {"a": {"value": "good"}, "b": {"rate": "good"}}
    (measured,) = scrape(["good 1"], series, **entry)
    assert [one.reason for one in measured.values()] == [reason, reason]


def test_a_late_page_is_no_time_of_the_portal() -> None:
    """Where the page takes too long, a series in seconds has no value: nobody waited for a request of the traffic."""

    async def main() -> Measurement:
        async with web_server() as server:
            one = configuration(
                server.url, {"p95": {"quantile": 0.95, "of": "latency"}}, path="/silent", timeout="100ms"
            )
            async with ProbeSet(one.probes, one.targets, ManualClock()) as probes:
                (measured,) = await probes.run("traffic", datetime.now(UTC))
                return measured

    measured = asyncio.run(main())
    assert (measured.outcome, measured.reason, measured.value) == (Outcome.ERROR, Reason.DEADLINE, None)


def test_the_series_are_known_beforehand() -> None:
    """Units by the way a figure is made, directions as declared, and none that is compared with a baseline."""
    series = {
        "p95": {"quantile": 0.95, "of": "latency"},
        "errors": {"ratio": "a", "of": "b"},
        "successes": {"ratio": "a", "of": "b", "direction": "floor"},
        "traffic": {"rate": "a_bytes", "unit": "bytes"},
        "conflicts": {"count": "a", "window": "1h"},
    }
    known = series_of(configuration("http://localhost", series).probes).values()
    assert [(one.metric, one.unit, one.direction) for one in known] == [
        ("p95", Unit.SECONDS, Direction.CEILING),
        ("errors", Unit.RATIO, Direction.CEILING),
        ("successes", Unit.RATIO, Direction.FLOOR),
        ("traffic", Unit.BYTES, Direction.CEILING),
        ("conflicts", Unit.COUNT, Direction.CEILING),
    ]
    assert not any(one.is_duration for one in known)


def test_the_series_say_what_a_value_stands_for() -> None:
    """What is new since the run before, or a whole window; and the traffic without which nothing is judged."""
    series = {
        "new": {"count": "a"},
        "hourly": {"count": "a", "window": "1h"},
        "rate": {"rate": "a"},
        "errors": {"ratio": "a", "of": "b", "minimum": 20},
        "p95": {"quantile": 0.95, "of": "latency", "minimum": 30},
    }
    known = series_of(configuration("http://localhost", series).probes).values()
    assert [one.increment for one in known] == [True, False, False, False, False]
    assert [one.minimum_traffic for one in known] == [None, None, None, 20, 30]


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({}, "at least 1 item"),
        ({"x": {}}, "one of: value, count, rate, ratio, quantile"),
        ({"x": 7}, "one of: value, count, rate, ratio, quantile"),
        ({"x": {"rate": "a{"}}, r"series.x.*\.rate.*\n.*unexpected end of input"),
        ({"x": {"rate": "sum(a)"}}, r"\.rate"),
        ({"x": {"ratio": "a"}}, r"\.of\n.*required"),
        ({"x": {"ratio": "a", "of": "b", "minimum": 0}}, r"\.minimum"),
        ({"x": {"quantile": 95, "of": "b"}}, r"\.quantile"),
        ({"x": {"value": "a", "window": "1h"}}, r"\.window\n.*not permitted"),
        ({"Bad Name": {"value": "a"}}, "Bad Name"),
    ],
)
def test_a_mistake_is_found_at_its_place(series: Mapping[str, Any], message: str) -> None:
    """Nothing waits for the first run to be refused."""
    with pytest.raises(ValidationError, match=message):
        configuration("http://localhost", series)


def test_it_reads_the_page_that_the_target_names() -> None:
    """The request asks for the text format."""

    async def main() -> Sequence[Mapping[str, str]]:
        async with web_server() as server:
            one = configuration(server.url, {"now": {"value": "requests_in_progress"}})
            async with ProbeSet(one.probes, one.targets, ManualClock()) as probes:
                await probes.run("traffic", datetime.now(UTC))
            return server.seen("/metrics")

    (headers,) = asyncio.run(main())
    assert headers["accept"].startswith("text/plain;version=0.0.4")
