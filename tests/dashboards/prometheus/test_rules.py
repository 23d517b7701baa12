"""The rules on Prometheus' own rule tester: what is recorded, what fires, when, and what does not."""

from pathlib import Path

import pytest
import yaml

from dashboards import Places, export
from dashboards.prometheus.alerting import alerting_rules
from dashboards.prometheus.rule_tests import BAD_AT, CASES, CLEAR_AT, WELL_AT
from tests.dashboards.inventories import EVERYTHING
from tests.dashboards.promtool import promtool

PLACES = Places(scrape_target="127.0.0.1:9464")
RULES = {rule.alert: rule for rule in alerting_rules("portalwatch")}
OWNED = 'job_series_rule:portalwatch_alertmanager_owns:max{job="portalwatch", rule="availability"} == 1'
URLS = {"grafana_url": PLACES.grafana_url, "runbook_url": PLACES.runbook_url}


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
    export(directory, EVERYTHING, PLACES)
    tests = {
        "rule_files": ["prometheus/rules/portalwatch.yml"],
        "evaluation_interval": "15s",
        "tests": [{"interval": "1m", "input_series": inputs, **expected}],
    }
    (directory / "tests.yml").write_text(yaml.safe_dump(tests))
    promtool("test", "rules", "tests.yml", directory=directory)


@pytest.mark.parametrize("job", ["portalwatch", 'the "portal" \\ here'])
def test_the_exported_tests_pass(tmp_path: Path, job: str) -> None:
    """Each alert is quiet while all is well, fires once for two instances, and clears; also under another job."""
    export(tmp_path, EVERYTHING, Places(scrape_target="x:1", job=job))
    promtool("test", "rules", "portalwatch.test.yml", directory=tmp_path / "prometheus" / "rules")


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (" > 60\n", " > 600\n"),  # the threshold of late escalations
        ("for: 3m", "for: 40m"),  # a probe that fails would be told too late
        (f" and on (job, series) ({OWNED})", ""),  # portalwatch delivers it too
        ("max by (job, series, rule, level) (portalwatch_findings)", "portalwatch_findings"),  # many to many
        ("min by (job) (min_over_time", "(min_over_time"),  # one alert for each instance
    ],
)
def test_the_exported_tests_notice_a_rule_that_was_changed(tmp_path: Path, was: str, becomes: str) -> None:
    """Thresholds, times, the aggregation over instances: a change that matters fails one of them."""
    export(tmp_path, EVERYTHING, PLACES)
    rules = tmp_path / "prometheus" / "rules"
    text = (rules / "portalwatch.yml").read_text()
    assert was in text
    (rules / "portalwatch.yml").write_text(text.replace(was, becomes))
    with pytest.raises(AssertionError, match="FAILED"):
        promtool("test", "rules", "portalwatch.test.yml", directory=rules)


def test_every_alert_has_a_case_that_fires_and_clears(tmp_path: Path) -> None:
    """A rule that somebody adds has to be shown firing, and a case without a rule is left over."""
    assert set(CASES) == set(RULES)
    export(tmp_path, EVERYTHING, PLACES)
    tests = yaml.safe_load((tmp_path / "prometheus/rules/portalwatch.test.yml").read_text())["tests"]
    for alert, rule in RULES.items():
        mine = [one for one in tests if one["alert_rule_test"][0]["alertname"] == alert]
        told = {step["eval_time"]: len(step["exp_alerts"]) for step in mine[0]["alert_rule_test"]}
        assert told == {WELL_AT: 0, BAD_AT: 1, CLEAR_AT: 0}
        instances = {
            part for one in mine[0]["input_series"] for part in ("a", "b") if f'instance="{part}"' in one["series"]
        }
        assert instances == {"a", "b"}
        assert len(mine) == (2 if rule.owned_by else 1)


def ratio(low: str, instance: str = "a") -> list[dict[str, str]]:
    """The low end of an interval and a tolerance of 1.25 of a series of Alertmanager's, told by that instance."""
    return [
        series("portalwatch_series_to_baseline_ratio", low, instance, series="db.q", stat="low"),
        series("portalwatch_series_tolerance_ratio", "1.25x20", instance, series="db.q"),
        series("portalwatch_alertmanager_owns", "1x20", instance, series="db.q", rule="baseline"),
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


def test_a_series_with_a_reference_is_not_told_of_by_the_baseline(tmp_path: Path) -> None:
    """As in the service itself: what is watched is judged by its own reference alone."""
    inputs = [*ratio("1.4x20"), series("portalwatch_series_drift", "0x20", series="db.q")]
    check(tmp_path, inputs, alert_rule_test=[quiet(SLOWER, "15m")])


def test_one_instance_of_two_may_own_it_alone(tmp_path: Path) -> None:
    """While a configuration is being rolled out, the two do not agree: better told than not."""
    inputs = [one for one in ratio("1.4x20", "b") if "owns" not in one["series"]]
    check(
        tmp_path,
        [*ratio("1.4x20", "a"), *inputs],
        alert_rule_test=[fires(SLOWER, "8m", {"series": "db.q"}, SLOWER_TEXT)],
    )


def test_what_is_recorded_is_what_the_formula_says(tmp_path: Path) -> None:
    """p95 from the buckets of both instances together, the mean, the share of runs that failed, and how fast the budget
    of errors burns; a run that held back is neither good nor bad.
    """
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
    inputs += [series(runs, "0+10x30", series="db.q", outcome="skipped", reason="busy")]

    def is_recorded(name: str, value: float) -> dict[str, object]:
        return {
            "expr": f"round({name}, 0.001)",
            "eval_time": "25m",
            "exp_samples": [{"labels": '{job="portalwatch", series="db.q"}', "value": value}],
        }

    check(
        tmp_path,
        inputs,
        promql_expr_test=[
            is_recorded(f"job_series:{buckets}:p95_rate15m", 0.095),
            is_recorded(f"job_series:{buckets}:mean_rate15m", 0.05),
            is_recorded("job_series:portalwatch_probe_errors:ratio_rate15m", 0.1),
            is_recorded("job_series:portalwatch_probe_error_budget:burn_rate5m", 100),
        ],
    )


def test_a_service_that_is_gone_altogether_is_told(tmp_path: Path) -> None:
    """No target at all, because the job was deleted or never came up, fires as well and names the job."""
    told = fires("PortalwatchDown", "5m", {}, "No target of the job portalwatch has answered for 2 minutes.")
    check(tmp_path, [series("other", "1x20")], alert_rule_test=[told])
