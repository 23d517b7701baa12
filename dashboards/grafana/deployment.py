"""7 Deployment: where it stands, what is running since when, and whether it may go on."""

from collections.abc import Iterator

from grafana_foundation_sdk.models import dashboard

from baselines.series import Unit
from dashboards import metrics
from dashboards.grafana.board import board
from dashboards.grafana.names import DashboardUid
from dashboards.grafana.panel import (
    BAD,
    FIRST_FREE_ID,
    GOOD,
    WARN,
    About,
    AnyPanel,
    Column,
    Query,
    Role,
    Step,
    line_panel,
    stat_panel,
    table_panel,
)
from dashboards.grafana.selectors import HERE, RECORDED
from dashboards.inventory import Inventory
from dashboards.prometheus import recording

# The customer's; a plan may name another one.
_USERS = "portal_usage.concurrent_users"


def deployment(inventory: Inventory) -> dashboard.Dashboard:
    """Phases, gate, advice and users; how the checks stand; the release with its age; ratios with the lines at which a
    deployment is held and rolled back; what fired.
    """
    return board(
        DashboardUid.DEPLOYMENT,
        "7 Deployment",
        "Where a deployment stands, and what became slower or broke since: hold, roll back, or go on.",
        [*_standing(), _phases(), _users(inventory), *_checks(), *_stats(inventory), *_lines(inventory), _table()],
    )


def _standing() -> Iterator[AnyPanel]:
    status = metrics.DEPLOYMENT_PHASE_STATUS.name
    stage = f"max by (deployment, stage) ({metrics.DEPLOYMENT_STAGE.name}{{{HERE}}})"
    done = f'count by (deployment) (max by (deployment, phase) ({status}{{{HERE}, status="completed"}}))'
    every = f"count by (deployment) (max by (deployment, phase) ({status}{{{HERE}}}))"
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 9,
            title="Phases completed",
            description="Of the deployment that is open or was last, with the part of its life that it is in.",
            unit="percentunit",
            width=5,
            height=5,
            decimals=0,
        ),
        [Query(expr=f"{stage} * on (deployment) group_left () ({done} / {every})", legend="{{deployment}}: {{stage}}")],
        [Step(None, GOOD)],
    )
    begun = f"max by (deployment, phase) ({metrics.DEPLOYMENT_PHASE_STARTED.name}{{{HERE}}})"
    longest = f'max by (deployment, phase) ({metrics.DEPLOYMENT_PHASE_EXPECTED.name}{{{HERE}, bound="longest"}})'
    runs = f'max by (deployment, phase) ({status}{{{HERE}, status="started"}})'
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 10,
            title="Of the longest time expected",
            description="How much of it the running phase has used; overdue from 100 % on. Empty while none runs.",
            unit="percentunit",
            width=5,
            height=5,
            decimals=0,
        ),
        [Query(expr=f"((time() - {begun}) / {longest}) and {runs}", legend="{{phase}}")],
        [Step(None, GOOD), Step(1, WARN)],
    )
    yield _words(
        FIRST_FREE_ID + 11,
        "Gate that is due",
        "0 open, 1 inconclusive, 2 closed. Empty while a phase runs.",
        metrics.DEPLOYMENT_GATE.name,
        "gate, state",
        "{{gate}}: {{state}}",
        'state="open"',
        'state="inconclusive"',
        'state="closed"',
    )
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 18,
            title="Health score",
            description="Of 100, as it was read last: tables, indexes, constraints, ownership, functions, operations. "
            "It passes from 90 on.",
            unit="none",
            width=4,
            height=5,
            decimals=0,
        ),
        [Query(expr=f"max by (deployment) ({metrics.DEPLOYMENT_HEALTH.name}{{{HERE}}})", legend="{{deployment}}")],
        [Step(None, BAD), Step(75, WARN), Step(90, GOOD)],
    )
    yield _words(
        FIRST_FREE_ID + 12,
        "Advice",
        "The last one given: 0 continue, 1 hold or undecided, 2 roll back. Nothing is rolled back by itself.",
        metrics.DEPLOYMENT_ADVICE.name,
        "deployment, action",
        "{{deployment}}: {{action}}",
        'action="continue"',
        'action=~"hold|undecided"',
        'action="rollback"',
    )


