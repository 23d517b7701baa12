"""Pages of metrics, in both formats, and counters between two of them."""

import asyncio
import time

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from baselines.measurement import Reason
from probes import ProbeFailed
from probes.metrics.scrape import LINES_AT_ONCE, Scrape, read_scrape
from probes.metrics.selector import Selector

REQUESTS = Selector.parse("requests_total")


def scraped(page: bytes | str, *selectors: Selector, at: float = 0.0) -> Scrape:
    """What the page says of them."""
    content = page.encode() if isinstance(page, str) else page
    return asyncio.run(read_scrape(content, selectors or (REQUESTS,), at))


def test_both_formats_say_the_same() -> None:
    """Text and OpenMetrics, the latter with an exemplar, have the same samples; only those asked for are kept."""
    registry = CollectorRegistry()
    requests = Counter("requests", 'With "quotes"', ["route"], registry=registry)
    requests.labels('/a "b"\\c\n}').inc(3, {"trace_id": "a b"})
    Counter("requests_of_others", "Another one", registry=registry).inc()
    seconds = Histogram("seconds", "Time", buckets=(0.1, 1), registry=registry)
    seconds.observe(0.5, {"trace_id": "x"})
    buckets = Selector.parse("seconds").buckets
    for render in (generate_latest, generate_openmetrics):
        found = scraped(render(registry), REQUESTS, buckets)
        assert found.of(REQUESTS) == {frozenset({("route", '/a "b"\\c\n}')}): 3}
        assert found.of(buckets) == {
            frozenset({("le", "0.1")}): 0, frozenset({("le", "1.0")}): 1, frozenset({("le", "+Inf")}): 1
        }  # fmt: skip


def test_a_metric_that_is_not_there_is_a_failed_assertion() -> None:
    """A misspelt name is no quiet portal."""
    with pytest.raises(ProbeFailed, match="no metric requests_total") as failure:
        scraped("requests 7\n<html>").of(REQUESTS)
    assert failure.value.reason is Reason.ASSERTION


@pytest.mark.parametrize("declaration", ["# TYPE requests_total counter", "# TYPE requests counter"])
def test_a_metric_without_samples_is_known_by_its_declaration(declaration: str) -> None:
    """A counter with labels has no sample before it has counted: zero so far, in either format."""
    assert scraped(f"{declaration}\n").of(REQUESTS) == {}


@pytest.mark.parametrize("line", ['requests_total{a="1" 1', "requests_total x", b'requests_total{a="\xff"} 1'])
def test_a_line_that_is_no_sample_is_a_failed_assertion(line: str | bytes) -> None:
    """A page that can't be read is not half read, and is not quoted."""
    with pytest.raises(ProbeFailed, match=r"^a line of the page is no sample of a metric$"):
        scraped(line)


def test_a_sample_that_is_no_number_is_none() -> None:
    """NaN means that there is no value."""
    assert scraped('requests_total{a="1"} NaN\nrequests_total{a="2"} 4\n').of(REQUESTS) == {frozenset({("a", "2")}): 4}


def test_a_counter_grows_by_labels_and_starts_from_zero_after_a_reset() -> None:
    """One grew, one was reset, one is new, one has gone."""
    before = scraped('requests_total{a="1"} 10\nrequests_total{a="2"} 50\nrequests_total{a="4"} 9\n')
    after = scraped('requests_total{a="1"} 17\nrequests_total{a="2"} 3\nrequests_total{a="3"} 2\n')
    growth = after.increase_since(before, REQUESTS)
    assert {dict(labels)["a"]: value for labels, value in growth.items()} == {"1": 7, "2": 3, "3": 2}


def test_a_metric_that_is_new_has_no_growth_yet() -> None:
    """Nobody knows since when it counts; one that was declared counts from zero."""
    after = scraped('requests_total{a="1"} 17\n')
    with pytest.raises(ProbeFailed, match="new on the page") as failure:
        after.increase_since(scraped("other 1\n"), REQUESTS)
    assert failure.value.reason is Reason.TOO_LITTLE
    assert sum(after.increase_since(scraped("# TYPE requests_total counter\n"), REQUESTS).values()) == 17


def test_a_large_page_leaves_room_for_others() -> None:
    """While a page of many thousand samples is read, others come to their turn after a few lines each."""
    page = "".join(f'requests_total{{route="/{number}"}} {number}\n' for number in range(5000))

    async def main() -> int:
        turns = 0
        reading = asyncio.create_task(read_scrape(page.encode(), [REQUESTS], time.monotonic()))
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        assert len(reading.result().of(REQUESTS)) == 5000
        return turns

    assert asyncio.run(main()) >= 5000 / LINES_AT_ONCE
