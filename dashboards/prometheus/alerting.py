"""Alerting rules for a user's own Alertmanager, in place of our delivery or as the watch over the watcher.

An alert has one owner. A rule about a series speaks only where the user gave its route to Alertmanager, which the
service exports as `portalwatch_alertmanager_owns`; by default that is nowhere. The rules about the service itself
always speak: it can't tell anybody that it is gone.
"""

import json
from dataclasses import dataclass

from dashboards import metrics
from dashboards.grafana.names import DashboardUid, PanelId
from dashboards.prometheus import recording
from thresholds.finding import Level, Rule

# An escalation that is this much late is told by a path of its own.
LATE_SECONDS = 60
# The prober shows a sign of life every 5 s.
SILENT_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertingRule:
    """A rule and where to look: `summary` never holds a value, so that it groups; `description` does.

    `owned_by`: the rules of findings of which it speaks where Alertmanager delivers them; none for the service itself.
    """

    alert: str
    expr: str
    lasting: str
    severity: Level
    summary: str
    description: str
    dashboard: DashboardUid
    panel: PanelId
    owned_by: tuple[Rule, ...] = ()

    def as_rule(self, *, grafana_url: str, runbook_url: str) -> dict[str, object]:
        """The rule as Prometheus' file has it, with links to its panel and its runbook."""
        return {
            "alert": self.alert,
            "expr": self.expr,
            "for": self.lasting,
            "labels": {"severity": self.severity.value},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": self.runbook(runbook_url),
                "dashboard_url": f"{grafana_url.rstrip('/')}/d/{self.dashboard.value}?viewPanel={self.panel.value}",
            },
        }

    def runbook(self, runbook_url: str) -> str:
        """Where it says what the alert means and what to do."""
        return f"{runbook_url.rstrip('/')}/{self.alert}"


def alerting_rules(job: str) -> tuple[AlertingRule, ...]:
    """The rules for the service scraped as that job."""
    matcher = f"job={json.dumps(job)}"
    here = f"{{{matcher}}}"
    return (*_baseline_rules(matcher), *_finding_rules(matcher), *_probe_rules(here, matcher), *_service_rules(here))


def _owned(matcher: str, rule: Rule) -> str:
    """Whom it concerns: the series of which Alertmanager delivers what that rule finds."""
    return f'{recording.OWNED.record}{{{matcher}, rule="{rule}"}} == 1'


def _baseline_rules(matcher: str) -> tuple[AlertingRule, ...]:
    low_end = f'{recording.TO_BASELINE.record}{{{matcher}, stat="low"}}'
    tolerance, drift = (f"{one.record}{{{matcher}}}" for one in (recording.TOLERANCE, recording.DRIFT))
    owned = _owned(matcher, Rule.BASELINE)
    return (
        AlertingRule(
            alert="PortalwatchSeriesSlowerThanBaseline",
            # The low end of the interval: the whole of it lies beyond the tolerance. A series that is watched against
            # its own reference is judged by that alone.
            expr=f"({low_end} > on (job, series) {tolerance} unless on (job, series) {drift}) "
            f"and on (job, series) ({owned})",
            lasting="2m",
            severity=Level.WARNING,
            summary="A series is slower than its baseline allows.",
            description="{{ $labels.series }} takes at least {{ $value | humanize }} times as long as its baseline.",
            dashboard=DashboardUid.COMPARISON,
            panel=PanelId.TO_BASELINE,
            owned_by=(Rule.BASELINE,),
        ),
        AlertingRule(
            alert="PortalwatchSeriesDegraded",
            expr=f"{drift} == 2 and on (job, series) ({owned})",
            lasting="0s",
            severity=Level.WARNING,
            summary="A watched series has become slower than its reference.",
            description="{{ $labels.series }} is degraded against its reference, and further calls confirmed it.",
            dashboard=DashboardUid.COMPARISON,
            panel=PanelId.DRIFT,
            owned_by=(Rule.BASELINE,),
        ),
    )


def _finding_rules(matcher: str) -> tuple[AlertingRule, ...]:
    of_limits = 'rule=~"absolute|floor"'
    owned = f"{recording.OWNED.record}{{{matcher}, {of_limits}}} == 1"

    def rule(alert: str, level: Level, lasting: str, summary: str) -> AlertingRule:
        found = f'{recording.FINDINGS.record}{{{matcher}, {of_limits}, level="{level}"}}'
        return AlertingRule(
            alert=alert,
            expr=f"{found} > 0 and on (job, series, rule) ({owned})",
            lasting=lasting,
            severity=level,
            summary=summary,
            description="{{ $labels.series }} is beyond its {{ $labels.level }} limit.",
            dashboard=DashboardUid.OVERVIEW,
            panel=PanelId.FINDINGS,
            owned_by=(Rule.ABSOLUTE, Rule.FLOOR),
        )

    return (
        rule("PortalwatchWarningFinding", Level.WARNING, "3m", "A series is over a warning limit."),
        rule("PortalwatchCriticalFinding", Level.CRITICAL, "1m", "A series is over a critical limit."),
    )


