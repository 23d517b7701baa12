"""A portal's routes out of its OpenAPI document, and its requests out of its page of metrics."""

import pytest

from probes.workload.coverage import cover_requests
from probes.workload.errors import WorkloadError
from probes.workload.routes import Route, RouteCount, Traffic, read_endpoints, read_traffic, route_of

PRODUCTS = Route("GET", "/api/client_groups/{id}/products")
TOTALS = Route("GET", "/api/client_groups/total/products")
GROUPS = Route("GET", "/api/client_groups")
ROUTES = [PRODUCTS, TOTALS, GROUPS]

PAGE = """\
# TYPE http_requests_total counter
http_requests_total{method="get",handler="/api/client_groups",status="2xx"} 30
http_requests_total{method="GET",handler="/api/client_groups",status="5xx"} 10
http_requests_total{method="GET",handler="/api/client_groups/7/products",status="2xx"} 60
http_requests_total{method="GET",handler="/metrics",status="2xx"} 1000
# TYPE http_requests_created gauge
http_requests_created{method="GET",handler="/api/client_groups",status="2xx"} 1.7e9
# TYPE app_requests_total counter
app_requests_total{method="GET",path="/api/client_groups"} 5
"""


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/client_groups/5/products", PRODUCTS),
        ("GET", "/api/client_groups/{group}/products?page=1", PRODUCTS),
        ("GET", "/api/client_groups/total/products", TOTALS),
        ("GET", "/api/client_groups?page=2", GROUPS),
        ("POST", "/api/client_groups", None),
        ("GET", "/api/client_groups/5/6/products", None),
    ],
)
def test_a_path_is_of_the_closest_route(method: str, path: str, expected: Route | None) -> None:
    """A part of a path fills one place of a template; the template with the fewest places is the closest."""
    assert route_of(method, path, ROUTES) == expected


def test_endpoints_come_with_their_parameters() -> None:
    """Those of the path and those of a query that must be there, also where they are written down elsewhere."""
    document = {
        "paths": {
            "/a/{id}": {
                "parameters": [{"$ref": "#/components/parameters/id"}],
                "get": {
                    "parameters": [
                        {
                            "name": "page",
                            "in": "query",
                            "required": True,
                            "schema": {"$ref": "#/components/schemas/page"},
                        },
                        {"name": "sort", "in": "query", "schema": {}},
                    ]
                },
                "summary": "not a method",
            },
            "/metrics": {"get": {}},
        },
        "components": {
            "parameters": {"id": {"name": "id", "in": "path", "schema": {"type": "integer"}, "example": 7}},
            "schemas": {"page": {"type": "integer", "minimum": 1}},
        },
    }
    (endpoint,) = read_endpoints(document)
    assert endpoint.route == Route("GET", "/a/{id}")
    assert endpoint.path_parameters == {"id": {"type": "integer", "example": 7}}
    assert endpoint.required_query == {"page": {"type": "integer", "minimum": 1}}


@pytest.mark.parametrize("document", [None, [], {}, {"paths": []}])
def test_a_document_of_another_kind_is_refused(document: object) -> None:
    """Some page that happens to be JSON."""
    with pytest.raises(WorkloadError, match="no paths"):
        read_endpoints(document)


def test_requests_are_added_up_by_route() -> None:
    """Over statuses, whatever the labels are called, raw paths under their templates, without those for the page."""
    traffic = read_traffic(PAGE, ROUTES)
    assert traffic == Traffic([RouteCount(PRODUCTS, 60), RouteCount(GROUPS, 40)], "http_requests_total", "status")


def test_a_page_without_requests_by_route_says_nothing() -> None:
    """A counter without a route is none; a page in another format is an error."""
    assert read_traffic("# TYPE x_requests_total counter\nx_requests_total 5\n", ROUTES) is None
    with pytest.raises(WorkloadError, match="Prometheus' format"):
        read_traffic("<html>{", ROUTES)


def test_a_request_counts_once_however_many_probes_ask_for_it() -> None:
    """Two probes of one route stand for it together, and a probe of an unknown route for nothing."""
    counts = [RouteCount(PRODUCTS, 60), RouteCount(GROUPS, 40)]
    coverage = cover_requests(
        counts,
        {
            "one": [("GET", "/api/client_groups/1/products")],
            "two": [("GET", "/api/client_groups/2/products"), ("GET", "/nowhere")],
            "three": [("GET", "/nowhere")],
        },
    )
    assert coverage.share == pytest.approx(0.6)
    assert coverage.by_probe == {"one": [PRODUCTS], "two": [PRODUCTS], "three": []}
    assert coverage.uncovered == [RouteCount(GROUPS, 40)]
