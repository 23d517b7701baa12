"""The rules on Prometheus' own rule tester: what is recorded, what fires, when, and what does not."""

from pathlib import Path

import pytest
import yaml

from dashboards import export
from dashboards.prometheus.alerting import alerting_rules
from tests.dashboards.promtool import promtool

RULES = {rule.alert: rule for rule in alerting_rules("portalwatch")}
URLS = {"grafana_url": "http://localhost:3000", "runbook_url": "http://localhost:9464/runbooks"}


def series(name: str, values: str, instance: str = "a", **labels: str) -> dict[str, str]:
    """An input series of the job, once a minute."""
    told = {"job": "portalwatch", "instance": instance, **labels}
    matchers = ",".join(f'{key}="{value}"' for key, value in told.items())
    return {"series": f"{name}{{{matchers}}}", "values": values}


def quiet(alert: str, at: str) -> dict[str, object]:
    """Nothing of that alert at that time."""
    return {"eval_time": at, "alertname": alert, "exp_alerts": []}


def fires(alert: str, at: str, labels: dict[str, str], description: str) -> dict[str, object]:
    """That alert once, with these labels and its figures in the description; its other notes are the rule's own."""
    notes = RULES[alert].as_rule(**URLS)["annotations"]
    assert isinstance(notes, dict)
    labels = {"job": "portalwatch", "severity": RULES[alert].severity.value, **labels}
    expected = {"exp_labels": labels, "exp_annotations": {**notes, "description": description}}
    return {"eval_time": at, "alertname": alert, "exp_alerts": [expected]}


def check(directory: Path, inputs: list[dict[str, str]], **expected: list[dict[str, object]]) -> None:
    """Runs the exported rules over these inputs."""
    export(directory, scrape_target="127.0.0.1:9464")
    tests = {
        "rule_files": ["prometheus/rules/portalwatch.yml"],
        "evaluation_interval": "15s",
        "tests": [{"interval": "1m", "input_series": inputs, **expected}],
    }
    (directory / "tests.yml").write_text(yaml.safe_dump(tests))
    promtool("test", "rules", "tests.yml", directory=directory)


def ratio(low: str, instance: str = "a") -> list[dict[str, str]]:
    """The low end of an interval and a tolerance of 1.25, told by that instance."""
    return [
        series("portalwatch_series_to_baseline_ratio", low, instance, series="db.q", stat="low"),
        series("portalwatch_series_tolerance_ratio", "1.25x20", instance, series="db.q"),
    ]


SLOWER = "PortalwatchSeriesSlowerThanBaseline"
SLOWER_TEXT = "db.q takes at least 1.4 times as long as its baseline."


def test_a_slower_series_fires_in_time_and_not_early(tmp_path: Path) -> None:
    """Over its tolerance from minute 5: quiet at 6, firing at 8 with the figure in words, quiet after it recovers."""
    check(
        tmp_path,
        ratio("1.1x4 1.4x4 1.1x10"),
        alert_rule_test=[
            quiet(SLOWER, "4m"),
            quiet(SLOWER, "6m"),
            fires(SLOWER, "8m", {"series": "db.q"}, SLOWER_TEXT),
            quiet(SLOWER, "12m"),
        ],
    )


def test_two_instances_that_watch_one_series_make_one_alert(tmp_path: Path) -> None:
    """Both sides are aggregated, so nothing matches many to many; the worse of the two is told."""
    check(
        tmp_path,
        [*ratio("1.4x20", "a"), *ratio("1.3x20", "b")],
        alert_rule_test=[fires(SLOWER, "8m", {"series": "db.q"}, SLOWER_TEXT)],
    )


def test_an_interval_that_reaches_into_the_tolerance_is_no_alert(tmp_path: Path) -> None:
    """The estimate may lie above: only an interval that lies there as a whole is a finding."""
    inputs = ratio("1.2x20")
    inputs.append(series("portalwatch_series_to_baseline_ratio", "1.5x20", series="db.q", stat="estimate"))
    check(tmp_path, inputs, alert_rule_test=[quiet(SLOWER, "15m")])


