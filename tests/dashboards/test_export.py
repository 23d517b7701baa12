"""What is written for a user's Prometheus and Grafana."""

from pathlib import Path

import yaml

from dashboards import export
from tests.dashboards.promtool import promtool


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    """An export over an older one replaces it, leaves nothing else behind, and is the same every time."""
    first = export(tmp_path / "one", scrape_target="127.0.0.1:9464")
    (tmp_path / "one" / "prometheus" / "prometheus.yml").write_text("old")
    again = export(tmp_path / "one", scrape_target="127.0.0.1:9464")
    other = export(tmp_path / "two", scrape_target="127.0.0.1:9464")
    assert first == again
    assert {path for path in (tmp_path / "one").rglob("*") if path.is_file()} == set(again)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in other]


def test_promtool_accepts_configuration_and_rules(tmp_path: Path) -> None:
    """Prometheus' own checks, with every lint as an error, also for a job whose name needs quoting."""
    for number, job in enumerate(["portalwatch", 'the "portal" \\ here']):
        directory = tmp_path / str(number)
        export(directory, scrape_target="portal.example:9464", job=job)
        promtool("check", "config", "--lint=all", "--lint-fatal", "prometheus/prometheus.yml", directory=directory)
        promtool(
            "check", "rules", "--lint=all", "--lint-fatal", "prometheus/rules/portalwatch.yml", directory=directory
        )


def test_nobody_is_told_everything_twice_by_default(tmp_path: Path) -> None:
    """The Alertmanager of the example is not wired, and every route of it leads to a receiver that is there."""
    export(tmp_path, scrape_target="127.0.0.1:9464")
    assert "alerting" not in yaml.safe_load((tmp_path / "prometheus/prometheus.yml").read_text())
    example = yaml.safe_load((tmp_path / "prometheus/alertmanager.example.yml").read_text())
    routes = [example["route"], *example["route"]["routes"]]
    assert {one["receiver"] for one in routes} == {one["name"] for one in example["receivers"]}


def test_the_interval_of_the_data_source_is_that_of_the_scrape(tmp_path: Path) -> None:
    """Otherwise $__rate_interval is shorter than two scrapes and every rate is empty."""
    export(tmp_path, scrape_target="127.0.0.1:9464", scrape_interval_seconds=30)
    prometheus = yaml.safe_load((tmp_path / "prometheus/prometheus.yml").read_text())
    grafana = yaml.safe_load((tmp_path / "grafana/provisioning/datasources/portalwatch.yml").read_text())
    assert prometheus["global"]["scrape_interval"] == "30s"
    assert grafana["datasources"][0]["jsonData"]["timeInterval"] == "30s"
    assert prometheus["scrape_configs"][0]["static_configs"] == [{"targets": ["127.0.0.1:9464"]}]


def test_a_dollar_sign_survives_grafana_s_expansion(tmp_path: Path) -> None:
    """Grafana expands variables in provisioning files, so ours are doubled."""
    export(tmp_path, scrape_target="x:1", prometheus_url="http://a/$b", dashboards_path="/srv/$c")
    for name in ("datasources", "dashboards"):
        text = (tmp_path / f"grafana/provisioning/{name}/portalwatch.yml").read_text()
        assert text.count("$$") == 1
        assert text.count("$") == 2


def test_every_alert_leads_to_a_panel_and_a_runbook(tmp_path: Path) -> None:
    """Severity, a summary without a value, a description, and both links, below the addresses given."""
    export(
        tmp_path, scrape_target="x:1", grafana_url="https://grafana.example/", runbook_url="https://r.example/books/"
    )
    rules = yaml.safe_load((tmp_path / "prometheus/rules/portalwatch.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    assert alerts
    for rule in alerts:
        notes = rule["annotations"]
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert "{{" not in notes["summary"]
        assert notes["description"]
        assert notes["runbook_url"] == f"https://r.example/books/{rule['alert']}"
        assert notes["dashboard_url"].startswith("https://grafana.example/d/portalwatch-")
