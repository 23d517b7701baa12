"""Alerts of the running service: two of them on one store, one whose store is lost, and a link that is opened."""

import re
import signal
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from monitor.demo.sink import Sink, running_sink
from monitor.embedded import EmbeddedServer
from tests.acceptance.running import eventually, free_port, serving
from tests.acceptance.test_serve import CHANNELS, configuration, count

KEY = "a key of sixteen characters"


class Endpoint(ThreadingHTTPServer):
    """A web server that answers with the status it is told to."""

    status = 200

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Endpoint)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """One that answers 200 until it is told otherwise."""
    with Endpoint(("127.0.0.1", 0), _Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def watching(path: Path, port: int, endpoint: Endpoint, sink: Sink, store: dict[str, str]) -> Path:
    """A configuration of one page each second, with every channel of tier 3 and 4 and its links."""
    return configuration(
        path,
        port,
        "",
        public_url=f"http://127.0.0.1:{port}",
        signing_key=KEY,
        store=store,
        targets={"web": {"kind": "http", "url": endpoint.url}},
        probes={"page": {"kind": "http", "target": "web", "category": "api_endpoints", "every": 1, "path": "/"}},
        alerts={
            "channels": {name: {"url": sink.url(name)} for name in CHANNELS},
            "tiers": {"tier_3_critical": {"group_wait": "1 s"}},
        },
    )


def labels(sink: Sink) -> Counter[tuple[str, str]]:
    """How often each channel got each alert and sequence."""
    found = Counter[tuple[str, str]]()
    for one in sink.delivered:
        label = re.search(r"Alert \w+, message \d+\.\d+ \(\w+\)", one.message)
        assert label, one.message
        found[one.channel, label[0]] += 1
    return found


def test_two_services_on_one_store_tell_each_alert_once_and_one_takes_over(
    endpoint: Endpoint, store: str, tmp_path: Path
) -> None:
    """Both find the fault and each channel hears of it once; one is killed, and the other one tells the end, once."""
    ports = free_port(), free_port()
    with running_sink() as sink:
        kept = [{"url": store, "directory": str(tmp_path / str(port))} for port in ports]
        paths = [
            watching(tmp_path / f"{port}.yml", port, endpoint, sink, where)
            for port, where in zip(ports, kept, strict=True)
        ]
        with (
            serving(paths[0], ports[0], tmp_path / "log1") as first,
            serving(paths[1], ports[1], tmp_path / "log2") as second,
        ):
            for one in (first, second):
                eventually(one.is_ready, "ready")
            endpoint.status = 500
            eventually(lambda: len(sink.delivered) >= 3, "all channels of tier 3 are told")
            eventually(lambda: count(store, "SELECT count(*) FROM notification WHERE state = 'delivered'") >= 3, "all")
            first.process.send_signal(signal.SIGKILL)
            endpoint.status = 200
            eventually(lambda: len(sink.delivered) >= 6, "all are told that it is over")
            assert second.stop() == 0
        assert set(labels(sink).values()) == {1}
        assert {channel for channel, _ in labels(sink)} == {"slack-critical", "email-ops-team", "sms-on-call"}


def test_an_alert_leaves_although_the_store_is_lost(
    endpoint: Endpoint, reachable_directory: Path, tmp_path: Path
) -> None:
    """The store stops, then the page fails: people are told, also by a service that was killed meanwhile and started
    again without its store; when the store is back it knows of everything, and nobody is told twice.
    """
    port, directory = free_port(), reachable_directory / "alerts without"
    server = EmbeddedServer.start(directory, durable=False)
    try:
        server.create_database("portalwatch")
        dsn = server.dsn("portalwatch")
        with running_sink() as sink:
            path = watching(tmp_path / "c.yml", port, endpoint, sink, {"url": dsn, "directory": str(tmp_path)})
            with serving(path, port, tmp_path / "log") as service:
                eventually(service.is_ready, "ready")
                server.stop()
                eventually(lambda: service.metric("portalwatch_alerts_by_memory") == 1, "alerts go on without")
                endpoint.status = 500
                told = [
                    f'portalwatch_deliveries_total{{channel="{channel}",outcome="delivered"}}'
                    for channel in ("slack-critical", "email-ops-team", "sms-on-call")
                ]
                eventually(lambda: sum(map(service.metric, told)) == 3, "all channels of tier 3 are told")
                service.child("service").kill()
                eventually(lambda: service.get("/health"), "the service comes up without the store")
                endpoint.status = 200
                eventually(lambda: len(sink.delivered) >= 6, "all are told that it is over")
                server = EmbeddedServer.start(directory, durable=False)
                known = "SELECT count(*) FROM notification WHERE state = 'delivered'"
                eventually(lambda: count(dsn, known) == 6, "the store knows of every delivery")
                assert count(dsn, "SELECT count(*) FROM alert WHERE state = 'resolved'") == 1
                assert service.metric("portalwatch_alerts_by_memory") == 0
                assert service.stop() == 0
            assert len(sink.delivered) == 6
            assert set(labels(sink).values()) == {1}
    finally:
        server.stop()


def test_statement_13_a_link_is_opened_on_a_phone(endpoint: Endpoint, store: str, tmp_path: Path) -> None:
    """The link of a message opens a page with one button, which nothing but the button presses; the alert is in hand,
    and its history says how.
    """
    port = free_port()
    with running_sink() as sink:
        path = watching(tmp_path / "c.yml", port, endpoint, sink, {"url": store, "directory": str(tmp_path)})
        with serving(path, port, tmp_path / "log") as service:
            eventually(service.is_ready, "ready")
            endpoint.status = 500
            eventually(lambda: len(sink.delivered) >= 3, "all channels of tier 3 are told")
            message = next(one.message for one in sink.delivered if one.channel == "sms-on-call")
            link = re.search(r"http://127\.0\.0\.1:\d+/ack/\S+", message)
            assert link, message
            page = httpx.get(link[0])
            assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
            assert page.headers["referrer-policy"] == "no-referrer"
            assert page.text.count("<button") == 1
            acknowledged = "SELECT count(*) FROM alert WHERE state = 'acknowledged'"
            assert count(store, acknowledged) == 0
            assert httpx.post(link[0], data={"by": ""}).status_code == 200
            assert count(store, acknowledged) == 1
            assert httpx.post(link[0]).status_code == 410
            assert service.stop() == 0
