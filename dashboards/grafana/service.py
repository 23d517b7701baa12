"""9 The service itself: who watches the watcher."""

from collections.abc import Iterator

from grafana_foundation_sdk.models import dashboard

from dashboards import metrics
from dashboards.grafana.board import board
from dashboards.grafana.names import DashboardUid, PanelId
from dashboards.grafana.panel import (
    BAD,
    FIRST_FREE_ID,
    GOOD,
    WARN,
    About,
    AnyPanel,
    Column,
    Query,
    Step,
    line_panel,
    stat_panel,
    table_panel,
)
from dashboards.grafana.selectors import HERE, RECORDED
from dashboards.metrics import Metric
from dashboards.prometheus import recording
from dashboards.prometheus.alerting import SILENT_SECONDS


def service() -> dashboard.Dashboard:
    """Whether it is there, whether it measures on time and undisturbed, what it loses, what it costs."""
    return board(
        DashboardUid.SERVICE,
        "9 The service itself",
        "Whether portalwatch is there, measures on time and undisturbed, loses nothing, and what it costs.",
        [*_stats(), *_measuring(), *_keeping(), *_costs(), _build()],
    )


def _rate(metric: Metric, by: str = "job") -> str:
    return f"sum by ({by}) (rate({metric.name}{{{HERE}}}[$__rate_interval]))"


def _stats() -> Iterator[AnyPanel]:
    yield stat_panel(
        About(
            id=PanelId.UP.value,
            title="Instances that answer",
            description="1 for each instance that Prometheus reaches.",
            unit="none",
            width=8,
            height=5,
        ),
        [Query(expr=f"min by (instance) (up{{{HERE}}})", legend="{{instance}}")],
        [Step(None, BAD), Step(1, GOOD)],
    )
    yield stat_panel(
        About(
            id=PanelId.STORE.value,
            title="Store",
            description="1 while the store answers; without it measurements are spooled and written later.",
            unit="none",
            width=8,
            height=5,
        ),
        [Query(expr=f"min by (instance) ({metrics.STORE_UP.name}{{{HERE}}})", legend="{{instance}}")],
        [Step(None, BAD), Step(1, GOOD)],
    )
    yield stat_panel(
        About(
            id=PanelId.PROBING.value,
            title="Prober last heard of",
            description="The process that probes shows a sign of life every 5 seconds.",
            unit="s",
            width=8,
            height=5,
            decimals=0,
        ),
        [Query(expr=f"time() - max by (instance) ({metrics.PROBING_HEARD.name}{{{HERE}}})", legend="{{instance}}")],
        [Step(None, GOOD), Step(SILENT_SECONDS / 2, WARN), Step(SILENT_SECONDS, BAD)],
    )


def _measuring() -> Iterator[AnyPanel]:
    yield line_panel(
        About(
            id=PanelId.LATENESS.value,
            title="Lateness of probes (p99)",
            description="How late one probe in a hundred starts. Over 100 ms this machine has too much to do.",
            unit="s",
        ),
        [Query(expr=f"{recording.LATENESS_P99.record}{{{RECORDED}}}", legend="{{job}}")],
        soft_max=0.1,
    )
    delay = f"sum by (job, le) (rate({metrics.PROBE_LOOP_DELAY.name}_bucket{{{HERE}}}[$__rate_interval]))"
    yield line_panel(
        About(
            id=FIRST_FREE_ID,
            title="Delay of the prober (p99)",
            description="Longest delay of the prober's own event loop while a target was timed. Over 1 ms a short "
            "sample is disturbed.",
            unit="s",
        ),
        [Query(expr=recording.quantile(0.99, delay), legend="{{job}}")],
        soft_max=0.001,
    )
    runs = f"{metrics.PROBE_RUNS.name}{{{HERE}}}"
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 1,
            title="Runs",
            description="Runs of all probes a second, by how they ended.",
            unit="cps",
        ),
        [Query(expr=f"sum by (outcome) (rate({runs}[$__rate_interval]))", legend="{{outcome}}")],
    )
    disturbed = _rate(metrics.PROBE_DISTURBED)
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 2,
            title="Disturbed runs",
            description="Share of the runs that are not judged because the prober itself was delayed.",
            unit="percentunit",
            decimals=1,
        ),
        [Query(expr=f"{disturbed} / ({_rate(metrics.PROBE_RUNS)} > 0)", legend="{{job}}")],
        soft_max=0.05,
    )
    last, interval = metrics.PROBE_LAST_RUN.name, metrics.PROBE_INTERVAL.name
    late = f"(time() - max by (series) ({last}{{{HERE}}})) / max by (series) ({interval}{{{HERE}}})"
    yield line_panel(
        About(
            id=PanelId.NOT_RUN.value,
            title="Intervals since the last run",
            description="Of the ten series that were measured longest ago. Up to 1 is on time; from 3 on, and a "
            "minute, the probe is not running.",
            unit="none",
            decimals=1,
        ),
        [Query(expr=f"topk(10, {late})", legend="{{series}}")],
        soft_max=3,
    )


