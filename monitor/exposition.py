"""/metrics as text, fast: what a child last looked like is kept, and only what was touched since is rendered again.

The state is prometheus_client's, and so is every byte: its own generate_latest writes the same of the same registry
(a test holds them together). It takes far longer because it renders everything each time.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics, exposition
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

from dashboards.metrics import Metric, MetricKind

Labels = tuple[str, ...]

# The buckets of a histogram are mostly the same few numbers, and writing one takes longer than all else about a line.
_remembered = lru_cache(maxsize=65_536)(floatToGoString)


class Format(Enum):
    """What is written, and as which content type."""

    TEXT = exposition.CONTENT_TYPE_PLAIN_0_0_4
    OPENMETRICS = openmetrics.CONTENT_TYPE_LATEST


_BUILDERS: Mapping[MetricKind, Any] = {
    MetricKind.COUNTER: Counter,
    MetricKind.GAUGE: Gauge,
    MetricKind.HISTOGRAM: Histogram,
    MetricKind.INFO: Info,
}


class Family:
    """One metric with all its children, by label values in the order of their making; () where there are no labels."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        names = () if metric.kind is MetricKind.INFO else metric.labels
        name = metric.name.removesuffix("_info")
        buckets = {"buckets": metric.buckets} if metric.buckets else {}
        self._metric = metric
        self._parent = _BUILDERS[metric.kind](name, metric.help, names, registry=registry, **buckets)
        self._children: dict[Labels, _Child] = {}
        self._faces = {one: _Face(_header(metric, one)) for one in Format}
        if not names:
            self.child()

    def child(self, *labels: str) -> Any:
        """The library's object for these label values, to be changed at once: it is rendered anew at the next scrape.

        Raises ValueError where there are too few or too many of them.
        """
        one = self._children.get(labels)
        if one is None:
            made = self._parent.labels(*labels) if labels else self._parent
            one = self._children[labels] = _CHILDREN[self._metric.kind](self._metric, labels, made)
        for face in self._faces.values():
            face.touched[labels] = None
        return one.made

    def has(self, *labels: str) -> bool:
        """Whether these label values are exported."""
        return labels in self._children

    def remove(self, *labels: str) -> None:
        """These label values are no longer exported, if ever they were."""
        if self._children.pop(labels, None) is not None:
            self._parent.remove(*labels)
            for face in self._faces.values():
                face.touched.pop(labels, None)
                face.kept.pop(labels, None)

    def clear(self) -> None:
        """No child is exported any longer."""
        for labels in list(self._children):
            self.remove(*labels)

    def render(self, written: Format) -> Iterable[bytes]:
        """The lines of the family: its header, then a block for each child."""
        face = self._faces[written]
        for labels in face.touched:
            face.kept[labels] = self._children[labels].render(written)
        face.touched.clear()
        return face.header, *face.kept.values()


class Exposition:
    """A registry of the catalogue's metrics. Not to be shared between threads or processes."""

    def __init__(self, catalogue: Iterable[Metric]) -> None:
        # A `_created` series beside every counter and histogram would be exported and never asked for.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=False)
        self._families = {one.name: Family(one, self.registry) for one in catalogue}

    def family(self, metric: Metric) -> Family:
        """The family of a metric of the catalogue."""
        return self._families[metric.name]

    def render(self, written: Format) -> bytes:
        """Everything that is exported now."""
        blocks = [block for family in self._families.values() for block in family.render(written)]
        if written is Format.OPENMETRICS:
            blocks.append(b"# EOF\n")
        return b"".join(blocks)


class _Face:
    """A family in one format: the blocks as they were rendered, and which children were touched since."""

    __slots__ = ("header", "kept", "touched")

    def __init__(self, header: bytes) -> None:
        self.header = header
        self.kept: dict[Labels, bytes] = {}
        self.touched: dict[Labels, None] = {}


