"""Everything a user's Grafana and Prometheus need, as files."""

import json
from pathlib import Path

import yaml

HEADER = "# Written by `portalwatch dashboards export`; export again instead of editing.\n"
# Prometheus' configuration names no Alertmanager, so that nobody is told everything twice.
ALERTMANAGER_NOTE = """\
# For those whose Alertmanager delivers these rules in place of portalwatch's own channels; one owner for each route.
# The receivers are empty: as it stands it delivers nothing. Name it in prometheus.yml under `alerting` to use it.
"""


def export(
    directory: Path,
    *,
    scrape_target: str,
    job: str = "portalwatch",
    scrape_interval_seconds: int = 15,
    prometheus_url: str = "http://localhost:9090",
    grafana_url: str = "http://localhost:3000",
    runbook_url: str = "http://localhost:9464/runbooks",
    dashboards_path: str = "/var/lib/grafana/dashboards/portalwatch",
) -> list[Path]:
    """Writes dashboards, provisioning, scrape configuration and rules below `directory`, and returns their paths.

    `scrape_target` is host:port of the service as Prometheus reaches it, `dashboards_path` the folder in which Grafana
    finds the dashboards on its machine. The same arguments write the same bytes; what is there is replaced, file by
    file. Raises OSError where the directory can't be written.
    """
    # Grafana's typed model takes longer to import than most commands to run, and only an export needs it.
    from grafana_foundation_sdk.cog.encoder import JSONEncoder

    from dashboards.grafana import boards, provisioning
    from dashboards.prometheus import configuration

    files = {
        "prometheus/prometheus.yml": _yaml(
            configuration.scrape_configuration(
                scrape_target=scrape_target, job=job, scrape_interval_seconds=scrape_interval_seconds
            )
        ),
        f"prometheus/{configuration.RULES_FILE}": _yaml(
            configuration.rules(job=job, grafana_url=grafana_url, runbook_url=runbook_url)
        ),
        "prometheus/alertmanager.example.yml": ALERTMANAGER_NOTE + _yaml(configuration.alertmanager_example()),
        "grafana/provisioning/datasources/portalwatch.yml": _yaml(
            provisioning.datasource(prometheus_url=prometheus_url, scrape_interval_seconds=scrape_interval_seconds)
        ),
        "grafana/provisioning/dashboards/portalwatch.yml": _yaml(
            provisioning.dashboard_provider(dashboards_path=dashboards_path)
        ),
        **{
            f"grafana/dashboards/{built.uid}.json": json.dumps(
                built, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False
            )
            + "\n"
            for built in boards.all_boards()
        },
    }
    return [_write(directory / name, text) for name, text in files.items()]


def _yaml(content: dict[str, object]) -> str:
    return HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1_000)


def _write(path: Path, text: str) -> Path:
    """Through a file beside it, so that nobody ever reads half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    return draft.replace(path)
