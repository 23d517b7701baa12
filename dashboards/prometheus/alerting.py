"""Alerting rules for a user's own Alertmanager, in place of our delivery or as the watch over the watcher."""

import json
from dataclasses import dataclass

from dashboards import metrics
from dashboards.grafana.names import DashboardUid, PanelId
from dashboards.prometheus import recording
from thresholds.finding import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertingRule:
    """A rule and where to look: `summary` never holds a value, so that it groups; `description` does."""

    alert: str
    expr: str
    lasting: str
    severity: Level
    summary: str
    description: str
    dashboard: DashboardUid
    panel: PanelId

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
                "runbook_url": f"{runbook_url.rstrip('/')}/{self.alert}",
                "dashboard_url": f"{grafana_url.rstrip('/')}/d/{self.dashboard.value}?viewPanel={self.panel.value}",
            },
        }


def alerting_rules(job: str) -> tuple[AlertingRule, ...]:
    """The rules for the service scraped as that job."""
    matcher = f"job={json.dumps(job)}"
    here = f"{{{matcher}}}"
    return (*_series_rules(here, matcher), *_service_rules(here))


def _series_rules(here: str, matcher: str) -> tuple[AlertingRule, ...]:
    low_end = f'{recording.TO_BASELINE.record}{{{matcher}, stat="low"}}'
    critical = f'{recording.FINDINGS.record}{{{matcher}, level="critical"}}'
    success, last_run = metrics.PROBE_SUCCESS.name, metrics.PROBE_LAST_RUN.name
    return (
        AlertingRule(
            alert="PortalwatchSeriesSlowerThanBaseline",
            # The low end of the interval: the whole of it lies beyond the tolerance.
            expr=f"{low_end} > on (job, series) {recording.TOLERANCE.record}{here}",
            lasting="2m",
            severity=Level.WARNING,
            summary="A series is slower than its baseline allows.",
            description="{{ $labels.series }} takes at least {{ $value | humanize }} times as long as its baseline.",
            dashboard=DashboardUid.COMPARISON,
            panel=PanelId.TO_BASELINE,
        ),
        AlertingRule(
            alert="PortalwatchCriticalFinding",
            expr=f"{critical} > 0",
            lasting="1m",
            severity=Level.CRITICAL,
            summary="A series is over a critical limit.",
            description="{{ $labels.series }} has {{ $value }} critical findings.",
            dashboard=DashboardUid.OVERVIEW,
            panel=PanelId.FINDINGS,
        ),
        AlertingRule(
            alert="PortalwatchProbeFailing",
            expr=f"max by (job, series) ({success}{here}) == 0",
            lasting="3m",
            severity=Level.CRITICAL,
            summary="A probe has been failing on every instance.",
            description="No instance has had a good run of {{ $labels.series }} for 3 minutes.",
            dashboard=DashboardUid.OVERVIEW,
            panel=PanelId.ERRORS,
        ),
        AlertingRule(
            alert="PortalwatchProbeNotRunning",
            expr=(
                f"time() - max by (job, series) ({last_run}{here})"
                f" > 3 * max by (job, series) ({metrics.PROBE_INTERVAL.name}{here})"
            ),
            lasting="1m",
            severity=Level.WARNING,
            summary="A probe has missed several of its runs.",
            description="{{ $labels.series }} last ran {{ $value | humanizeDuration }} ago.",
            dashboard=DashboardUid.OVERVIEW,
            panel=PanelId.LATENESS,
        ),
    )


def _service_rules(here: str) -> tuple[AlertingRule, ...]:
    dropped = metrics.MEASUREMENTS_DROPPED.name
    return (
        AlertingRule(
            alert="PortalwatchDown",
            expr=f"absent(up{here}) or max by (job) (up{here}) == 0",
            lasting="2m",
            severity=Level.CRITICAL,
            summary="No instance of portalwatch answers: nobody is watching the portal.",
            description="No target of the job {{ $labels.job }} has answered for 2 minutes.",
            dashboard=DashboardUid.OVERVIEW,
            panel=PanelId.STORE,
        ),
        AlertingRule(
            alert="PortalwatchStoreDown",
            expr=f"min by (job, instance) ({metrics.STORE_UP.name}{here}) == 0",
            lasting="2m",
            severity=Level.WARNING,
            summary="The store does not answer: measurements are spooled.",
            description="{{ $labels.instance }} has been without its store for 2 minutes.",
            dashboard=DashboardUid.OVERVIEW,
            panel=PanelId.STORE,
        ),
        AlertingRule(
            alert="PortalwatchNotificationsStuck",
            expr=f"min by (job) (min_over_time({metrics.OUTBOX.name}{here}[10m])) > 0",
            lasting="1m",
            severity=Level.CRITICAL,
            summary="Notifications are waiting and do not leave.",
            description="{{ $value }} notifications have been waiting for 10 minutes.",
            dashboard=DashboardUid.OVERVIEW,
            panel=PanelId.OUTBOX,
        ),
        AlertingRule(
            alert="PortalwatchMeasurementsLost",
            expr=f"sum by (job) (increase({dropped}{here}[10m])) > 0",
            lasting="1m",
            severity=Level.WARNING,
            summary="Measurements were lost between the probes and the store.",
            description="About {{ $value | humanize }} measurements were lost in 10 minutes.",
            dashboard=DashboardUid.OVERVIEW,
            panel=PanelId.STORE,
        ),
        AlertingRule(
            alert="PortalwatchProbesLate",
            expr=f"{recording.LATENESS_P99.record}{here} > 1",
            lasting="5m",
            severity=Level.WARNING,
            summary="Probes start later than intended.",
            description="One probe in a hundred starts {{ $value | humanizeDuration }} late or more.",
            dashboard=DashboardUid.OVERVIEW,
            panel=PanelId.LATENESS,
        ),
    )
