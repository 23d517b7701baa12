"""`portalwatch dashboards export`: files for these very probes."""

import json
from pathlib import Path

import yaml

from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch, sql_probes


def test_the_files_are_named_and_for_these_probes(tmp_path: Path) -> None:
    """0; each file on a line of its own, ten dashboards, and the category of the only probe in the database's."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(NOWHERE, a="SELECT 1"))
    answer = portalwatch("dashboards", "export", tmp_path / "out", "--config", path)
    assert (answer.code, answer.err) == (0, "")
    files = [Path(line) for line in answer.out.splitlines()]
    assert all(one.is_file() for one in files)
    assert len([one for one in files if one.parent.name == "dashboards" and one.suffix == ".json"]) == 10
    database = json.loads((tmp_path / "out/grafana/dashboards/portalwatch-2-database.json").read_text())
    assert "database_queries[.].+" in json.dumps(database)
    assert all(PASSWORD not in one.read_text() for one in files)


def test_addresses_interval_and_job_are_the_user_s(tmp_path: Path) -> None:
    """Where the exported files name one another."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(NOWHERE, a="SELECT 1"))
    answer = portalwatch(
        *("dashboards", "export", tmp_path / "out", "--config", path),
        *("--prometheus-url", "http://p.example", "--grafana-url", "https://g.example", "--dashboards-path", "/srv/d"),
        *("--scrape-target", "w.example:443", "--scrape-interval", "30", "--job", "portal"),
    )
    assert answer.code == 0
    out = tmp_path / "out"
    scrape = yaml.safe_load((out / "prometheus/prometheus.yml").read_text())
    assert scrape["global"]["scrape_interval"] == "30s"
    (job,) = scrape["scrape_configs"]
    assert (job["job_name"], job["static_configs"]) == ("portal", [{"targets": ["w.example:443"]}])
    source = yaml.safe_load((out / "grafana/provisioning/datasources/portalwatch.yml").read_text())["datasources"][0]
    assert (source["url"], source["jsonData"]["timeInterval"]) == ("http://p.example", "30s")
    assert "/srv/d" in (out / "grafana/provisioning/dashboards/portalwatch.yml").read_text()
    assert "https://g.example/d/portalwatch-" in (out / "prometheus/rules/portalwatch.yml").read_text()


def test_a_folder_that_can_t_be_written_is_told(tmp_path: Path) -> None:
    """2, in a sentence."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(NOWHERE, a="SELECT 1"))
    (tmp_path / "file").write_text("")
    answer = portalwatch("dashboards", "export", tmp_path / "file" / "below", "--config", path)
    assert answer.code == 2
    assert "can't be written" in answer.err
