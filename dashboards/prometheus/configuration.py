"""Prometheus' files as plain data: its configuration with our scrape job, our rules, an Alertmanager example."""

from collections.abc import Sequence

from dashboards.prometheus.alerting import AlertingRule
from dashboards.prometheus.recording import BURN_RATES, RECORDING_RULES

RULES_FILE = "rules/portalwatch.yml"
# Beside the rules, and no rule file: promtool reads it, Prometheus does not.
TESTS_FILE = "rules/portalwatch.test.yml"


def scrape_configuration(*, scrape_target: str, job: str, scrape_interval_seconds: int) -> dict[str, object]:
    """prometheus.yml; `scrape_target` is host:port of the service."""
    interval = f"{scrape_interval_seconds}s"
    return {
        "global": {"scrape_interval": interval, "evaluation_interval": interval},
        "rule_files": [RULES_FILE],
        "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [scrape_target]}]}],
    }


def alertmanager_example() -> dict[str, object]:
    """A start for a user whose own Alertmanager delivers our rules; its receivers are to be filled in."""
    return {
        "route": {
            "receiver": "operations",
            "group_by": ["alertname", "job"],
            "group_wait": "10s",
            "group_interval": "5m",
            "repeat_interval": "4h",
            "routes": [{"matchers": ['severity="critical"'], "receiver": "on-call", "repeat_interval": "15m"}],
        },
        "receivers": [{"name": "operations"}, {"name": "on-call"}],
    }


def rules(alerting: Sequence[AlertingRule], *, grafana_url: str, runbook_url: str) -> dict[str, object]:
    """The rules file: what is recorded first, then what alerts on it."""
    return {
        "groups": [
            {"name": "portalwatch-recording", "rules": [rule.as_rule() for rule in RECORDING_RULES]},
            {
                "name": "portalwatch-alerting",
                "rules": [rule.as_rule(grafana_url=grafana_url, runbook_url=runbook_url) for rule in alerting],
            },
            # Days of samples are read for it, so it is not done at every evaluation.
            {"name": "portalwatch-error-budget", "interval": "1m", "rules": [rule.as_rule() for rule in BURN_RATES]},
        ]
    }