def _words(
    id_: int, title: str, description: str, metric: str, by: str, legend: str, good: str, unsure: str, bad: str
) -> AnyPanel:
    """What is 1 for the word that holds, so coloured."""
    ranked = " or ".join(
        f"{rank}{metric}{{{HERE}, {words}}}" for rank, words in (("0 * ", good), ("", unsure), ("2 * ", bad))
    )
    return stat_panel(
        About(id=id_, title=title, description=description, unit="none", width=5, height=5),
        [Query(expr=f"max by ({by}) ({ranked})", legend=legend)],
        [Step(None, GOOD), Step(1, WARN), Step(2, BAD)],
    )


def _phases() -> AnyPanel:
    labels = "deployment, phase, status"
    status = f"max by ({labels}) ({metrics.DEPLOYMENT_PHASE_STATUS.name}{{{HERE}}})"
    begun = f"max by (deployment, phase) ({metrics.DEPLOYMENT_PHASE_STARTED.name}{{{HERE}}})"
    expected = metrics.DEPLOYMENT_PHASE_EXPECTED.name
    bounds = [f'max by (deployment, phase) ({expected}{{{HERE}, bound="{one}"}})' for one in ("shortest", "longest")]
    beside = "* on (deployment, phase) group_right ()"
    return table_panel(
        About(
            id=FIRST_FREE_ID + 13,
            title="Phases",
            description="Each with its status, how long ago it began last, and how long it is expected to take.",
            unit="s",
            height=9,
        ),
        [
            Query(expr=f"(time() - {begun}) {beside} {status}", legend=""),
            *(Query(expr=f"{one} {beside} {status}", legend="") for one in bounds),
        ],
        [Column("begun ago", "s"), Column("shortest expected", "s"), Column("longest expected", "s")],
    )


def _users(inventory: Inventory) -> AnyPanel:
    allowed = f"max by (phase) ({metrics.DEPLOYMENT_USERS.name}{{{HERE}}})"
    value = f'{metrics.SERIES_VALUE[Unit.COUNT].name}{{{HERE}, series="{_USERS}"}}'
    counted = [Query(expr=f"max by (series) ({value})", legend="{{series}}")]
    return line_panel(
        About(
            id=FIRST_FREE_ID + 14,
            title="Users against allowed",
            description="How many work, and how many the running phase allows (dashed), where it says so.",
            unit="none",
            height=9,
            decimals=0,
        ),
        [
            *(counted if any(one.series.name == _USERS for one in inventory.series) else ()),
            Query(expr=allowed, legend="allowed in {{phase}}", role=Role.LIMIT),
        ],
        soft_max=5,
    )


def _stats(inventory: Inventory) -> Iterator[AnyPanel]:
    started = f"{metrics.DEPLOYMENT.name}{{{HERE}}}"
    yield stat_panel(
        About(
            id=FIRST_FREE_ID,
            title="Running since",
            description="How long ago this release was first seen.",
            unit="s",
            width=6,
            height=5,
        ),
        [Query(expr=f"time() - max by (release) ({started})", legend="{{release}}")],
        [Step(None, GOOD)],
    )
    low = f'{recording.TO_BASELINE.record}{{{RECORDED}, stat="low"}}'
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 1,
            title="Surely slower by",
            description="Low end of the worst series' interval: the whole of it lies above. Orange: hold the "
            "deployment; red: roll it back.",
            unit="none",
            width=6,
            height=5,
            decimals=2,
        ),
        [Query(expr=f"max by (job) ({low})", legend="{{job}}")],
        [Step(None, GOOD), Step(inventory.hold_over, WARN), Step(inventory.roll_back_over, BAD)],
    )
    broken = f'{recording.FINDINGS.record}{{{RECORDED}, level="critical"}}'
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 2,
            title="Critical findings",
            description="Series beyond a critical limit, or not answering.",
            unit="none",
            width=6,
            height=5,
        ),
        [Query(expr=f"sum by (job) ({broken})", legend="{{job}}")],
        [Step(None, GOOD), Step(1, BAD)],
    )
    fired = f'{metrics.ALERT_CHANGES.name}{{{HERE}, reason="fired"}}'
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 3,
            title="Alerts that fired",
            description="In the time chosen above.",
            unit="none",
            width=6,
            height=5,
            decimals=0,
        ),
        [Query(expr=f"sum by (job) (increase({fired}[$__range]))", legend="{{job}}")],
        [Step(None, GOOD), Step(1, WARN)],
    )


