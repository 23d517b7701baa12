"""Selectors as PromQL has them, and what is wrong with others."""

import pytest

from probes.metrics.selector import Selector

LABELS = {"status": "503", "route": "/a\nb"}


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("requests", True),
        ('requests{status="503"}', True),
        ('requests{status="50"}', False),
        ('requests{status=~"5.."}', True),
        ('requests{status=~"5"}', False),
        ('requests{status=~"5|.*3"}', True),
        ('requests{status!="503"}', False),
        ('requests{status!~"4.."}', True),
        ('requests{status!~"5.."}', False),
        ('requests{status="5.3"}', False),
        ('requests{method=""}', True),
        ('requests{method!=""}', False),
        ('requests{route=~"/a.b", status="503"}', True),
        ('requests{route=~"/a.b", status="200"}', False),
    ],
)
def test_labels_are_matched_as_prometheus_does(text: str, accepted: bool) -> None:
    """Patterns match the whole value, a label that is missing is empty, and all matchers must agree."""
    assert Selector.parse(text).name == "requests"
    assert Selector.parse(text).accepts(LABELS) is accepted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("requests{", "unexpected end of input"),
        ("sum(requests)", "write a metric's name"),
        ("requests[5m]", "write a metric's name"),
        ('{status="503"}', "write a metric's name"),
        ('requests{a="1" or b="2"}', "write a metric's name"),
        ("requests offset 5m", "leave out offset"),
        ("requests @ 1", "leave out offset"),
        ('requests{status=~"("}', "regex"),
        (r'requests{status=~"\\p{L}"}', "no regular expression"),
        (7, "write a metric's name"),
    ],
)
def test_what_selects_nothing_on_a_page_is_refused(text: object, message: str) -> None:
    """The error says what is wrong, and what can be written."""
    with pytest.raises(ValueError, match=message):
        Selector.parse(text)


def test_a_histogram_has_buckets_with_the_same_labels() -> None:
    """The buckets' selector has the histogram's matchers, and is another one."""
    histogram = Selector.parse('seconds{status="503"}')
    assert histogram.buckets.name == "seconds_bucket"
    assert histogram.buckets.accepts(LABELS)
    assert not histogram.buckets.accepts({"status": "200"})
    assert histogram.buckets == histogram.buckets != histogram
