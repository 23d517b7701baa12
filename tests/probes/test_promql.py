"""PromQL probes against a real Prometheus that scrapes a small page."""

import asyncio
import math
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from baselines.measurement import Measurement, Outcome, Reason
from baselines.series import Direction, Unit
from probes import ProbeSet, series_of
from probes.metrics.quantile import histogram_quantile
from tests.dashboards.promtool import tool
from tests.probes.watched import Watched, watched, with_probes
from tests.probes.web_server import web_server

PATIENCE_SECONDS = 60.0
BUCKETS = {0.1: 50.0, 0.5: 80.0, 1.0: 98.0, math.inf: 100.0}
PAGE = "".join(
    [
        'requests_total{status="200"} 97\nrequests_total{status="500"} 3\nnothing_total 0\n',
        *(f'latency_bucket{{le="{bound:g}"}} {count:g}\n' for bound, count in BUCKETS.items()),
    ]
).replace("inf", "+Inf")

SCALAR = b'{"data": {"resultType": "scalar", "result": [0, "many"]}}'


class Page(BaseHTTPRequestHandler):
    """The page that Prometheus scrapes."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that has scraped the page."""
    program = tool("prometheus")
    page = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    directory: Path = tmp_path_factory.mktemp("prometheus")
    scrape = {"job_name": "portal", "static_configs": [{"targets": [f"127.0.0.1:{page.server_port}"]}]}
    (directory / "prometheus.yml").write_text(
        yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]})
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    server = subprocess.Popen(
        [
            program,
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={address}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_scraped(f"http://{address}")
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(timeout=20)
        page.shutdown()
        page.server_close()


def _wait_until_scraped(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/api/v1/query?query=requests_total", timeout=5) as answer:
                if b"500" in answer.read():
                    return
        except OSError:
            pass
        time.sleep(0.2)
    pytest.fail("Prometheus has not scraped the page")


def configuration(url: str, series: Mapping[str, Any], **entry: Any) -> Watched:
    """A probe that asks that Prometheus."""
    probe = {"kind": "promql", "target": "prometheus", "category": "api_performance", "series": series, **entry}
    return watched({"prometheus": {"kind": "http", "url": url}}, {"traffic": probe})


def ask(url: str, series: Mapping[str, Any]) -> dict[str, Measurement]:
    """The measurements of one run by metric."""

    async def use(probes: ProbeSet) -> dict[str, Measurement]:
        measured = await probes.run("traffic", datetime.now(UTC))
        return {one.series.removeprefix("api_performance."): one for one in measured}

    return asyncio.run(with_probes(configuration(url, series), use))


def test_numbers_come_from_prometheus(prometheus: str) -> None:
    """A vector of one sample and a scalar are values; a query may contain whatever a URL has to escape."""
    errors = 'sum(requests_total{status=~"5..|%&+ ?#"}) / sum(requests_total)'
    measured = ask(
        prometheus, {"error_rate": {"query": errors, "unit": "ratio"}, "two": {"query": "scalar(vector(2))"}}
    )
    assert {name: (one.outcome, one.value) for name, one in measured.items()} == {
        "error_rate": (Outcome.OK, 0.03),
        "two": (Outcome.OK, 2.0),
    }


@pytest.mark.parametrize("quantile", [0.25, 0.5, 0.65, 0.95, 0.98, 0.99])
def test_our_quantiles_are_those_of_prometheus(prometheus: str, quantile: float) -> None:
    """What a scrape probe estimates from a histogram is what Prometheus' histogram_quantile does."""
    measured = ask(prometheus, {"quantile": {"query": f"histogram_quantile({quantile}, latency_bucket)"}})
    assert measured["quantile"].value == pytest.approx(histogram_quantile(quantile, BUCKETS))


@pytest.mark.parametrize(
    ("series", "reason", "detail"),
    [
        ({"query": "requests_of_nobody"}, Reason.TOO_LITTLE, "there is no data"),
        ({"query": "sum(nothing_total) / sum(nothing_total)"}, Reason.TOO_LITTLE, "nothing to judge"),
        ({"query": "requests_total"}, Reason.ASSERTION, "expected one number, found 2; aggregate them or select one"),
        ({"query": "requests_total[1m]"}, Reason.ASSERTION, "a matrix"),
        ({"query": "-sum(requests_total)"}, Reason.ASSERTION, "not negative"),
        ({"query": "requests_total * on() latency_bucket"}, Reason.STATUS, "answered 422: found duplicate series"),
        (
            {"query": "vector(1)", "minimum": {"query": "sum(requests_total)", "at_least": 101}},
            Reason.TOO_LITTLE,
            "100",
        ),
        ({"query": "vector(1)", "minimum": {"query": "nobody", "at_least": 1}}, Reason.TOO_LITTLE, "no data"),
        ({"query": "vector(1)", "minimum": {"query": "sum(requests_total)", "at_least": 100}}, None, ""),
    ],
)
def test_an_answer_that_is_no_number_concerns_its_series_alone(
    prometheus: str, series: Mapping[str, Any], reason: Reason | None, detail: str
) -> None:
    """No data is neither good nor bad, several samples fail; an error's own words are kept, bounded."""
    measured = ask(prometheus, {"asked": series, "other": {"query": "vector(1)"}})
    assert measured["asked"].reason is reason
    assert detail in measured["asked"].detail
    assert len(measured["asked"].detail) < 250
    assert measured["other"].outcome is Outcome.OK


def test_another_server_is_no_prometheus() -> None:
    """Whatever else answers at the place is a failed assertion in words."""

    async def main() -> list[Measurement]:
        async with web_server() as server:
            one = configuration(server.url, {"asked": {"query": "vector(1)"}})

            async def use(probes: ProbeSet) -> list[Measurement]:
                found = []
                for page in (
                    b"<html>",
                    b'{"data": {"resultType": "vector", "result": [{"histogram": 1}]}}',
                    b"[]",
                    SCALAR,
                ):
                    server.pages["/api/v1/query"] = page
                    found += await probes.run("traffic", datetime.now(UTC))
                return found

            return await with_probes(one, use)

    details = [one.detail for one in asyncio.run(main())]
    assert details == [
        "expected one number, found no answer of Prometheus",
        "expected one number, found a vector of something else",
        "expected one number, found no answer of Prometheus",
        "expected one number, found a scalar of something else",
    ]


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({}, "at least 1 item"),
        ({"x": {"query": "sum("}}, r"series\.x\.query"),
        ({"x": {"query": "nosuchfunction(up)"}}, "nosuchfunction"),
        ({"x": {"query": "up", "minimum": {"query": "sum(", "at_least": 1}}}, r"minimum\.query"),
        ({"x": {"query": "up", "minimum": {"query": "up", "at_least": 0}}}, r"minimum\.at_least"),
        ({"x": {"query": "up", "unit": "percent"}}, r"\.unit"),
    ],
)
def test_a_mistake_is_found_at_its_place(series: Mapping[str, Any], message: str) -> None:
    """A query that is no PromQL is refused with the configuration."""
    with pytest.raises(ValidationError, match=message):
        configuration("http://localhost", series)


def test_the_series_are_known_beforehand() -> None:
    """With their unit and direction; a time that Prometheus tells is not compared with a baseline."""
    series = {
        "p95": {"query": "up", "unit": "seconds"},
        "good": {"query": "up", "unit": "ratio", "direction": "floor", "minimum": {"query": "up", "at_least": 20}},
    }
    known = series_of(configuration("http://localhost", series).probes).values()
    assert [(one.metric, one.unit, one.direction, one.is_duration, one.minimum_traffic) for one in known] == [
        ("p95", Unit.SECONDS, Direction.CEILING, False, None),
        ("good", Unit.RATIO, Direction.FLOOR, False, 20),
    ]
