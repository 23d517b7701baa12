"""Every query on a real Prometheus that scrapes a real exposition: it finds points, and the labels its legend names."""

import math
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from dashboards import Places, export
from dashboards.prometheus.recording import BURN_RATES, RECORDING_RULES
from monitor.exporter import Exporter
from tests.dashboards.expressions import Expression
from tests.dashboards.inventories import EVERYTHING
from tests.dashboards.promtool import tool
from tests.dashboards.real_prometheus import Prometheus, asked, running_prometheus, unanswered
from tests.monitor.exporting import busy_exporter, watch


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
    try:
        with running_prometheus(directory) as running:
            yield running
    finally:
        server.shutdown()
        server.server_close()


def test_every_query_of_every_dashboard_finds_points_with_the_labels_of_its_legend(
    prometheus: Prometheus, directory: Path
) -> None:
    """No panel is empty for a wrong name, label or match, and no legend shows a hole."""
    questions = asked(directory)
    assert len(questions) > 100
    assert unanswered(prometheus, questions) == []


@pytest.mark.parametrize(
    ("expr", "legend", "told"),
    [
        ("sum by (series) (rate(portalwatch_web_vitals_total[5m]))", "{{series}}", "nothing for"),
        ('portalwatch_probe_success{series=~"api_.+", probe="x"}', "{{series}}", "nothing for"),
        ("max by (job) (portalwatch_probe_success)", "{{series}}", "has a hole"),
        ("max by (series) (portalwatch_probe_success) * 0 / 0", "{{series}}", "no finite number"),
    ],
)
def test_a_query_that_is_broken_on_purpose_is_noticed(
    prometheus: Prometheus, expr: str, legend: str, told: str
) -> None:
    """A dead metric, an unknown label, a legend with a hole, a number that is none."""
    assert prometheus.wait_for("portalwatch_probe_success")
    (found,) = unanswered(prometheus, [Expression("broken", expr, legend)], patience=1)
    assert told in found


def test_every_recording_rule_records(prometheus: Prometheus) -> None:
    """Each recorded series is there, with a finite value."""
    for rule in (*RECORDING_RULES, *BURN_RATES):
        found = prometheus.wait_for(rule.record)
        assert found, rule.record
        assert all(math.isfinite(float(one["value"][1])) for one in found), rule.record


def test_every_rule_evaluates_without_an_error(prometheus: Prometheus, directory: Path) -> None:
    """Many-to-many matches and the like show only when a rule runs."""
    prometheus.wait_for(BURN_RATES[-1].record)
    groups = prometheus.get("rules")["groups"]
    written = yaml.safe_load((directory / "prometheus/rules/portalwatch.yml").read_text())
    loaded = {one["name"]: len(one["rules"]) for one in groups}
    assert loaded == {one["name"]: len(one["rules"]) for one in written["groups"]}
    assert [rule for group in groups for rule in group["rules"] if rule.get("lastError")] == []


def test_exemplars_lead_from_a_bucket_to_a_call(prometheus: Prometheus) -> None:
    """Prometheus asks for OpenMetrics and keeps the correlation id of a call beside its bucket."""
    name = "portalwatch_probe_duration_seconds_bucket"
    prometheus.wait_for(name)
    deadline = time.monotonic() + 30
    while True:
        now = time.time()
        found = prometheus.get(f"query_exemplars?query={name}&start={now - 600}&end={now + 60}")
        if found or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert {one["labels"]["correlation_id"] for each in found for one in each["exemplars"]} == {"pw-1"}
