"""What a browser sends of one visit, and what of it is kept: route, device and bins, and nothing of the person."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from baselines.vital import Visited, Vital
from thresholds.identity import is_identity

# Beyond it, a route is counted with all others of its kind.
MOST_ROUTES = 200
OTHER = "(other)"
_LONGEST_ROUTE = 120
_DEEPEST_ROUTE = 8
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")
_BOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|headless|lighthouse|pagespeed|pingdom|uptime|monitor|curl/|wget/|python|"
    r"httpx|okhttp|java/|go-http|axios|node-fetch|phantomjs|selenium|portalwatch|^$",
    re.IGNORECASE,
)
_TABLET = re.compile(r"ipad|tablet|kindle|silk/|playbook|android(?!.*mobile)", re.IGNORECASE)
_MOBILE = re.compile(r"mobi|iphone|ipod|android|windows phone", re.IGNORECASE)

# By the name in the contract: the vital, and how many of its units make one of ours.
_SENT: Mapping[str, tuple[Vital, float]] = {
    "LCP": (Vital.LARGEST_CONTENTFUL_PAINT, 0.001),
    "INP": (Vital.INTERACTION_TO_NEXT_PAINT, 0.001),
    "CLS": (Vital.CUMULATIVE_LAYOUT_SHIFT, 1.0),
    "FCP": (Vital.FIRST_CONTENTFUL_PAINT, 0.001),
    "TTFB": (Vital.TIME_TO_FIRST_BYTE, 0.001),
    "FID": (Vital.FIRST_INPUT_DELAY, 0.001),
}


class Dropped(StrEnum):
    """Why something that was sent is not kept: the label `reason` of its metric."""

    BOT = "bot"
    ABSURD = "absurd"
    EMPTY = "empty"


class Metrics(BaseModel):
    """Milliseconds, but for CLS. None where the browser does not know; what else is sent is not looked at."""

    model_config = ConfigDict(frozen=True)

    CLS: float | None = None
    FID: float | None = None
    FCP: float | None = None
    LCP: float | None = None
    TTFB: float | None = None
    INP: float | None = None


class Beacon(BaseModel):
    """The body of `POST /api/performance/baseline`. Its clock is not believed: a visit was when it arrived."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    timestamp: str | float | None = None
    user_agent: str = Field(alias="userAgent", max_length=1024)
    url: str = Field(max_length=4096)
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Visit:
    """What is kept of one beacon: bins by vital."""

    visited: Visited
    bins: Mapping[Vital, int]


def visit_of(beacon: Beacon) -> tuple[Visit | None, list[Dropped]]:
    """What is kept of a beacon, None where nothing is, and why the rest is not."""
    if _BOT.search(beacon.user_agent):
        return None, [Dropped.BOT]
    bins: dict[Vital, int] = {}
    dropped = []
    for name, (vital, factor) in _SENT.items():
        sent: float | None = getattr(beacon.metrics, name)
        if sent is None:
            continue
        if math.isfinite(sent) and 0 <= sent * factor <= vital.largest:
            bins[vital] = vital.bin_of(sent * factor)
        else:
            dropped.append(Dropped.ABSURD)
    if not bins:
        return None, dropped or [Dropped.EMPTY]
    return Visit(Visited(route_of(beacon.url), device_of(beacon.user_agent)), bins), dropped


def route_of(url: str) -> str:
    """The path of a URL, ids masked: `/clients/5?tab=2` is `/clients/:id`. What is no path of ours is `(other)`."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return OTHER
    parts = [part for part in path.split("/") if part]
    if len(parts) > _DEEPEST_ROUTE:
        return OTHER
    masked = [":id" if is_identity(part) else part if _PLAIN.fullmatch(part) else None for part in parts]
    if None in masked:
        return OTHER
    route = "/" + "/".join(str(part) for part in masked)
    return route if len(route) <= _LONGEST_ROUTE else OTHER


def device_of(user_agent: str) -> str:
    """`desktop`, `mobile` or `tablet`, by what the browser says of itself. An iPad that asks for desktop pages says
    that it is a Macintosh, and is a desktop here."""
    if _TABLET.search(user_agent):
        return "tablet"
    return "mobile" if _MOBILE.search(user_agent) else "desktop"


class Routes:
    """The routes that are told apart: the first `most` that were seen, however many are made up."""

    def __init__(self, most: int = MOST_ROUTES) -> None:
        self._most = most
        self._known: set[str] = set()

    def known(self, route: str) -> str:
        """The route itself, or `(other)` where there are too many already."""
        if route in self._known or route == OTHER:
            return route
        if len(self._known) >= self._most:
            return OTHER
        self._known.add(route)
        return route
