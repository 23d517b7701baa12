"""The exporter: what Prometheus reads after what happened."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as parse_text

from alerts.notification import Outcome as DeliveryOutcome
from alerts.observer import AlertObserver
from baselines.measurement import Measurement, Outcome, Reason
from baselines.verdict import Comparison, Verdict
from dashboards.metrics import CATALOGUE, MetricKind
from monitor.exporter import Exporter
from tests.dashboards.examples import SLOW, compared, finding
from tests.dashboards.promtool import promtool
from tests.deployments.small import running_a_phase, waiting_at_a_gate
from tests.monitor.exporting import NOW, busy_exporter, exporter, measured
from thresholds import Level, Rule

API = "api_endpoints.client_groups"


def openmetrics(text: str) -> list[Metric]:
    """The families of an OpenMetrics exposition."""
    return list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


def value(watched: Exporter, name: str, **labels: str) -> float | None:
    """The sample with that name and these labels, None where it is not exported."""
    text = watched.render()[0].decode()
    samples = [sample for family in parse_text(text) for sample in family.samples]
    return next((one.value for one in samples if one.name == name and one.labels == labels), None)


def test_the_whole_catalogue_is_exported_with_its_kinds_labels_and_help() -> None:
    """Every metric a panel may ask for is there after a busy minute, with the labels the catalogue promises."""
    text = busy_exporter().render("application/openmetrics-text")[0].decode()
    exported = {family.name: family for family in openmetrics(text)}
    expected = {one.name.removesuffix("_total").removesuffix("_info"): one for one in CATALOGUE}
    assert set(exported) == set(expected)
    for name, metric in expected.items():
        family = exported[name]
        assert family.type == metric.kind.value
        assert family.documentation == metric.help
        for sample in family.samples:
            extra = {"le"} if sample.name.endswith("_bucket") else set()
            assert set(sample.labels) == set(metric.labels) | extra, sample


def test_promtool_finds_nothing_to_improve() -> None:
    """Names, units, help and types are as Prometheus' own linter wants them."""
    promtool("check", "metrics", text=busy_exporter().render()[0].decode())


@pytest.mark.parametrize("accept", ["", "*/*", "text/plain;version=0.0.4", "text/plain; version=x; q=nan"])
def test_prometheus_text_is_the_answer_to_every_other_accept_header(accept: str) -> None:
    """A client that does not name OpenMetrics gets Prometheus' text format, whatever else it says."""
    content, kind = busy_exporter().render(accept)
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    assert b"# EOF" not in content


@pytest.mark.parametrize("version", ["1.0.0", "x", "99"])
def test_openmetrics_is_served_in_the_version_we_have(version: str) -> None:
    """A version we do not have is not promised, and a version that is no number is no error."""
    content, kind = busy_exporter().render(f"application/openmetrics-text;version={version};q=0.5,text/plain;q=0.1")
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert content.endswith(b"# EOF\n")


def test_a_run_that_ended_well_is_counted_timed_and_shown() -> None:
    """Outcome, value, success, time and duration of the same measurement agree."""
    watched = exporter()
    assert value(watched, "portalwatch_probe_runs_total", series=API, outcome="ok", reason="none") == 0
    one = measured(API, 0.05)
    watched.observe(one)
    assert value(watched, "portalwatch_probe_runs_total", series=API, outcome="ok", reason="none") == 1
    assert value(watched, "portalwatch_series_value_seconds", series=API) == 0.05
    assert value(watched, "portalwatch_probe_success", series=API) == 1
    assert value(watched, "portalwatch_probe_last_run_timestamp_seconds", series=API) == pytest.approx(
        one.started_at.timestamp()
    )
    assert value(watched, "portalwatch_probe_duration_seconds_sum", series=API) == 0.05
    assert value(watched, "portalwatch_probe_lateness_seconds_sum") == pytest.approx(0.02)


def test_a_time_out_is_a_duration_and_a_failure_is_none() -> None:
    """Leaving time-outs out would make a side that times out look fast; an error has no duration to show."""
    watched = exporter()
    watched.observe(measured(API, reason=Reason.STATUS))
    assert value(watched, "portalwatch_probe_duration_seconds_count", series=API) is None
    watched.observe(
        Measurement(
            series=API,
            intended_at=NOW,
            started_at=NOW,
            outcome=Outcome.TIMEOUT,
            value=30.0,
            reason=Reason.READ_TIMEOUT,
        )
    )
    assert value(watched, "portalwatch_probe_duration_seconds_sum", series=API) == 30.0
    assert value(watched, "portalwatch_probe_success", series=API) == 0