def _probe_rules(here: str, matcher: str) -> tuple[AlertingRule, ...]:
    last_run, interval = metrics.PROBE_LAST_RUN.name, metrics.PROBE_INTERVAL.name
    owned = _owned(matcher, Rule.AVAILABILITY)
    return (
        AlertingRule(
            alert="PortalwatchProbeFailing",
            expr=f"{recording.SUCCESS.record}{here} == 0 and on (job, series) ({owned})",
            lasting="3m",
            severity=Level.CRITICAL,
            summary="A probe has been failing on every instance.",
            description="No instance has had a good run of {{ $labels.series }} for 3 minutes.",
            dashboard=DashboardUid.OVERVIEW,
            panel=PanelId.ERRORS,
            owned_by=(Rule.AVAILABILITY,),
        ),
        AlertingRule(
            alert="PortalwatchProbeNotRunning",
            expr=(
                f"time() - max by (job, series) ({last_run}{here})"
                f" > 3 * max by (job, series) ({interval}{here}) + 60 and on (job, series) ({owned})"
            ),
            lasting="1m",
            severity=Level.WARNING,
            summary="A probe has missed several of its runs.",
            description="{{ $labels.series }} last ran {{ $value | humanizeDuration }} ago.",
            dashboard=DashboardUid.SERVICE,
            panel=PanelId.NOT_RUN,
            owned_by=(Rule.AVAILABILITY,),
        ),
    )


def _service_rules(here: str) -> tuple[AlertingRule, ...]:
    return (*_rules_of_the_watch(here), *_rules_of_the_alerts(here))


def _rules_of_the_watch(here: str) -> tuple[AlertingRule, ...]:
    return (
        AlertingRule(
            alert="PortalwatchDown",
            expr=f"absent(up{here}) or max by (job) (up{here}) == 0",
            lasting="2m",
            severity=Level.CRITICAL,
            summary="No instance of portalwatch answers: nobody is watching the portal.",
            description="No target of the job {{ $labels.job }} has answered for 2 minutes.",
            dashboard=DashboardUid.SERVICE,
            panel=PanelId.UP,
        ),
        AlertingRule(
            alert="PortalwatchProbingSilent",
            expr=f"time() - max by (job) ({metrics.PROBING_HEARD.name}{here}) > {SILENT_SECONDS}",
            lasting="1m",
            severity=Level.CRITICAL,
            summary="The process that probes shows no sign of life: nothing is measured.",
            description="It was heard of {{ $value | humanizeDuration }} ago.",
            dashboard=DashboardUid.SERVICE,
            panel=PanelId.PROBING,
        ),
        AlertingRule(
            alert="PortalwatchStoreDown",
            expr=f"min by (job, instance) ({metrics.STORE_UP.name}{here}) == 0",
            lasting="2m",
            severity=Level.WARNING,
            summary="The store does not answer: measurements are spooled.",
            description="{{ $labels.instance }} has been without its store for 2 minutes.",
            dashboard=DashboardUid.SERVICE,
            panel=PanelId.STORE,
        ),
        AlertingRule(
            alert="PortalwatchMeasurementsLost",
            expr=f"sum by (job) (increase({metrics.MEASUREMENTS_DROPPED.name}{here}[10m])) > 0",
            lasting="1m",
            severity=Level.WARNING,
            summary="Measurements were lost between the probes and the store.",
            description="About {{ $value | humanize }} measurements were lost in 10 minutes.",
            dashboard=DashboardUid.SERVICE,
            panel=PanelId.LOST,
        ),
        AlertingRule(
            alert="PortalwatchProbesLate",
            expr=f"{recording.LATENESS_P99.record}{here} > 1",
            lasting="5m",
            severity=Level.WARNING,
            summary="Probes start later than intended.",
            description="One probe in a hundred starts {{ $value | humanizeDuration }} late or more.",
            dashboard=DashboardUid.SERVICE,
            panel=PanelId.LATENESS,
        ),
    )


def _rules_of_the_alerts(here: str) -> tuple[AlertingRule, ...]:
    return (
        AlertingRule(
            alert="PortalwatchEscalationLate",
            expr=f"max by (job) ({metrics.ALERT_OVERDUE.name}{here}) > {LATE_SECONDS}",
            lasting="0s",
            severity=Level.CRITICAL,
            summary="An escalation or reminder that is due has not been made.",
            description="The longest has been waiting for {{ $value | humanizeDuration }}.",
            dashboard=DashboardUid.ALERTS,
            panel=PanelId.OVERDUE,
        ),
        AlertingRule(
            alert="PortalwatchNotificationsStuck",
            expr=f"min by (job) (min_over_time({metrics.OUTBOX.name}{here}[10m])) > 0",
            lasting="1m",
            severity=Level.CRITICAL,
            summary="Notifications are waiting and do not leave.",
            description="{{ $value }} notifications have been waiting for 10 minutes.",
            dashboard=DashboardUid.ALERTS,
            panel=PanelId.OUTBOX,
        ),
        AlertingRule(
            alert="PortalwatchNotificationsGivenUp",
            expr=f"sum by (job, channel) (increase({metrics.DEAD_LETTERS.name}{here}[10m])) > 0",
            lasting="0s",
            severity=Level.CRITICAL,
            summary="A channel was given up on: notifications did not reach whom they were for.",
            description="About {{ $value | humanize }} notifications to {{ $labels.channel }} were given up on.",
            dashboard=DashboardUid.ALERTS,
            panel=PanelId.GIVEN_UP,
        ),
    )