def test_what_is_recorded_is_what_the_formula_says(tmp_path: Path) -> None:
    """p95 from the buckets of both instances together, the mean, and the share of runs that failed."""
    buckets = "portalwatch_probe_duration_seconds"
    inputs = [
        series(f"{buckets}_bucket", "0+10x30", instance, series="db.q", le=le)
        for instance in ("a", "b")
        for le in ("0.1", "0.25", "+Inf")
    ]
    inputs += [series(f"{buckets}_sum", "0+0.5x30", one, series="db.q") for one in ("a", "b")]
    inputs += [series(f"{buckets}_count", "0+10x30", one, series="db.q") for one in ("a", "b")]
    runs = "portalwatch_probe_runs_total"
    inputs += [series(runs, "0+9x30", series="db.q", outcome="ok", reason="none")]
    inputs += [series(runs, "0+1x30", series="db.q", outcome="error", reason="status")]

    def is_recorded(name: str, value: float) -> dict[str, object]:
        labels = f'{name}{{job="portalwatch", series="db.q"}}'
        return {"expr": name, "eval_time": "25m", "exp_samples": [{"labels": labels, "value": value}]}

    check(
        tmp_path,
        inputs,
        promql_expr_test=[
            is_recorded(f"job_series:{buckets}:p95_rate15m", 0.095),
            is_recorded(f"job_series:{buckets}:mean_rate15m", 0.05),
            {
                "expr": "round(job_series:portalwatch_probe_errors:ratio_rate15m, 0.001)",
                "eval_time": "25m",
                "exp_samples": [{"labels": '{job="portalwatch", series="db.q"}', "value": 0.1}],
            },
        ],
    )


@pytest.mark.parametrize(
    ("alert", "inputs", "labels", "description"),
    [
        (
            "PortalwatchCriticalFinding",
            [series("portalwatch_findings", "0x4 1x20", series="db.q", level="critical")],
            {"series": "db.q", "level": "critical"},
            "db.q has 1 critical findings.",
        ),
        (
            "PortalwatchProbeFailing",
            [series("portalwatch_probe_success", "1x4 0x20", series="db.q")],
            {"series": "db.q"},
            "No instance has had a good run of db.q for 3 minutes.",
        ),
        (
            "PortalwatchProbeNotRunning",
            [
                series("portalwatch_probe_last_run_timestamp_seconds", "0 60 120 180 240x20", series="db.q"),
                series("portalwatch_probe_interval_seconds", "60x25", series="db.q"),
            ],
            {"series": "db.q"},
            "db.q last ran 16m 0s ago.",
        ),
        (
            "PortalwatchDown",
            [series("up", "1x4 0x20", "a"), series("up", "0x25", "b")],
            {},
            "No target of the job portalwatch has answered for 2 minutes.",
        ),
        (
            "PortalwatchStoreDown",
            [series("portalwatch_store_up", "1x4 0x20")],
            {"instance": "a"},
            "a has been without its store for 2 minutes.",
        ),
        (
            "PortalwatchNotificationsStuck",
            [series("portalwatch_outbox_notifications", "0x4 3x20")],
            {},
            "3 notifications have been waiting for 10 minutes.",
        ),
        (
            "PortalwatchMeasurementsLost",
            [series("portalwatch_measurements_dropped_total", "0x4 1+1x20")],
            {},
            "About 10 measurements were lost in 10 minutes.",
        ),
        (
            "PortalwatchProbesLate",
            [
                series("portalwatch_probe_lateness_seconds_bucket", "0x25", le="1"),
                series("portalwatch_probe_lateness_seconds_bucket", "0x4 0+9x20", le="5"),
                series("portalwatch_probe_lateness_seconds_bucket", "0x4 0+9x20", le="+Inf"),
            ],
            {},
            "One probe in a hundred starts 4.96s late or more.",
        ),
    ],
)
def test_every_other_alert_is_quiet_while_all_is_well_and_fires_when_it_is_not(
    tmp_path: Path, alert: str, inputs: list[dict[str, str]], labels: dict[str, str], description: str
) -> None:
    """Well for five minutes and bad afterwards: nothing at minute 4, one alert with its figure at minute 20."""
    check(tmp_path, inputs, alert_rule_test=[quiet(alert, "4m"), fires(alert, "20m", labels, description)])


def test_no_alert_is_left_without_a_test_of_its_own() -> None:
    """A rule that somebody adds has to be shown firing."""
    source = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{alert}"' in source for alert in RULES)


def test_a_service_that_is_gone_altogether_is_told(tmp_path: Path) -> None:
    """No target at all, because the job was deleted or never came up, fires as well and names the job."""
    told = fires("PortalwatchDown", "5m", {}, "No target of the job portalwatch has answered for 2 minutes.")
    check(tmp_path, [series("other", "1x20")], alert_rule_test=[told])