def test_a_disturbed_run_is_counted_but_neither_shown_nor_timed() -> None:
    """What is not judged is not drawn: the line that is seen is the one that is judged."""
    watched = exporter()
    watched.observe(measured(API, 0.4, prober_delay_seconds=0.3))
    assert value(watched, "portalwatch_probe_disturbed_total", series=API) == 1
    assert value(watched, "portalwatch_series_value_seconds", series=API) is None
    assert value(watched, "portalwatch_probe_duration_seconds_count", series=API) is None


def test_a_skipped_run_shows_only_that_it_was_and_how_late() -> None:
    """It says nothing of the target; what it waited for in vain is the prober's lateness."""
    watched = exporter()
    watched.observe(
        Measurement(
            series=API,
            intended_at=NOW - timedelta(seconds=5),
            started_at=NOW,
            outcome=Outcome.SKIPPED,
            reason=Reason.BUSY,
        )
    )
    assert value(watched, "portalwatch_probe_runs_total", series=API, outcome="skipped", reason="busy") == 1
    assert value(watched, "portalwatch_probe_lateness_seconds_sum") == pytest.approx(5.0)
    assert value(watched, "portalwatch_probe_loop_delay_seconds_count") == 0
    assert value(watched, "portalwatch_probe_success", series=API) is None


def test_the_loop_delay_of_every_run_is_counted() -> None:
    """Also of one that is disturbed by it."""
    watched = exporter()
    watched.observe(measured(API, 0.4, prober_delay_seconds=0.3))
    assert value(watched, "portalwatch_probe_loop_delay_seconds_sum") == pytest.approx(0.3)


def test_a_value_stands_under_the_name_of_its_unit() -> None:
    """A share is exported as a ratio and a plain number without a unit, never as seconds, and without a histogram."""
    watched = busy_exporter()
    assert value(watched, "portalwatch_series_value_ratio", series="system_resources.cpu_usage") == 0.42
    assert value(watched, "portalwatch_series_value", series="portal_usage.concurrent_users") == 3
    assert value(watched, "portalwatch_probe_duration_seconds_count", series="system_resources.cpu_usage") is None


def test_phases_add_up_over_the_runs_that_the_durations_are_of() -> None:
    """So that their sum divided by the number of durations is what a run spends in a phase; a disturbed one is none."""
    watched = exporter()
    for seconds in (0.01, 0.03):
        watched.observe(measured(API, 0.05, phases={"first_byte": seconds, "tls": 0.002}))
    watched.observe(measured(API, 0.4, prober_delay_seconds=0.3, phases={"first_byte": 0.3}))
    name = "portalwatch_probe_phase_seconds_total"
    assert value(watched, name, series=API, phase="first_byte") == pytest.approx(0.04)
    assert value(watched, name, series=API, phase="tls") == pytest.approx(0.004)


def test_what_alertmanager_delivers_is_told_anew_each_time() -> None:
    """A route that was given back is no longer Alertmanager's; a series that nobody configured adds no label."""
    watched = busy_exporter()
    name = "portalwatch_alertmanager_owns"
    assert value(watched, name, series=SLOW, rule="baseline") == 1
    watched.alertmanager_owns([(API, Rule.AVAILABILITY), ("made.up", Rule.BASELINE)])
    assert value(watched, name, series=SLOW, rule="baseline") is None
    assert value(watched, name, series=API, rule="availability") == 1
    assert b"made.up" not in watched.render()[0]


def test_what_the_alerts_tell_of_themselves() -> None:
    """Steps that wait, acknowledgements, digests, deciding without the store, and signs of life."""
    watched = exporter()
    assert value(watched, "portalwatch_alert_step_overdue_seconds") == 0
    watched.overdue(75.0)
    watched.acknowledged("tier_3_critical", 240.0)
    watched.standing_by(True)
    watched.merged("slack-alerts", 4)
    watched.heartbeat(False)
    assert value(watched, "portalwatch_alert_step_overdue_seconds") == 75
    assert value(watched, "portalwatch_alert_acknowledge_seconds_sum", tier="tier_3_critical") == 240
    assert value(watched, "portalwatch_alerts_by_memory") == 1
    assert value(watched, "portalwatch_digests_total", channel="slack-alerts") == 1
    assert value(watched, "portalwatch_digested_notifications_total", channel="slack-alerts") == 4
    assert value(watched, "portalwatch_heartbeats_total", outcome="failed") == 1
    assert value(watched, "portalwatch_heartbeats_total", outcome="delivered") == 0


def test_what_is_expected_reads_zero_until_it_happens() -> None:
    """The first delivery is a step from 0 to 1 that rate() sees; without any the panel says 0 and not "no data"."""
    watched = exporter()
    watched.expect(channels={"slack-alerts": ["email-ops-team"]}, tiers=["tier_2_warning"])
    assert value(watched, "portalwatch_deliveries_total", channel="slack-alerts", outcome="delivered") == 0
    for fallback in ("none", "email-ops-team"):
        labels = {"channel": "slack-alerts", "fallback": fallback}
        assert value(watched, "portalwatch_dead_letters_total", **labels) == 0
    assert value(watched, "portalwatch_alerts", tier="tier_2_warning", state="firing") == 0
    assert value(watched, "portalwatch_alerts", tier="tier_2_warning", state="resolved") is None
    assert value(watched, "portalwatch_alert_changes_total", reason="escalated", tier="tier_2_warning") == 0


