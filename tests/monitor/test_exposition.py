"""The exposition: as fast as it is, it says what prometheus_client would say of the same state."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some
from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics

from dashboards.metrics import Metric, MetricKind
from monitor.exposition import Exposition, Format
from tests.monitor.exporting import busy_exporter, watch

GAUGE = Metric(name="portalwatch_level", kind=MetricKind.GAUGE, help='A "level" \\ with\nlines.', labels=("b", "a"))
COUNTER = Metric(name="portalwatch_runs_total", kind=MetricKind.COUNTER, help="Runs.", labels=("name",))
HISTOGRAM = Metric(
    name="portalwatch_wait_seconds", kind=MetricKind.HISTOGRAM, help="Waits.", labels=("z",), buckets=(0.1, 1.0, 1e7)
)
PLAIN = Metric(name="portalwatch_up", kind=MetricKind.GAUGE, help="Up.")
INFO = Metric(name="portalwatch_build_info", kind=MetricKind.INFO, help="Build.", labels=("version",))
FAMILIES = (GAUGE, COUNTER, HISTOGRAM, PLAIN, INFO)

# Few of them, so that the same child is touched again, and some of them awkward.
WORDS = some.sampled_from(["", "a", 'say "x"', "back\\slash", "two\nlines", "naïve ✓", "100 %s"])
NUMBERS = some.one_of(
    some.floats(allow_nan=False, width=32),
    some.sampled_from([0.0, -0.0, 1.0, 1e6, 1e21, 123456789.125, math.inf, -math.inf, math.nan]),
)
STEPS = some.one_of(
    some.tuples(some.just("set"), WORDS, WORDS, NUMBERS),
    some.tuples(some.just("inc"), WORDS, some.floats(0, 1e9)),
    some.tuples(some.just("observe"), WORDS, some.floats(0, 1e8), some.sampled_from(["", "id", 'q"'])),
    some.tuples(some.just("remove"), WORDS, WORDS),
    some.tuples(some.just("clear")),
    some.tuples(some.just("plain"), NUMBERS),
    some.tuples(some.just("render"), some.sampled_from(Format)),
)


def carry_out(exposed: Exposition, step: tuple[object, ...]) -> None:
    """One step of the story."""
    match step:
        case ("set", str(b), str(a), float(value)):
            exposed.family(GAUGE).child(b, a).set(value)
        case ("inc", str(name), float(amount)):
            exposed.family(COUNTER).child(name).inc(amount)
        case ("observe", str(name), float(seconds), str(identity)):
            exposed.family(HISTOGRAM).child(name).observe(seconds, {"id": identity} if identity else None)
        case ("remove", str(b), str(a)):
            exposed.family(GAUGE).remove(b, a)
        case ("clear",):
            exposed.family(HISTOGRAM).clear()
        case ("plain", float(value)):
            exposed.family(PLAIN).child().set(value)
        case ("render", Format() as written):
            exposed.render(written)
        case _:
            raise AssertionError(step)


def assert_same(exposed: Exposition) -> None:
    """Both formats, byte for byte what the library itself writes."""
    assert exposed.render(Format.TEXT) == exposition.generate_latest(exposed.registry)
    theirs: bytes = openmetrics.generate_latest(exposed.registry)  # type: ignore[no-untyped-call]
    assert exposed.render(Format.OPENMETRICS) == theirs


@given(some.lists(STEPS, max_size=30))
def test_whatever_happened_both_formats_are_the_library_s_own(steps: list[tuple[object, ...]]) -> None:
    """Values, labels that need escaping, exemplars, children that go and come again, with and without scrapes between:
    nothing that changed is shown as it was, and nothing is shown in another way or order.
    """
    exposed = Exposition(FAMILIES)
    exposed.family(INFO).child().info({"version": "1"})
    for step in steps:
        carry_out(exposed, step)
    assert_same(exposed)


def test_the_service_s_own_metrics_are_the_library_s_too() -> None:
    """The whole catalogue, scraped, filled further and scraped again."""
    busy = busy_exporter()
    for _ in range(3):
        registry = busy.registry
        assert busy.render()[0] == exposition.generate_latest(registry)
        theirs = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
        assert busy.render("application/openmetrics-text")[0] == theirs
        watch(busy)


def test_what_nobody_touched_is_not_rendered_again() -> None:
    """It is this that makes it fast: the block is the very same object."""
    exposed = Exposition(FAMILIES)
    runs = exposed.family(COUNTER)
    runs.child("first").inc()
    runs.child("second").inc()
    before = list(runs.render(Format.TEXT))
    runs.child("second").inc()
    after = list(runs.render(Format.TEXT))
    assert after[1] is before[1]
    assert after[2] == b'portalwatch_runs_total{name="second"} 2.0\n'


def test_a_wrong_number_of_labels_is_refused() -> None:
    """A label that is forgotten must not make a series of another shape."""
    with pytest.raises(ValueError, match="label"):
        Exposition(FAMILIES).family(GAUGE).child("only one")
