"""The last hour of errors: how many, of what, what is rising, which share a correlation id, what to do."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from thresholds.error_class import UNCLASSIFIED, ErrorClasses
from thresholds.finding import Level

# A group is rising with at least so many in an hour, and so many times those of that hour of the day before.
RISING_LEAST = 5
RISING_FACTOR = 3.0
_MOST = 20


@dataclass(frozen=True, slots=True)
class GroupHour:
    """A group's errors of one component in the last hour, and in the same hour of the day before."""

    fingerprint: str
    name: str
    message: str
    error_class: str
    component: str
    now: int
    day_before: int


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """One error with a correlation id."""

    correlation_id: str
    at: datetime
    name: str
    error_class: str
    component: str


@dataclass(frozen=True, slots=True)
class Rising:
    """A group with many more errors than in this hour of the day before."""

    fingerprint: str
    name: str
    message: str
    now: int
    day_before: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """Errors of one correlation id, in the order of time. `span_seconds` is from the first to the last."""

    correlation_id: str
    count: int
    types: Sequence[str]
    components: Sequence[str]
    first_at: datetime
    span_seconds: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to look at, and the path of the page where it is."""

    text: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorTrend:
    """What an hour of errors comes to; the most frequent first."""

    total: int
    day_before: int
    by_class: Mapping[str, int]
    by_component: Mapping[str, int]
    rising: Sequence[Rising]
    clusters: Sequence[Cluster]
    recommendations: Sequence[Recommendation]

    def document(self) -> dict[str, Any]:
        """For JSON; instants in ISO 8601."""
        clusters = [asdict(one) | {"first_at": one.first_at.isoformat()} for one in self.clusters]
        return asdict(self) | {"clusters": clusters}


def trend_of(hours: Iterable[GroupHour], events: Iterable[KeptEvent], classes: ErrorClasses) -> ErrorTrend:
    """The trend of what was counted in an hour and of the events that are kept of it."""
    by_class, by_component, now, before = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    known = dict[str, GroupHour]()
    for one in hours:
        known[one.fingerprint] = one
        now[one.fingerprint] += one.now
        before[one.fingerprint] += one.day_before
        if one.now:
            by_class[one.error_class] += one.now
            by_component[one.component] += one.now
    rising = [
        Rising(one.fingerprint, one.name, one.message, count, before[one.fingerprint])
        for one, count in ((known[fingerprint], count) for fingerprint, count in now.most_common())
        if count >= max(RISING_LEAST, RISING_FACTOR * before[one.fingerprint])
    ][:_MOST]
    clusters = _clusters(events)
    return ErrorTrend(
        total=now.total(),
        day_before=before.total(),
        by_class=dict(by_class.most_common()),
        by_component=dict(by_component.most_common(_MOST)),
        rising=rising,
        clusters=clusters,
        recommendations=_recommendations(by_class, rising, clusters, classes),
    )


def _clusters(events: Iterable[KeptEvent]) -> Sequence[Cluster]:
    by_id = defaultdict[str, list[KeptEvent]](list)
    for one in events:
        by_id[one.correlation_id].append(one)
    found = []
    for correlation_id, shared in by_id.items():
        if len(shared) < 2:
            continue
        shared.sort(key=lambda one: one.at)
        found.append(
            Cluster(
                correlation_id,
                len(shared),
                tuple(dict.fromkeys(one.name for one in shared)),
                tuple(dict.fromkeys(one.component for one in shared)),
                shared[0].at,
                (shared[-1].at - shared[0].at).total_seconds(),
            )
        )
    return sorted(found, key=lambda one: (-one.count, one.first_at))[:_MOST]


def _recommendations(
    by_class: Counter[str], rising: Sequence[Rising], clusters: Sequence[Cluster], classes: ErrorClasses
) -> Sequence[Recommendation]:
    """Critical classes first, then by how many."""
    counted = [(classes.classes[name], name, count) for name, count in by_class.items() if name in classes.classes]
    told = [
        Recommendation(f"{name}, {count}: {_what_to_do(known.action)}", f"/errors?class={name}")
        for known, name, count in sorted(counted, key=lambda one: (one[0].level is not Level.CRITICAL, -one[2], one[1]))
    ]
    if unclassified := by_class[UNCLASSIFIED]:
        advice = f"{unclassified} of no class: give the frequent ones a pattern in errors.classes"
        told.append(Recommendation(advice, f"/errors?class={UNCLASSIFIED}"))
    for one in rising[:3]:
        text = f"{one.name} rises, {one.now} against {one.day_before} a day before"
        told.append(Recommendation(text, f"/errors/{one.fingerprint}"))
    for cluster in clusters[:3]:
        first = f"{cluster.types[0]} in {cluster.components[0]}"
        text = f"{cluster.count} errors share the id {cluster.correlation_id}: look at the first of them, {first}"
        told.append(Recommendation(text, f"/errors?{urlencode({'id': cluster.correlation_id})}"))
    return told


def _what_to_do(action: str) -> str:
    return f"the action is {action}" if action else "no action is written for this class"
