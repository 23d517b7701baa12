"""What one page of metrics says of those that were asked for, in Prometheus' text format or in OpenMetrics."""

import asyncio
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.metrics.selector import Selector

# Measured: a sample takes 15 µs to parse, so other probes wait at most 0.6 ms for a large page.
LINES_AT_ONCE = 40

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Scrape:
    """`at` is the monotonic time in seconds at which the page came. A selector whose metric it lacks is not in it."""

    at: float
    samples: Mapping[Selector, Mapping[Labels, float]]

    def of(self, selector: Selector) -> Mapping[Labels, float]:
        """The values by labels, none where the metric has no such sample. Raises ProbeFailed where there is no metric:
        a misspelt name must not pass for a quiet portal.
        """
        if selector not in self.samples:
            raise ProbeFailed(Reason.ASSERTION, f"the page has no metric {selector.name}")
        return self.samples[selector]

    def increase_since(self, earlier: "Scrape", selector: Selector) -> Mapping[Labels, float]:
        """How much each of those counters grew. One that went back was reset, and has counted from zero since; one
        that is new counts from zero.

        Raises ProbeFailed where the page lacks the metric, or did so before: nobody knows since when it counts.
        """
        now, before = self.of(selector), earlier.samples.get(selector)
        if before is None:
            raise ProbeFailed(Reason.TOO_LITTLE, f"the metric {selector.name} is new on the page")
        return {labels: _growth(before.get(labels, 0.0), value) for labels, value in now.items()}


def _growth(before: float, now: float) -> float:
    return now - before if now >= before else now


async def read_scrape(page: bytes, selectors: Sequence[Selector], at: float) -> Scrape:
    """Parses the lines of those metrics only (a tenth of the work on a large page), a few at a time.

    Both formats have the same samples; exemplars are passed over. Raises ProbeFailed where a line is no sample.
    """
    by_name = defaultdict[str, list[Selector]](list)
    for selector in selectors:
        by_name[selector.name].append(selector)
    starts = tuple(f"{name}{end}".encode() for name in by_name for end in "{ \t")
    declarations = {declaration: names for name, names in by_name.items() for declaration in _declarations(name)}
    samples: dict[Selector, dict[Labels, float]] = {}
    lines = io.BytesIO(page)
    while some := list(islice(lines, LINES_AT_ONCE)):
        for line in some:
            if line.startswith(b"# TYPE "):
                for selector in declarations.get(line.split(b" ", 3)[2], ()):
                    samples.setdefault(selector, {})
        for sample in _parsed(b"".join(line for line in some if line.startswith(starts))):
            for selector in by_name[sample.name]:
                chosen = samples.setdefault(selector, {})
                # Not a number says that there is no value.
                if selector.accepts(sample.labels) and sample.value == sample.value:
                    chosen[frozenset(sample.labels.items())] = sample.value
        await asyncio.sleep(0)
    return Scrape(at, samples)


def _declarations(name: str) -> set[bytes]:
    """The names under which a page may declare the type of that metric, before it has a sample."""
    return {name.encode(), name.removesuffix("_total").encode(), name.removesuffix("_bucket").encode()}


def _parsed(lines: bytes) -> Sequence[Sample]:
    try:
        return [sample for family in text_string_to_metric_families(lines.decode()) for sample in family.samples]
    except (ValueError, IndexError):  # the latter where a bracket is missing
        raise ProbeFailed(Reason.ASSERTION, "a line of the page is no sample of a metric") from None
