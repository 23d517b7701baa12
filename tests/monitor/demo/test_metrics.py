"""The demo portal's own figures."""

import httpx

from monitor.demo.portal import ADVISERS, SERVICE
from monitor.demo.portal.active_users import ACTIVE_SECONDS, ActiveUsers
from probes.workload.routes import Route, read_traffic
from tests.clocks import ManualClock
from tests.monitor.demo.served_portal import SERVICE_PASSWORD, logged_in


def test_requests_are_counted_by_route_and_status(portal: httpx.Client) -> None:
    """Under the templates of their routes; unknown paths are one, those for the figures none. No token is needed."""
    for path in ("/api/client_groups/1/products", "/api/client_groups/2/products", "/nowhere", "/else/where"):
        portal.get(path)
    portal.get("/dashboard", headers={"Authorization": "none"})

    page = httpx.get(portal.base_url.join("/metrics")).text
    traffic = read_traffic(page, [])
    assert traffic is not None
    assert dict(traffic.counts) == {
        Route("GET", "/api/client_groups/{group_id}/products"): 2,
        Route("GET", "unknown"): 2,
        Route("GET", "/dashboard"): 1,
        Route("POST", "/auth/login"): 1,
    }
    assert 'http_requests_total{method="GET",route="/dashboard",status="401"} 1.0' in page
    assert 'http_request_duration_seconds_count{method="GET",route="/dashboard"} 1.0' in page


def test_users_at_work_are_counted_and_the_monitoring_is_not(portal: httpx.Client) -> None:
    """Each once, from the first request with a token on; a bad token is nobody."""
    url = str(portal.base_url)

    def users() -> float:
        (line,) = [
            one for one in httpx.get(f"{url}/metrics").text.splitlines() if one.startswith("portal_active_users ")
        ]
        return float(line.partition(" ")[2])

    assert users() == 0
    with logged_in(url, SERVICE, SERVICE_PASSWORD) as service:
        assert service.get("/dashboard").status_code == 200
    assert portal.get("/dashboard", headers={"Authorization": "Bearer x.y.z"}).status_code == 401
    assert users() == 0
    portal.get("/dashboard")
    with logged_in(url, ADVISERS[1]) as other:
        other.get("/")
        other.get("/portfolios")
        assert users() == 2


def test_a_user_is_at_work_until_five_minutes_after_the_last_request() -> None:
    """Whoever asks again stays."""
    clock = ManualClock()
    users = ActiveUsers(clock.monotonic)
    users.note("a")
    users.note("b")
    clock.advance(ACTIVE_SECONDS)
    users.note("a")
    assert users.count() == 2
    clock.advance(1)
    assert users.count() == 1


def test_the_portal_documents_its_endpoints(portal: httpx.Client) -> None:
    """For whoever has no token yet either; the page of figures is not one of them."""
    paths = httpx.get(portal.base_url.join("/openapi.json")).json()["paths"]
    assert "/api/client_groups/{group_id}/products" in paths
    assert "/metrics" not in paths