def test_our_own_processes_add_up_what_they_use() -> None:
    """Processor time is a counter over restarts, memory is what it is now."""
    watched = exporter()
    for seconds in (1.0, 0.5):
        watched.process("probing", cpu_seconds=seconds, resident_bytes=6e7)
    assert value(watched, "portalwatch_process_cpu_seconds_total", process="probing") == 1.5
    assert value(watched, "portalwatch_process_resident_memory_bytes", process="probing") == 6e7


def test_a_series_nobody_configured_adds_no_label() -> None:
    """However many unknown names come in, what is exported stays as long as the configuration."""
    watched = exporter()
    for number in range(100):
        watched.observe(measured(f"made.up_{number}"))
        watched.findings(f"made.up_{number}", [finding("made.up")])
    watched.baseline_compared(Comparison(before="a", after="b", series=[compared("made.up", Verdict.WITHIN)]))
    watched.limits({"made.up": {}})
    assert b"made.up" not in watched.render()[0]
    assert value(watched, "portalwatch_measurements_unregistered_total") == 100


def test_ratio_interval_tolerance_and_baseline_come_from_the_comparison() -> None:
    """The estimate and both ends, the tolerance that was applied, and the figures of the before side."""
    watched = busy_exporter()
    assert value(watched, "portalwatch_series_to_baseline_ratio", series=SLOW, stat="estimate") == 7.31
    assert value(watched, "portalwatch_series_to_baseline_ratio", series=SLOW, stat="low") == pytest.approx(7.31 / 1.06)
    assert value(watched, "portalwatch_series_tolerance_ratio", series=SLOW) == 1.25
    assert value(watched, "portalwatch_series_baseline_seconds", series=SLOW, stat="median") == 0.0412


def test_a_ratio_that_is_gone_disappears() -> None:
    """After an inconclusive comparison without a ratio the old one does not stand there as if it still held."""
    watched = busy_exporter()
    gone = compared(SLOW, Verdict.MISSING)
    watched.baseline_compared(Comparison(before="pre", after="live", series=[gone]))
    assert value(watched, "portalwatch_series_to_baseline_ratio", series=SLOW, stat="estimate") is None
    assert value(watched, "portalwatch_series_baseline_seconds", series=SLOW, stat="median") == 0.0412


def test_findings_that_closed_read_zero() -> None:
    """The findings of a series replace those told before; without any both levels read 0, not "no data"."""
    watched = busy_exporter()
    critical = {"series": SLOW, "rule": "absolute", "level": "critical"}
    assert value(watched, "portalwatch_findings", **critical) == 1
    assert value(watched, "portalwatch_findings", series=SLOW, rule="baseline", level="warning") == 1
    watched.findings(SLOW, [])
    assert value(watched, "portalwatch_findings", **critical) == 0
    assert value(watched, "portalwatch_findings", series=API, rule="availability", level="warning") == 0


def test_a_finding_of_another_kind_closes_too() -> None:
    """Even what nobody expected of a series goes back to 0 and does not stand there for ever."""
    watched = exporter()
    labels = {"series": API, "rule": "floor", "level": "critical"}
    watched.findings(API, [finding(API, Level.CRITICAL, Rule.FLOOR)])
    assert value(watched, "portalwatch_findings", **labels) == 1
    watched.findings(API, [])
    assert value(watched, "portalwatch_findings", **labels) == 0


def test_what_can_be_found_of_a_series_is_there_from_the_start() -> None:
    """A share of the host has no baseline rule, and a floor is no ceiling: what can't be found is not exported."""
    text = exporter().render()[0].decode()
    found = {
        (sample.labels["series"], sample.labels["rule"])
        for family in parse_text(text)
        for sample in family.samples
        if sample.name == "portalwatch_findings"
    }
    assert {rule for series, rule in found if series == SLOW} == {"availability", "absolute", "baseline"}
    assert {rule for series, rule in found if series == "system_resources.cpu_usage"} == {"availability", "absolute"}


def test_a_dry_run_is_counted_apart() -> None:
    """Rules that page on findings are not to page on it."""
    watched = busy_exporter()
    watched.findings(SLOW, [replace(finding(SLOW, Level.CRITICAL, Rule.ABSOLUTE), dry_run=True)])
    labels = {"series": SLOW, "rule": "absolute", "level": "critical"}
    assert value(watched, "portalwatch_findings", **labels) == 0
    assert value(watched, "portalwatch_findings_dry_run", **labels) == 1