def _keeping() -> Iterator[AnyPanel]:
    yield line_panel(
        About(
            id=PanelId.LOST.value,
            title="Measurements beside the store",
            description="Spooled while the store was away, lost on the way, and of series that the configuration does "
            "not have; a second.",
            unit="cps",
        ),
        [
            Query(expr=_rate(metrics.MEASUREMENTS_SPOOLED), legend="spooled {{job}}"),
            Query(expr=_rate(metrics.MEASUREMENTS_DROPPED), legend="lost {{job}}"),
            Query(expr=_rate(metrics.MEASUREMENTS_UNREGISTERED), legend="unknown {{job}}"),
        ],
        soft_max=1,
    )


def _costs() -> Iterator[AnyPanel]:
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 3,
            title="Processor time",
            description="Processors that our processes keep busy; the probing one must not fill its own.",
            unit="percentunit",
            width=8,
        ),
        [Query(expr=_rate(metrics.PROCESS_CPU, "process"), legend="{{process}}")],
        soft_max=1,
    )
    memory = f"{metrics.PROCESS_MEMORY.name}{{{HERE}}}"
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 4,
            title="Memory",
            description="Resident memory of our processes.",
            unit="bytes",
            width=8,
        ),
        [Query(expr=f"sum by (process) ({memory})", legend="{{process}}")],
    )
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 5,
            title="Scrapes",
            description="How long Prometheus waited for /metrics.",
            unit="s",
            width=8,
        ),
        [Query(expr=f"max by (instance) (scrape_duration_seconds{{{HERE}}})", legend="{{instance}}")],
        soft_max=0.1,
    )
    restarts = f"{metrics.PROCESS_RESTARTS.name}{{{HERE}}}"
    failed = f"{metrics.ALERT_ROUNDS_FAILED.name}{{{HERE}}}"
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 6,
            title="Restarts, and rounds that failed",
            description="Processes that died and were started again; rounds of the alerts that are tried again. In the "
            "time chosen above.",
            unit="none",
            decimals=0,
        ),
        [
            Query(expr=f"sum by (process) (increase({restarts}[$__range]))", legend="{{process}} restarted"),
            Query(expr=f"sum by (loop) (increase({failed}[$__range]))", legend="{{loop}} failed"),
        ],
        soft_max=1,
    )
    yield line_panel(
        About(
            id=FIRST_FREE_ID + 7,
            title="Exported series",
            description="Lines of /metrics: they grow with the configuration, and with nothing else.",
            unit="none",
        ),
        [Query(expr=f"max by (instance) (scrape_samples_scraped{{{HERE}}})", legend="{{instance}}")],
    )


def _build() -> AnyPanel:
    build = f"{metrics.BUILD.name}{{{HERE}}}"
    return table_panel(
        About(
            id=FIRST_FREE_ID + 8,
            title="What is running",
            description="Version of each instance, and of its Python.",
            unit="none",
            width=24,
            height=5,
        ),
        [Query(expr=f"max by (job, instance, version, python_version) ({build})", legend="")],
        [Column("running")],
    )