class _Child:
    """The library's object, and its lines with a gap where each number goes: the rest of them never changes.

    One text for all lines, and not one for each: among 100,000 series it is memory that is waited for. What is read of
    the library's objects are the attributes that its own samples are made from: a sample a line costs more than all
    the rest.
    """

    __slots__ = ("_lines", "made")

    def __init__(self, metric: Metric, labels: Labels, made: Any) -> None:
        self.made = made
        samples = made._child_samples()
        self._lines = "".join(f"{_head(metric, labels, one.name, one.labels)}%s\n" for one in samples)

    def render(self, written: Format) -> bytes:  # noqa: ARG002 (they look alike in both)
        return (self._lines % _number(self.made._value.get())).encode()


class _InfoChild(_Child):
    """Its labels are its value, and they are known only once they were told."""

    __slots__ = ("_metric",)

    def __init__(self, metric: Metric, labels: Labels, made: Any) -> None:
        super().__init__(metric, labels, made)
        self._metric = metric

    def render(self, written: Format) -> bytes:  # noqa: ARG002
        (told,) = self.made._child_samples()
        return f"{_head(self._metric, (), told.name, told.labels)}1.0\n".replace("%%", "%").encode()


class _HistogramChild(_Child):
    """Buckets that add up, with exemplars where those go; then count and sum."""

    __slots__ = ("_exemplars", "_suffixes")

    def __init__(self, metric: Metric, labels: Labels, made: Any) -> None:
        super().__init__(metric, labels, made)
        self._exemplars: list[Exemplar | None] = [None] * len(made._buckets)
        self._suffixes = [""] * len(made._buckets)

    def render(self, written: Format) -> bytes:
        made = self.made
        totals = accumulate([bucket._value for bucket in made._buckets])
        numbers = [_remembered(total) if total else "0.0" for total in totals]
        numbers += numbers[-1], _number(made._sum.get())
        if written is Format.OPENMETRICS:
            for place, bucket in enumerate(made._buckets):
                exemplar = bucket._exemplar
                if exemplar is not self._exemplars[place]:
                    self._exemplars[place], self._suffixes[place] = exemplar, _exemplar(exemplar)
                numbers[place] += self._suffixes[place]
        return (self._lines % tuple(numbers)).encode()


_CHILDREN: Mapping[MetricKind, type[_Child]] = {
    MetricKind.COUNTER: _Child,
    MetricKind.GAUGE: _Child,
    MetricKind.HISTOGRAM: _HistogramChild,
    MetricKind.INFO: _InfoChild,
}


def _head(metric: Metric, labels: Labels, suffix: str, own: Mapping[str, str]) -> str:
    """Everything before the number, ready to be formatted."""
    name = metric.name.removesuffix("_total").removesuffix("_info") + suffix
    named = {**dict(zip(metric.labels, labels, strict=False)), **own}
    pairs = ",".join(f'{key}="{_escaped(value)}"' for key, value in sorted(named.items()))
    return (f"{name}{{{pairs}}} " if pairs else f"{name} ").replace("%", "%%")


def _header(metric: Metric, written: Format) -> bytes:
    name, kind, told = metric.name, metric.kind.value, metric.help
    if written is Format.OPENMETRICS:
        name, told = name.removesuffix("_total").removesuffix("_info"), _escaped(told)
    else:
        kind = "gauge" if metric.kind is MetricKind.INFO else kind
        told = told.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {name} {told}\n# TYPE {name} {kind}\n".encode()


def _number(value: float) -> str:
    # Zero apart: to a cache it is the same as minus zero.
    return _remembered(value) if value else repr(value)


def _exemplar(exemplar: Exemplar | None) -> str:
    if exemplar is None:
        return ""
    labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in sorted(exemplar.labels.items()))
    at = "" if exemplar.timestamp is None else f" {exemplar.timestamp}"
    return f" # {{{labels}}} {_number(exemplar.value)}{at}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
