"""The catalogue: what may stand in it."""

import pytest

from dashboards import metrics
from dashboards.metrics import CATALOGUE, Metric, MetricKind


def test_every_metric_declared_in_the_module_is_in_the_catalogue_once() -> None:
    """A metric that somebody declares and forgets to list is found."""
    declared = []
    for value in vars(metrics).values():
        declared += [value] if isinstance(value, Metric) else []
        declared += list(value.values()) if isinstance(value, dict) else []
    declared = [one for one in declared if isinstance(one, Metric)]
    assert len({one.name for one in declared}) == len(declared)
    assert list(CATALOGUE) == declared


@pytest.mark.parametrize(
    ("name", "kind", "labels", "buckets"),
    [
        ("other_runs_total", MetricKind.COUNTER, (), ()),
        ("portalwatch_runs", MetricKind.COUNTER, (), ()),
        ("portalwatch_runs_total", MetricKind.GAUGE, (), ()),
        ("portalwatch_build", MetricKind.INFO, (), ()),
        ("portalwatch_wait_seconds", MetricKind.HISTOGRAM, (), ()),
        ("portalwatch_baseline_seconds", MetricKind.GAUGE, ("quantile",), ()),
    ],
)
def test_a_name_or_label_against_the_conventions_is_refused(
    name: str, kind: MetricKind, labels: tuple[str, ...], buckets: tuple[float, ...]
) -> None:
    """Prefix, suffix of the kind, buckets and the label quantile are checked where a metric is declared."""
    with pytest.raises(ValueError, match=name):
        Metric(name=name, kind=kind, help="Help.", labels=labels, buckets=buckets)


def test_a_histogram_is_queried_by_its_three_samples() -> None:
    """Expressions use _bucket, _sum and _count; every other kind is queried by its own name."""
    assert metrics.PROBE_LATENESS.sample_names == (
        "portalwatch_probe_lateness_seconds_bucket",
        "portalwatch_probe_lateness_seconds_sum",
        "portalwatch_probe_lateness_seconds_count",
    )
    assert metrics.BUILD.sample_names == ("portalwatch_build_info",)
