"""What is written for a user's Prometheus and Grafana."""

from pathlib import Path

import pytest
import yaml

from dashboards import SHIPPED, Places, export
from tests.dashboards import shipped
from tests.dashboards.inventories import EVERYTHING, NOTHING, ONE
from tests.dashboards.promtool import amtool, promtool


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    """An export over an older one replaces it, leaves nothing else behind, and is the same every time."""
    places = Places(scrape_target="127.0.0.1:9464")
    first = export(tmp_path / "one", EVERYTHING, places)
    (tmp_path / "one" / "prometheus" / "prometheus.yml").write_text("old")
    again = export(tmp_path / "one", EVERYTHING, places)
    other = export(tmp_path / "two", EVERYTHING, places)
    assert first == again
    assert {path for path in (tmp_path / "one").rglob("*") if path.is_file()} == set(again)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in other]


def test_the_shipped_set_is_that_of_the_shipped_configuration(tmp_path: Path) -> None:
    """What is committed and goes into the wheel is what an export writes now; `make dashboards` writes it anew."""
    files, _ = shipped.write(tmp_path)
    written = {path.relative_to(tmp_path): path.read_text(encoding="utf-8") for path in files}
    kept = {
        path.relative_to(SHIPPED): path.read_text(encoding="utf-8") for path in SHIPPED.rglob("*") if path.is_file()
    }
    assert sorted(kept) == sorted(written)
    stale = [str(name) for name in kept if kept[name] != written[name]]
    assert stale == [], "run `make dashboards`"


def test_another_configuration_makes_other_dashboards(tmp_path: Path) -> None:
    """It is the user's own probes that are shown, and not a fixed list."""
    places = Places(scrape_target="127.0.0.1:9464")
    text = {}
    for name, inventory in (("everything", EVERYTHING), ("one", ONE), ("nothing", NOTHING)):
        files = export(tmp_path / name, inventory, places)
        text[name] = "".join(path.read_text(encoding="utf-8") for path in files)
    assert "networth_statements" in text["everything"]
    assert "api_endpoints[.].+" in text["one"]
    assert "api_endpoints[.].+" not in text["nothing"]


def test_promtool_accepts_configuration_and_rules(tmp_path: Path) -> None:
    """Prometheus' own checks, with every lint as an error, also for a job whose name needs quoting."""
    for number, job in enumerate(["portalwatch", 'the "portal" \\ here']):
        directory = tmp_path / str(number)
        export(directory, EVERYTHING, Places(scrape_target="portal.example:9464", job=job))
        promtool("check", "config", "--lint=all", "--lint-fatal", "prometheus/prometheus.yml", directory=directory)
        promtool(
            "check", "rules", "--lint=all", "--lint-fatal", "prometheus/rules/portalwatch.yml", directory=directory
        )


def test_amtool_accepts_the_example(tmp_path: Path) -> None:
    """As it stands it is a configuration that Alertmanager starts with."""
    export(tmp_path, EVERYTHING, Places(scrape_target="127.0.0.1:9464"))
    amtool("check-config", "prometheus/alertmanager.example.yml", directory=tmp_path)


def test_nobody_is_told_everything_twice_by_default(tmp_path: Path) -> None:
    """The Alertmanager of the example is not wired, and every route of it leads to a receiver that is there; a rule
    about a series speaks only of what was given to Alertmanager.
    """
    export(tmp_path, EVERYTHING, Places(scrape_target="127.0.0.1:9464"))
    assert "alerting" not in yaml.safe_load((tmp_path / "prometheus/prometheus.yml").read_text())
    example = yaml.safe_load((tmp_path / "prometheus/alertmanager.example.yml").read_text())
    routes = [example["route"], *example["route"]["routes"]]
    assert {one["receiver"] for one in routes} == {one["name"] for one in example["receivers"]}
    for rule in _alerts(tmp_path):
        of_a_series = "$labels.series" in rule["annotations"]["description"]
        assert of_a_series == ("portalwatch_alertmanager_owns" in rule["expr"]), rule["alert"]


def test_the_interval_of_the_data_source_is_that_of_the_scrape(tmp_path: Path) -> None:
    """Otherwise $__rate_interval is shorter than two scrapes and every rate is empty."""
    export(tmp_path, EVERYTHING, Places(scrape_target="127.0.0.1:9464", scrape_interval_seconds=30))
    prometheus = yaml.safe_load((tmp_path / "prometheus/prometheus.yml").read_text())
    grafana = yaml.safe_load((tmp_path / "grafana/provisioning/datasources/portalwatch.yml").read_text())
    assert prometheus["global"]["scrape_interval"] == "30s"
    assert grafana["datasources"][0]["jsonData"]["timeInterval"] == "30s"
    assert prometheus["scrape_configs"][0]["static_configs"] == [{"targets": ["127.0.0.1:9464"]}]


def test_a_dollar_sign_survives_grafana_s_expansion(tmp_path: Path) -> None:
    """Grafana expands variables in provisioning files, so ours are doubled."""
    export(tmp_path, EVERYTHING, Places(scrape_target="x:1", prometheus_url="http://a/$b", dashboards_path="/srv/$c"))
    for name in ("datasources", "dashboards"):
        text = (tmp_path / f"grafana/provisioning/{name}/portalwatch.yml").read_text()
        assert text.count("$$") == 1
        assert text.count("$") == 2


def test_every_alert_leads_to_a_panel_and_a_runbook(tmp_path: Path) -> None:
    """Severity, a summary without a value, a description, and both links, below the addresses given."""
    places = Places(scrape_target="x:1", grafana_url="https://grafana.example/", runbook_url="https://r.example/books/")
    export(tmp_path, EVERYTHING, places)
    alerts = _alerts(tmp_path)
    assert alerts
    for rule in alerts:
        notes = rule["annotations"]
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert "{{" not in notes["summary"]
        assert notes["description"]
        assert notes["runbook_url"] == f"https://r.example/books/{rule['alert']}"
        assert notes["dashboard_url"].startswith("https://grafana.example/d/portalwatch-")


def test_no_secret_of_the_configuration_is_exported(tmp_path: Path) -> None:
    """Dashboards are passed around: there is no user, password, channel or address of a target in them."""
    files, _ = shipped.write(tmp_path)
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    for secret in ("json://", "postgresql://", "8001"):
        assert secret not in text


@pytest.mark.parametrize(
    "packaged", ["grafana/dashboards/portalwatch-0-overview.json", "prometheus/rules/portalwatch.yml"]
)
def test_the_shipped_set_lies_in_the_package(packaged: str) -> None:
    """Where the wheel takes it along."""
    assert (SHIPPED / packaged).is_file()


def _alerts(directory: Path) -> list[dict[str, dict[str, str]]]:
    rules = yaml.safe_load((directory / "prometheus/rules/portalwatch.yml").read_text())
    return [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
