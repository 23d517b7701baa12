"""Who may send, how much, and what is believed of it: pure, on a count of seconds that is handed in."""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


class Outcome(StrEnum):
    """How a request to send something in ended: the label `outcome` of its metric."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LIMITED = "limited"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    MALFORMED = "malformed"
    INVALID = "invalid"
    UNKNOWN = "unknown"  # the store is away, and nobody can say whether the token is valid


class TokenBuckets:
    """A bucket a key: `rate` a second, and `burst` at once. `seconds` is a monotonic count.

    At most `most` keys are remembered; the one that was longest unused is forgotten, and would start full again.
    """

    def __init__(self, rate: float, burst: float, seconds: Callable[[], float], *, most: int = 10_000) -> None:
        self._rate = rate
        self._burst = burst
        self._seconds = seconds
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._buckets)

    def take(self, key: str = "") -> float:
        """Take one: 0 where there was one, else the seconds until there will be."""
        now = self._seconds()
        left, at = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate
        self._buckets[key] = (left if wait else left - 1, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait


def client_of(host: str) -> str:
    """What one client is counted by: its address, of IPv6 the /64 that one line is given."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 64), strict=False))
    return host


def origin_of(text: str) -> str:
    """An origin as browsers write it: `scheme://host`, and the port where it is not the scheme's own.

    Raises ValueError for anything else: a path, a name and password, `*`.
    """
    wrong = ValueError(f"{text!r} is no origin: write it as https://portal.example or https://portal.example:8443")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    rest = parts.path.strip("/") + parts.query + parts.fragment
    if parts.scheme not in _PORTS or not host or "*" in host or rest or "@" in parts.netloc:
        raise wrong
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")


def believed(said: datetime | None, arrived: datetime, bound: timedelta) -> datetime | None:
    """When the client says it was, where that is near enough to when it arrived; the arrival is the truth."""
    if said is None or said.tzinfo is None:
        return None
    return said if abs(said - arrived) <= bound else None
