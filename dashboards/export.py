"""Everything a user's Grafana and Prometheus need, as files."""

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from dashboards.inventory import Inventory

HEADER = "# Written by `portalwatch dashboards export`; export again instead of editing.\n"
# Prometheus' configuration names no Alertmanager, so that nobody is told everything twice.
ALERTMANAGER_NOTE = """\
# For those whose Alertmanager delivers in place of portalwatch's own channels. An alert has one owner: the rules about
# a series speak only of what you gave to Alertmanager, those about the service itself always do.
# The receivers are empty: as it stands it delivers nothing. Name it in prometheus.yml under `alerting` to use it.
"""
# What is committed and goes into the wheel: the set for the shipped portalwatch.yml.
SHIPPED = Path(__file__).parent / "generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where everything is, as the others reach it.

    `scrape_target` is host:port of the service as Prometheus reaches it, `dashboards_path` the folder in which Grafana
    finds the dashboards on its machine, `runbook_url` that of all runbooks, without a slash at its end.
    """

    scrape_target: str
    job: str = "portalwatch"
    scrape_interval_seconds: int = 15
    prometheus_url: str = "http://localhost:9090"
    grafana_url: str = "http://localhost:3000"
    runbook_url: str = "http://localhost:9464/runbooks"
    dashboards_path: str = "/var/lib/grafana/dashboards/portalwatch"


def export(directory: Path, inventory: Inventory, places: Places) -> list[Path]:
    """Writes dashboards, provisioning, scrape configuration, rules and their tests below `directory`, and returns their
    paths.

    The same arguments write the same bytes; what is there is replaced, file by file. Raises OSError where the directory
    can't be written.
    """
    # Grafana's typed model takes longer to import than most commands to run, and only an export needs it.
    from grafana_foundation_sdk.cog.encoder import JSONEncoder

    from dashboards.grafana import boards, provisioning
    from dashboards.prometheus import configuration
    from dashboards.prometheus.alerting import alerting_rules
    from dashboards.prometheus.rule_tests import rule_tests

    interval, job = places.scrape_interval_seconds, places.job
    links = {"grafana_url": places.grafana_url, "runbook_url": places.runbook_url}
    rules = alerting_rules(job)
    files = {
        "prometheus/prometheus.yml": _yaml(
            configuration.scrape_configuration(
                scrape_target=places.scrape_target, job=job, scrape_interval_seconds=interval
            )
        ),
        f"prometheus/{configuration.RULES_FILE}": _yaml(configuration.rules(rules, **links)),
        f"prometheus/{configuration.TESTS_FILE}": _yaml(
            rule_tests(rules, rules_file=Path(configuration.RULES_FILE).name, job=job, **links)
        ),
        "prometheus/alertmanager.example.yml": ALERTMANAGER_NOTE + _yaml(configuration.alertmanager_example()),
        "grafana/provisioning/datasources/portalwatch.yml": _yaml(
            provisioning.datasource(prometheus_url=places.prometheus_url, scrape_interval_seconds=interval)
        ),
        "grafana/provisioning/dashboards/portalwatch.yml": _yaml(
            provisioning.dashboard_provider(dashboards_path=places.dashboards_path)
        ),
        **{
            f"grafana/dashboards/{built.uid}.json": json.dumps(
                built, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False
            )
            + "\n"
            for built in boards.all_boards(inventory, rules, places.runbook_url)
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