def _lines(inventory: Inventory) -> Iterator[AnyPanel]:
    marks = [Step(inventory.hold_over, WARN), Step(inventory.roll_back_over, BAD)]
    ratio = f'{recording.TO_BASELINE.record}{{{RECORDED}, stat="estimate"}}'
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 4,
            title="Ratio to baseline",
            description="The ten series that are furthest from their baseline; dashed where a deployment is held, and "
            "where it is rolled back.",
            unit="none",
            height=9,
            decimals=2,
        ),
        [Query(expr=f"topk(10, {ratio})", legend="{{series}}")],
        soft_max=1.5,
        marks=marks,
    )
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 5,
            title="Share of runs that failed",
            description="Of the ten worst series, in 15 minutes.",
            unit="percentunit",
            height=9,
        ),
        [Query(expr=f"topk(10, {recording.ERROR_RATIO.record}{{{RECORDED}}})", legend="{{series}}")],
        soft_max=0.05,
        marks=[Step(inventory.error_ratio_limit, BAD)],
    )
    findings = f"{recording.FINDINGS.record}{{{RECORDED}}}"
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 6,
            title="Open findings",
            description="By rule and level. What rises at the purple line came with the release.",
            unit="none",
        ),
        [Query(expr=f"sum by (rule, level) ({findings})", legend="{{rule}} {{level}}")],
        soft_max=1,
    )
    captures = f"sum by (outcome) (increase({metrics.SCHEDULED_CAPTURES.name}{{{HERE}}}[$__range]))"
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 7,
            title="Baselines captured by the schedule",
            description="In the time chosen above, by how that ended: without one there is nothing to compare with.",
            unit="none",
            decimals=0,
        ),
        [Query(expr=captures, legend="{{outcome}}")],
        soft_max=1,
    )


def _checks() -> Iterator[AnyPanel]:
    status, ran = f"{metrics.CHECK_STATUS.name}{{{HERE}}}", f"{metrics.CHECK_RUN.name}{{{HERE}}}"
    severity = [Step(None, GOOD), Step(1, WARN), Step(2, BAD)]
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 15,
            title="Checks",
            description="How the latest kept run of each check ended: 0 PASS, 1 WARNING, 2 FAIL.",
            unit="none",
            height=5,
            decimals=0,
        ),
        [Query(expr=f"max by (check) ({status})", legend="{{check}}")],
        severity,
    )
    yield stat_panel(
        About(
            id=FIRST_FREE_ID + 16,
            title="Checked last",
            description="How long ago the latest kept run of each check began.",
            unit="s",
            height=5,
        ),
        [Query(expr=f"time() - max by (check) ({ran})", legend="{{check}}")],
        [Step(None, GOOD)],
    )
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 17,
            title="Checks by component",
            description="0 PASS, 1 WARNING, 2 FAIL; the ten worst components, each as the latest kept run left it.",
            unit="none",
            width=24,
            decimals=0,
        ),
        [Query(expr=f"topk(10, max by (check, component) ({status}))", legend="{{check}} {{component}}")],
        soft_max=2,
        marks=severity[1:],
    )


def _table() -> AnyPanel:
    to_baseline = f"{recording.TO_BASELINE.record}{{{RECORDED}"
    low, tolerance = f'{to_baseline}, stat="low"}}', f"{recording.TOLERANCE.record}{{{RECORDED}}}"
    return table_panel(
        About(
            id=FIRST_FREE_ID + 8,
            title="Slower than tolerated",
            description="The low end of each interval divided by the tolerance: from 1 on the series is degraded, "
            "and the deployment is to blame for what no other change explains.",
            unit="none",
            width=24,
            height=9,
            decimals=2,
        ),
        [
            Query(expr=f'max by (series) ({to_baseline}, stat="estimate"}})', legend=""),
            Query(expr=f"max by (series) ({low} / on (job, series) {tolerance})", legend=""),
        ],
        [Column("ratio"), Column("of its tolerance")],
    )
