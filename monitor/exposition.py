"""/metrics as text, fast: what a child last looked like is kept, and only what was touched since is rendered again.

The state is prometheus_client's, and so is every byte: its own generate_latest writes the same of the same registry
(a test holds them together). It takes far longer because it renders everything each time.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
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
            one = self._children[labels] = _Child(self._metric, labels, made)
        for face in self._faces.values():
            face.touched[labels] = None
        return one.made

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
    """The library's object and its lines: what they begin with never changes, and how they end is kept from last time.

    Of a histogram's many lines an observation changes few.
    """

    __slots__ = ("_exemplars", "_heads", "_labels", "_lines", "_metric", "_suffixes", "_values", "made")

    def __init__(self, metric: Metric, labels: Labels, made: Any) -> None:
        self.made = made
        self._metric = metric
        self._labels = labels
        self._heads: list[str] = []
        self._values: list[float] = []
        self._lines: list[str] = []
        self._exemplars: list[Exemplar | None] = []
        self._suffixes: list[str] = []

    def render(self, written: Format) -> bytes:
        if self._metric.kind is not MetricKind.HISTOGRAM:
            ((head, value),) = self._samples()
            return f"{head}{_number(value)}\n".encode()
        self._render_histogram()
        if written is Format.TEXT:
            return ("\n".join(self._lines) + "\n").encode()
        return "".join([f"{line}{end}\n" for line, end in zip(self._lines, self._suffixes, strict=True)]).encode()

    def _samples(self) -> Iterator[tuple[str, float]]:
        # The hook that the library's own classes are made by overriding; what its public collect() adds costs more.
        for place, one in enumerate(self.made._child_samples()):
            if place == len(self._heads):
                self._heads.append(self._head(one.name, one.labels))
            yield self._heads[place], one.value

    def _render_histogram(self) -> None:
        """Bring the lines up to date with the buckets, of which the library would first make a sample each."""
        if not self._heads:
            for _ in self._samples():
                self._values.append(math.nan)
                self._lines.append("")
                self._exemplars.append(None)
                self._suffixes.append("")
        buckets, total = self.made._buckets, 0.0
        for place, bucket in enumerate(buckets):
            total += bucket.get()
            self._write(place, total)
            exemplar = bucket.get_exemplar()
            if exemplar is not self._exemplars[place]:
                self._exemplars[place] = exemplar
                self._suffixes[place] = _exemplar(exemplar)
        self._write(len(buckets), total)
        self._write(len(buckets) + 1, self.made._sum.get())

    def _write(self, place: int, value: float) -> None:
        if value != self._values[place]:
            self._values[place] = value
            self._lines[place] = f"{self._heads[place]}{_number(value)}"

    def _head(self, suffix: str, own: Mapping[str, str]) -> str:
        name = self._metric.name.removesuffix("_total").removesuffix("_info") + suffix
        labels = {**dict(zip(self._metric.labels, self._labels, strict=False)), **own}
        pairs = ",".join(f'{key}="{_escaped(value)}"' for key, value in sorted(labels.items()))
        return f"{name}{{{pairs}}} " if pairs else f"{name} "


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
