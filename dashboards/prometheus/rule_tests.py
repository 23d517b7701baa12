"""Tests for `promtool test rules`: each alert is quiet while all is well, fires once for two instances, and clears.

They go out beside the rules, so that whoever changes a rule can see what it did.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dashboards import metrics
from dashboards.prometheus.alerting import AlertingRule
from thresholds.finding import Rule

# A sample a minute: well for five, bad for twenty, well again.
WELL_AT, BAD_AT, CLEAR_AT = "4m", "20m", "45m"
INSTANCES = ("a", "b")
SERIES = "database_queries.example"


@dataclass(frozen=True, slots=True)
class Input:
    """An input series in promtool's notation, told by each instance alike."""

    metric: str
    values: str
    labels: Mapping[str, str] = field(default_factory=dict)
    instances: Sequence[str] = INSTANCES


@dataclass(frozen=True, slots=True)
class Case:
    """What makes an alert fire, and with which labels and description it does."""

    inputs: Sequence[Input]
    description: str
    labels: Mapping[str, str] = field(default_factory=lambda: {"series": SERIES})


def _level(well: str, bad: str) -> str:
    return f"{well}x4 {bad}x19 {well}x30"


_OF_SERIES = {"series": SERIES}
_LATENESS = f"{metrics.PROBE_LATENESS.name}_bucket"

CASES: Mapping[str, Case] = {
    "PortalwatchSeriesSlowerThanBaseline": Case(
        [
            Input(metrics.SERIES_TO_BASELINE.name, _level("1.1", "1.4"), {**_OF_SERIES, "stat": "low"}),
            Input(metrics.SERIES_TOLERANCE.name, "1.25x60", _OF_SERIES),
        ],
        f"{SERIES} takes at least 1.4 times as long as its baseline.",
    ),
    "PortalwatchSeriesDegraded": Case(
        [Input(metrics.SERIES_DRIFT.name, _level("1", "2"), _OF_SERIES)],
        f"{SERIES} is degraded against its reference, and further calls confirmed it.",
    ),
    "PortalwatchWarningFinding": Case(
        [Input(metrics.FINDINGS.name, _level("0", "1"), {**_OF_SERIES, "rule": "absolute", "level": "warning"})],
        f"{SERIES} is beyond its warning limit.",
        {**_OF_SERIES, "rule": "absolute", "level": "warning"},
    ),
    "PortalwatchCriticalFinding": Case(
        [Input(metrics.FINDINGS.name, _level("0", "1"), {**_OF_SERIES, "rule": "absolute", "level": "critical"})],
        f"{SERIES} is beyond its critical limit.",
        {**_OF_SERIES, "rule": "absolute", "level": "critical"},
    ),
    "PortalwatchProbeFailing": Case(
        [Input(metrics.PROBE_SUCCESS.name, _level("1", "0"), _OF_SERIES)],
        f"No instance has had a good run of {SERIES} for 3 minutes.",
    ),
    "PortalwatchProbeNotRunning": Case(
        [
            # Minutes 0 to 4, none until 25, and then each minute again.
            Input(metrics.PROBE_LAST_RUN.name, "0+60x4 240x19 1500+60x40", _OF_SERIES),
            Input(metrics.PROBE_INTERVAL.name, "60x65", _OF_SERIES),
        ],
        f"{SERIES} last ran 16m 0s ago.",
    ),
    "PortalwatchDown": Case(
        [Input("up", _level("1", "0"))], "No target of the job {job} has answered for 2 minutes.", {}
    ),
    "PortalwatchProbingSilent": Case(
        [Input(metrics.PROBING_HEARD.name, "0+60x4 240x19 1500+60x40")], "It was heard of 16m 0s ago.", {}
    ),
    "PortalwatchStoreDown": Case(
        [
            Input(metrics.STORE_UP.name, _level("1", "0"), instances=("a",)),
            Input(metrics.STORE_UP.name, "1x60", instances=("b",)),
        ],
        "a has been without its store for 2 minutes.",
        {"instance": "a"},
    ),
    "PortalwatchMeasurementsLost": Case(
        [Input(metrics.MEASUREMENTS_DROPPED.name, "0x4 1+1x19 20x30")],
        "About 20 measurements were lost in 10 minutes.",
        {},
    ),
    "PortalwatchProbesLate": Case(
        [
            Input(_LATENESS, "0x4 0x19 0+100x30", {"le": "1"}),
            Input(_LATENESS, "0x4 0+9x19 171+100x30", {"le": "5"}),
            Input(_LATENESS, "0x4 0+9x19 171+100x30", {"le": "+Inf"}),
        ],
        "One probe in a hundred starts 4.96s late or more.",
        {},
    ),
    "PortalwatchEscalationLate": Case(
        [Input(metrics.ALERT_OVERDUE.name, _level("0", "90"))], "The longest has been waiting for 1m 30s.", {}
    ),
    "PortalwatchNotificationsStuck": Case(
        [Input(metrics.OUTBOX.name, _level("0", "3"))], "3 notifications have been waiting for 10 minutes.", {}
    ),
    "PortalwatchNotificationsGivenUp": Case(
        [Input(metrics.DEAD_LETTERS.name, "0x4 1+1x19 20x30", {"channel": "slack", "fallback": "none"})],
        "About 20 notifications to slack were given up on.",
        {"channel": "slack"},
    ),
}


