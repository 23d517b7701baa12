"""The demo as a stranger runs it: real parts, a real fault, and a verdict that names it."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

# One after the other: each takes a minute of both cores.
pytestmark = pytest.mark.xdist_group("demo")


@dataclass(frozen=True, slots=True)
class Demo:
    """What a run left behind."""

    code: int
    output: str
    directory: Path

    @property
    def report(self) -> dict[str, Any]:
        """The comparison as JSON."""
        document: dict[str, Any] = json.loads((self.directory / "report.json").read_text(encoding="utf-8"))
        return document

    def having(self, verdict: str) -> set[str]:
        """The series with that verdict."""
        return {one["series"] for one in self.report["series"] if one["verdict"] == verdict}


def run(fault: str, directory: Path) -> Demo:
    """`portalwatch demo --once --fault FAULT`, as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "demo", "--once", "--fault", fault, "--directory", directory],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Demo(done.returncode, done.stdout, directory)


def left_over(directory: Path) -> list[str]:
    """Command lines of processes that still speak of the demo's folder, or of its server's."""
    text = (directory / "portalwatch.yml").read_text(encoding="utf-8")
    (server,) = set(re.findall(r"portalwatch-demo-\w+", text))
    lines = [" ".join(one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(directory) in line or server in line]


def test_a_missing_index_is_found_named_explained_and_told(tmp_path: Path) -> None:
    """Code 1; one series degraded, its index named as gone and its plan next; rollback advised; alert delivered."""
    demo = run("missing-index", tmp_path)
    assert demo.code == 1
    query = "database_queries.portfolio_valuation_aggregation"
    assert demo.having("degraded") == {query}
    (found,) = [one for one in demo.report["series"] if one["series"] == query]
    assert found["ratio"] > 3
    assert found["ci_low"] > 1.25
    assert [one["kind"] for one in found["explanations"]][:2] == ["index_gone", "plan_change"]
    assert demo.report["overall"]["advice"]["action"] == "rollback"
    assert demo.report["overall"]["advice"]["rollback_tier"] == 1
    assert demo.output.count("delivered to") == 2
    assert query in demo.output
    assert "portalwatch_probe_duration_seconds_count" in (tmp_path / "metrics.txt").read_text(encoding="utf-8")
    assert query in (tmp_path / "report.html").read_text(encoding="utf-8").replace("<wbr>", "")
    assert list((tmp_path / "grafana").rglob("*.json"))
    assert left_over(tmp_path) == []
    secrets = (tmp_path / "portalwatch.yml").read_text(encoding="utf-8")
    assert "password: ${DEMO_PROBE_PASSWORD}" in secrets


def test_a_healthy_deployment_is_not_accused(tmp_path: Path) -> None:
    """Code 0, no finding, nobody is told, and what the migration added is new and not missing."""
    demo = run("none", tmp_path)
    assert demo.code == 0
    assert demo.having("degraded") == demo.having("missing") == set()
    assert [one for one in demo.report["series"] if one["findings"]] == []
    # On a machine that is busy with other tests, too little may be decided to say "continue".
    assert demo.report["overall"]["advice"]["action"] in ("continue", "undecided")
    assert len(demo.having("new")) == 4
    assert "no alert" in demo.output


@pytest.mark.parametrize(
    ("fault", "series", "question"),
    [
        ("slow-endpoint", "api_endpoints.analytics_portfolio_summary", "typical"),
        ("failing-endpoint", "api_endpoints.client_group_products", "availability"),
    ],
)
def test_a_fault_of_the_portal_is_found(fault: str, series: str, question: str, tmp_path: Path) -> None:
    """Code 1, and the endpoint is degraded in the question that the fault is about."""
    demo = run(fault, tmp_path)
    assert demo.code == 1
    assert demo.having("degraded") == {series}
    (found,) = [one for one in demo.report["series"] if one["series"] == series]
    assert {one["question"]: one["verdict"] for one in found["questions"]}[question] == "degraded"
    assert f": {series}" in demo.output
    assert "delivered to" in demo.output