def test_a_limit_that_is_no_longer_ahead_disappears() -> None:
    """One that never was has no line either."""
    watched = busy_exporter()
    name = "portalwatch_series_until_limit_seconds"
    assert value(watched, name, series=SLOW, limit="warning") == 86400
    assert value(watched, name, series=SLOW, limit="critical") is None
    watched.until_limit(SLOW, {"warning": None})
    assert value(watched, name, series=SLOW, limit="warning") is None


def test_alerts_that_are_no_more_read_zero() -> None:
    """A tier and state that had alerts keeps its line and goes down to 0."""
    watched = busy_exporter()
    watched.alerts({("tier_2_warning", "firing"): 2})
    assert value(watched, "portalwatch_alerts", tier="tier_3_critical", state="firing") == 0
    assert value(watched, "portalwatch_alerts", tier="tier_2_warning", state="firing") == 2


def test_only_the_latest_deployment_is_exported_and_its_time_is_the_value() -> None:
    """A chart marks the time; an old release does not stay as a label for ever."""
    watched = busy_exporter()
    watched.deployed("r3", NOW + timedelta(hours=1))
    assert value(watched, "portalwatch_deployment_timestamp_seconds", release="r2") is None
    assert value(watched, "portalwatch_deployment_timestamp_seconds", release="r3") == pytest.approx(
        NOW.timestamp() + 3600
    )


def test_a_deployment_is_exported_as_it_stands_and_an_earlier_one_is_gone() -> None:
    """Each phase has its one status; the gate that is due and the users of the running phase are there while they hold;
    without a deployment nothing of one is left.
    """
    watched, first = exporter(), {"deployment": "v42"}
    status, gate = "portalwatch_deployment_phase_status", "portalwatch_deployment_gate_state"
    watched.deployment(waiting_at_a_gate(NOW), NOW)
    assert value(watched, status, **first, phase="pre_migration", status="completed") == 1
    assert value(watched, status, **first, phase="phase_1", status="pending") == 1
    assert value(watched, gate, **first, gate="after pre_migration", state="closed") == 1
    assert value(watched, "portalwatch_deployment_advice", **first, action="hold") == 1
    assert value(watched, "portalwatch_deployment_stage", **first, stage="under_way") == 1
    expected = "portalwatch_deployment_phase_expected_seconds"
    assert value(watched, expected, **first, phase="phase_1", bound="longest") == 45 * 60

    watched.deployment(running_a_phase(NOW), NOW)
    assert value(watched, status, **first, phase="phase_1", status="started") == 1
    assert value(watched, status, **first, phase="phase_1", status="pending") is None
    assert value(watched, gate, **first, gate="after pre_migration", state="closed") is None
    assert value(watched, "portalwatch_deployment_users_allowed", **first, phase="phase_1") == 4
    started = "portalwatch_deployment_phase_started_timestamp_seconds"
    assert value(watched, started, **first, phase="phase_1") == pytest.approx(NOW.timestamp())

    watched.deployment(None, NOW)
    assert value(watched, status, **first, phase="phase_1", status="started") is None
    assert b'deployment="v42"' not in watched.render()[0]


def test_a_correlation_id_is_an_exemplar_in_openmetrics_only_while_it_fits() -> None:
    """A point of a latency panel leads to the call; an id longer than the format allows is left out, not an error."""
    watched = exporter()
    watched.observe(measured(API, 0.05, correlation_id="pw-42"))
    watched.observe(measured(API, 0.05, correlation_id="x" * 500))
    text = watched.render("application/openmetrics-text")[0].decode()
    assert "xxx" not in text
    exemplars = [sample.exemplar for family in openmetrics(text) for sample in family.samples if sample.exemplar]
    assert [one.labels for one in exemplars] == [{"correlation_id": "pw-42"}]


def test_two_exporters_do_not_meet() -> None:
    """Each has a registry of its own, so two services in one test process count apart."""
    first, second = exporter(), exporter()
    first.spooled()
    assert value(second, "portalwatch_measurements_spooled_total") == 0


def test_the_exporter_is_what_the_alerts_tell_their_counts() -> None:
    """An exporter is an observer of the alerts: the type checker proves the signatures, this that it counts."""
    watched = exporter()
    observer: AlertObserver = watched
    observer.delivered("slack-alerts", DeliveryOutcome.TIMEOUT, 30.0)
    assert value(watched, "portalwatch_deliveries_total", channel="slack-alerts", outcome="timeout") == 1


def test_every_kind_of_the_catalogue_is_built() -> None:
    """A kind that the exporter forgets would lose its metrics silently."""
    assert {one.kind for one in CATALOGUE} == set(MetricKind)
