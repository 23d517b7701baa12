"""Applications of the tests: asked in process, or by a real uvicorn on a free port of the loopback."""

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import ASGIApp

from monitor.instrumentation import Failure
from tests.served import served


class Told:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.failures = list[Failure]()

    def report(self, failure: Failure) -> None:
        """Keep it."""
        self.failures.append(failure)


def asking(app: ASGIApp) -> httpx.AsyncClient:
    """A client of the application itself; an unhandled error is the answer 500, as behind a server."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://portal")


@contextlib.contextmanager
def client_of(app: Any) -> Iterator[httpx.Client]:
    """A client of this application, served."""
    with served(app) as url, httpx.Client(base_url=url) as client:
        yield client


def values(page: str, name: str) -> dict[tuple[str, ...], float]:
    """The samples of a metric in a page of figures, by the values of their labels in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name
    }
