"""deploy/grafana: whoever starts from nothing gets what the files say. Containers are not run here."""

import re
from pathlib import Path
from typing import Any

import yaml

from monitor.configuration import load_configuration
from monitor.inventory import inventory
from tests.dashboards.expressions import boards
from tests.monitor.cli.commands import portalwatch

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana"


def services() -> dict[str, Any]:
    """The services of the compose file, by name."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text(encoding="utf-8"))["services"]
    return found


def test_every_path_that_is_read_is_one_that_the_export_writes(tmp_path: Path) -> None:
    """The command of the compose file, carried out: Prometheus' file, Grafana's provisioning and the home dashboard."""
    words = services()["export"]["command"]
    configuration = FOLDER / "portalwatch.yml"
    answer = portalwatch(*(one.replace("/exported", str(tmp_path)) for one in words), "--config", configuration)
    assert (answer.code, answer.err) == (0, "")
    text = yaml.safe_dump(services(), width=1_000)
    read = {one for one in re.findall(r"/exported(/[\w./-]+)", text) if not one.endswith(":ro")}
    assert len(read) == 4
    assert all((tmp_path / one.strip("/")).exists() for one in read), read
    provider = yaml.safe_load((tmp_path / "grafana/provisioning/dashboards/portalwatch.yml").read_text())
    assert Path(provider["providers"][0]["options"]["path"]).is_dir()


def test_addresses_are_the_ones_that_the_neighbours_listen_at(tmp_path: Path) -> None:
    """The scrape reaches the service, Grafana reaches Prometheus, and nothing listens beyond loopback."""
    portalwatch("dashboards", "export", tmp_path, "--config", FOLDER / "portalwatch.yml")
    scraped = yaml.safe_load((tmp_path / "prometheus/prometheus.yml").read_text())
    assert scraped["scrape_configs"][0]["static_configs"] == [{"targets": ["127.0.0.1:9464"]}]
    source = yaml.safe_load((tmp_path / "grafana/provisioning/datasources/portalwatch.yml").read_text())
    assert source["datasources"][0]["url"] == "http://localhost:9090"
    assert "--web.listen-address=127.0.0.1:9090" in services()["prometheus"]["command"]
    assert services()["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert {one["network_mode"] for one in services().values() if "network_mode" in one} == {"host"}


def test_the_trial_configuration_fills_the_first_dashboards(tmp_path: Path) -> None:
    """It needs no variable and no other target than the neighbours, and shows an API, a front end and a host."""
    configuration = load_configuration(FOLDER / "portalwatch.yml", {})
    areas = {str(one.area) for one in inventory(configuration).series}
    assert areas == {"api", "front end", "host"}
    portalwatch("dashboards", "export", tmp_path, "--config", FOLDER / "portalwatch.yml")
    assert len(boards(tmp_path)) == 10
