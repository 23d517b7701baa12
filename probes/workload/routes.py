"""The routes of a portal: from its OpenAPI document, and how often each was asked for from its own figures."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from probes.workload.errors import WorkloadError

# What instrumentation libraries call the labels; the first that a counter has is taken.
ROUTE_LABELS = ("route", "handler", "path", "endpoint", "path_template", "http_route", "url")
METHOD_LABELS = ("method", "http_method", "http_request_method", "verb")
STATUS_LABELS = ("status", "status_code", "code", "http_status", "http_response_status_code")
_METHODS = frozenset({"get", "head", "post", "put", "patch", "delete", "options"})
# Asked for by whoever watches the portal, not by its users.
_NOT_OF_USERS = frozenset({"/metrics", "/openapi.json"})


class Route(NamedTuple):
    """A method and a path template such as `/api/client_groups/{id}/products`."""

    method: str
    template: str

    def matches(self, path: str) -> bool:
        """Whether a path without its query is one of this route."""
        parts = re.split(r"\{[^}]*\}", self.template)
        return re.fullmatch("[^/]+".join(map(re.escape, parts)), path) is not None

    @property
    def parameters(self) -> int:
        """How many places of the template are open: the fewer, the closer a match."""
        return self.template.count("{")


class RouteCount(NamedTuple):
    """How many requests a route had; 1 for each where the portal does not count them."""

    route: Route
    requests: float


class Traffic(NamedTuple):
    """Requests by route, the most first, and the counter they were read from with its label of the status."""

    counts: Sequence[RouteCount]
    counter: str
    status_label: str | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route with what the OpenAPI document says of its parameters: by name their schemas (JSON Schema)."""

    route: Route
    path_parameters: Mapping[str, Mapping[str, Any]]
    required_query: Mapping[str, Mapping[str, Any]]


def route_of(method: str, path: str, routes: Iterable[Route]) -> Route | None:
    """The route that serves a path (or that is spelt so), the one with the fewest open places; None for no route."""
    bare = path.partition("?")[0]
    fitting = [one for one in routes if one.method == method and (one.template == bare or one.matches(bare))]
    return min(fitting, key=lambda one: one.parameters, default=None)


def read_endpoints(document: object) -> list[Endpoint]:
    """The endpoints of an OpenAPI document (3.0 and 3.1). Raises WorkloadError where it is none."""
    paths = document.get("paths") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(paths, dict):
        raise WorkloadError("the portal's OpenAPI document has no paths")
    found = []
    for template, item in paths.items():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if method in _METHODS and isinstance(operation, dict) and template not in _NOT_OF_USERS:
                declared = [*item.get("parameters", ()), *operation.get("parameters", ())]
                parameters = [_resolved(document, one) for one in declared]
                found.append(
                    Endpoint(
                        Route(method.upper(), template),
                        {one["name"]: _schema(document, one) for one in parameters if one.get("in") == "path"},
                        {
                            one["name"]: _schema(document, one)
                            for one in parameters
                            if one.get("in") == "query" and one.get("required")
                        },
                    )
                )
    return found


def _schema(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> dict[str, Any]:
    schema = _resolved(document, parameter.get("schema", {}))
    return {**schema, "example": parameter["example"]} if "example" in parameter else schema


def _resolved(document: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """The object itself, or the one that its `$ref` points at within the document; nothing for one elsewhere."""
    reference = value.get("$ref")
    if not isinstance(reference, str):
        return dict(value)
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step, {}) if isinstance(found, dict) else {}
    return dict(found) if isinstance(found, dict) else {}


def read_traffic(exposition: str, routes: Sequence[Route]) -> Traffic | None:
    """What a page in Prometheus' format counts of requests by route; None where it counts none.

    A page that counts paths instead of templates is put under the templates of `routes`. Of several counters the first
    is taken: they would count the same requests again. Raises WorkloadError for a page in another format.
    """
    try:
        families = list(text_string_to_metric_families(exposition))
    except ValueError as error:
        raise WorkloadError("the portal's page of metrics is not in Prometheus' format") from error
    for family in families:
        if family.type == "counter" and family.name.endswith("requests"):
            requests = _by_route(family, routes)
            if requests:
                counts = [RouteCount(*one) for one in sorted(requests.items(), key=lambda item: -item[1])]
                status = next((name for name in STATUS_LABELS if name in family.samples[0].labels), None)
                return Traffic(counts, f"{family.name}_total", status)
    return None


def _by_route(family: Metric, routes: Sequence[Route]) -> dict[Route, float]:
    requests: dict[Route, float] = {}
    for sample in family.samples:
        path, method = _first(sample.labels, ROUTE_LABELS), _first(sample.labels, METHOD_LABELS)
        if sample.name.endswith("_created") or path is None or method is None or path in _NOT_OF_USERS:
            continue
        route = route_of(method.upper(), path, routes) or Route(method.upper(), path)
        requests[route] = requests.get(route, 0.0) + sample.value
    return requests


def _first(labels: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((labels[name] for name in names if name in labels), None)
