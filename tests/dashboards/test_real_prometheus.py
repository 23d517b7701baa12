"""Every query on a real Prometheus that scrapes a real exposition: it finds points, and the labels its legend names."""

import json
import math
import re
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards import Places, export
from dashboards.prometheus.recording import RECORDING_RULES
from monitor.exporter import Exporter
from tests.dashboards.expressions import (
    Expression,
    annotation_expressions,
    boards,
    expanded,
    panel_expressions,
    variable_selectors,
)
from tests.dashboards.inventories import EVERYTHING
from tests.dashboards.promtool import tool
from tests.monitor.exporting import busy_exporter, watch

# The budgets of errors are reckoned once a minute.
PATIENCE_SECONDS = 150.0


class Prometheus:
    """A server of its own below a directory, scraping and evaluating every second."""

    def __init__(self, directory: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [
                tool("prometheus"),
                f"--config.file={directory / 'prometheus' / 'prometheus.yml'}",
                f"--storage.tsdb.path={directory / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        """Ends it and waits until it has gone."""
        self._process.terminate()
        self._process.wait(timeout=20)

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The result of an instant query now."""
        address = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"
        with urllib.request.urlopen(address, timeout=5) as response:
            result: list[dict[str, Any]] = json.load(response)["data"]["result"]
        return result

    def wait_for(self, expr: str) -> list[dict[str, Any]]:
        """The result as soon as there is one; the last, empty one when patience ends."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                if found := self.query(expr):
                    return found
            except OSError:
                pass
            time.sleep(0.2)
        return []


def serve(exporter: Exporter) -> ThreadingHTTPServer:
    """The exposition over HTTP; each scrape sees one more run of every probe."""

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            watch(exporter)
            content, kind = exporter.render(self.headers.get("Accept", ""))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Metrics)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the export and the data go."""
    path: Path = tmp_path_factory.mktemp("prometheus")
    return path


@pytest.fixture(scope="module")
def prometheus(directory: Path) -> Iterator[Prometheus]:
    """A Prometheus with the exported configuration, whose target is a busy exporter."""
    tool("prometheus")
    server = serve(busy_exporter())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    places = Places(scrape_target=f"127.0.0.1:{server.server_port}", scrape_interval_seconds=1)
    export(directory, EVERYTHING, places)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Prometheus(directory, port)
    try:
        yield running
    finally:
        running.stop()
        server.shutdown()
        server.server_close()


def asked(directory: Path) -> list[Expression]:
    """Everything a dashboard asks."""
    exported = boards(directory)
    return [*panel_expressions(exported), *annotation_expressions(exported), *variable_selectors(exported)]


def test_every_query_of_every_dashboard_finds_points_with_the_labels_of_its_legend(
    prometheus: Prometheus, directory: Path
) -> None:
    """No panel is empty for a wrong name, label or match, and no legend shows a hole."""
    empty, holes = [], []
    for one in asked(directory):
        found = prometheus.wait_for(expanded(one.expr))
        if not found or not all(math.isfinite(float(each["value"][1])) for each in found):
            empty.append(one)
        wanted = set(re.findall(r"{{(\w+)}}", one.legend))
        if any(wanted - set(each["metric"]) for each in found):
            holes.append(one)
    assert (empty, holes) == ([], [])


def test_every_recording_rule_records(prometheus: Prometheus) -> None:
    """Each recorded series is there, with a finite value."""
    for rule in RECORDING_RULES:
        found = prometheus.wait_for(rule.record)
        assert found, rule.record
        assert all(math.isfinite(float(one["value"][1])) for one in found)


def test_every_rule_evaluates_without_an_error(prometheus: Prometheus, directory: Path) -> None:
    """Many-to-many matches and the like show only when a rule runs."""
    prometheus.wait_for(RECORDING_RULES[-1].record)
    with urllib.request.urlopen(f"{prometheus.url}/api/v1/rules", timeout=5) as response:
        groups = json.load(response)["data"]["groups"]
    written = yaml.safe_load((directory / "prometheus/rules/portalwatch.yml").read_text())
    loaded = {one["name"]: len(one["rules"]) for one in groups}
    assert loaded == {one["name"]: len(one["rules"]) for one in written["groups"]}
    assert [rule for group in groups for rule in group["rules"] if rule.get("lastError")] == []
