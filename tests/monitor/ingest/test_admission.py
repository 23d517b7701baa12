"""Who may send how much: buckets on a count of seconds, addresses, origins, clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.ingest.admission import TokenBuckets, believed, client_of, origin_of

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)


class Seconds:
    """A count that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    """Ten at once, then five a second; who is refused is told for how long, and asking does not lengthen it."""
    seconds = Seconds()
    buckets = TokenBuckets(5, 10, seconds)
    assert [buckets.take("a") for _ in range(10)] == [0.0] * 10
    assert [buckets.take("a"), buckets.take("a")] == [0.2, 0.2]
    assert buckets.take("b") == 0.0
    seconds.now = 1.0
    assert [buckets.take("a") > 0 for _ in range(6)] == [False] * 5 + [True]


def test_the_addresses_that_are_remembered_are_bounded() -> None:
    """The one that was unused for longest is forgotten, neither the one that floods nor the newest."""
    buckets = TokenBuckets(1, 1, Seconds(), most=2)
    for other in ("b", "c", "d"):
        buckets.take("flood")
        buckets.take(other)
    assert buckets.take("d") > 0
    assert buckets.take("flood") > 0
    assert buckets.take("b") == 0.0
    assert len(buckets) == 2


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_a_client_is_an_address_or_a_64(host: str, client: str) -> None:
    """Whoever has one line of IPv6 has 2^64 addresses of it."""
    assert client_of(host) == client


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Portal.Example", "https://portal.example"),
        ("https://portal.example:443/", "https://portal.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_what_browsers_send(text: str, origin: str) -> None:
    """Lower case, and without the scheme's own port."""
    assert origin_of(text) == origin


@pytest.mark.parametrize(
    "text", ["*", "portal.example", "https://*.example", "https://a.example/x", "https://u:p@a.example", "ftp://a", ""]
)
def test_anything_else_is_no_origin(text: str) -> None:
    """A wildcard, a path or a name without a scheme would match nothing, or too much."""
    with pytest.raises(ValueError, match="is no origin"):
        origin_of(text)


def test_a_clock_is_believed_within_a_bound() -> None:
    """Beyond it, or without a time zone, nothing is kept of it."""
    bound = timedelta(minutes=5)
    assert believed(NOW - bound, NOW, bound) == NOW - bound
    assert believed(NOW + bound + timedelta(seconds=1), NOW, bound) is None
    assert believed(NOW.replace(tzinfo=None), NOW, bound) is None
    assert believed(None, NOW, bound) is None
