"""What the portal counts of its features: how often each was tried, how it went, and how long it took."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)


class Attempts:
    """A counter by outcome, `ok` or `failed`; both stand on the page from the first moment on."""

    def __init__(self, name: str, what: str, registry: CollectorRegistry) -> None:
        counter = Counter(name, what, ["outcome"], registry=registry)
        self._ok, self._failed = counter.labels("ok"), counter.labels("failed")

    @contextmanager
    def counted(self) -> Iterator[None]:
        """One attempt; it failed where the block raises."""
        try:
            yield
        except Exception:
            self._failed.inc()
            raise
        self._ok.inc()


class FeatureCounts:
    """The counters and histograms of one portal, in the registry that its page of figures is made of."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def attempts(name: str, what: str) -> Attempts:
            return Attempts(name, what, registry)

        def seconds(name: str, what: str) -> Histogram:
            return Histogram(name, what, buckets=_SECONDS, registry=registry)

        self.item_creations = attempts("item_creations", "Information items that were to be added")
        self.item_autosaves = attempts("item_autosaves", "Information items that were saved while somebody writes")
        self.item_update_conflicts = Counter(
            "item_update_conflicts", "Changes of an item that somebody else had changed meanwhile", registry=registry
        )
        self.item_search_seconds = seconds("item_search_seconds", "Seconds of a search among information items")
        self.status_transitions = attempts("unmanaged_status_transitions", "Changes of an unmanaged product's status")
        self.provider_validations = attempts("unmanaged_provider_validations", "Providers that were looked up")
        self.bulk_imports = attempts("unmanaged_bulk_imports", "Lists of unmanaged products that were to be imported")
        self.networth_seconds = seconds("networth_generation_seconds", "Seconds of a net-worth statement")
        self.networth_snapshots = attempts("networth_snapshots", "Net-worth statements that were to be kept")
        self.kyc_seconds = seconds("kyc_report_seconds", "Seconds of a KYC report, whatever its form")
        self.kyc_renderings = attempts("kyc_template_renderings", "KYC reports that were rendered")
        self.kyc_pdfs = attempts("kyc_pdfs", "KYC reports that were made a PDF")


async def _of_this_portal(request: Request) -> FeatureCounts:
    counts: FeatureCounts = request.app.state.features
    return counts


Counts = Annotated[FeatureCounts, Depends(_of_this_portal)]