def rule_tests(
    rules: Sequence[AlertingRule], *, rules_file: str, job: str, grafana_url: str, runbook_url: str
) -> dict[str, object]:
    """The file for promtool, for these rules under that name and job. Raises KeyError for a rule without a case."""
    urls = {"grafana_url": grafana_url, "runbook_url": runbook_url}
    return {
        "rule_files": [rules_file],
        "evaluation_interval": "15s",
        "tests": [test for rule in rules for test in _tests(rule, CASES[rule.alert], job, urls)],
    }


def _tests(rule: AlertingRule, case: Case, job: str, urls: Mapping[str, str]) -> Iterator[dict[str, object]]:
    inputs = [*_inputs(case.inputs, job)]
    owners = [Input(metrics.ALERTMANAGER_OWNS.name, "1x60", {**_OF_SERIES, "rule": str(one)}) for one in rule.owned_by]
    expected = {
        "exp_labels": {"job": job, "severity": rule.severity.value, **case.labels},
        "exp_annotations": _annotations(rule, case, job, urls),
    }
    yield {
        "interval": "1m",
        "input_series": [*inputs, *_inputs(owners, job)],
        "alert_rule_test": [
            {"eval_time": WELL_AT, "alertname": rule.alert, "exp_alerts": []},
            {"eval_time": BAD_AT, "alertname": rule.alert, "exp_alerts": [expected]},
            {"eval_time": CLEAR_AT, "alertname": rule.alert, "exp_alerts": []},
        ],
    }
    if rule.owned_by:  # what portalwatch delivers itself, nobody is told of twice
        others = [
            Input(metrics.ALERTMANAGER_OWNS.name, "1x60", {**_OF_SERIES, "rule": str(one)})
            for one in Rule
            if one not in rule.owned_by
        ]
        yield {
            "interval": "1m",
            "input_series": [*inputs, *_inputs(others, job)],
            "alert_rule_test": [{"eval_time": BAD_AT, "alertname": rule.alert, "exp_alerts": []}],
        }


def _annotations(rule: AlertingRule, case: Case, job: str, urls: Mapping[str, str]) -> dict[str, object]:
    written = rule.as_rule(**urls)["annotations"]
    assert isinstance(written, dict)
    return {**written, "description": case.description.replace("{job}", job)}


def _inputs(inputs: Sequence[Input], job: str) -> Iterator[dict[str, str]]:
    for one in inputs:
        for instance in one.instances:
            labels = {"job": job, "instance": instance, **one.labels}
            matchers = ",".join(f"{key}={_quoted(value)}" for key, value in labels.items())
            yield {"series": f"{one.metric}{{{matchers}}}", "values": one.values}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'
