"""The collector in a real browser: a visit of the demo portal arrives in a real service, and so does what it threw."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from playwright.sync_api import Browser, Page

from tests.acceptance.running import Service, eventually, free_port, serving
from tests.monitor.demo.served_portal import served
from tests.monitor.visits.test_beacon import CHROME

pytestmark = pytest.mark.xdist_group("chromium")

VITALS = {"largest_contentful_paint", "first_contentful_paint", "cumulative_layout_shift", "time_to_first_byte"}
# A headless browser says that it is one, and is not counted.
PERSON = CHROME


@pytest.fixture
def portal_and_service(empty_database: str, store: str, tmp_path: Path) -> Iterator[tuple[str, Service]]:
    """The demo portal, told of a service that takes what its pages send; it has no tables, and needs none to log in."""
    port = free_port()
    with served(empty_database, f"http://127.0.0.1:{port}") as url:
        configuration = tmp_path / "portalwatch.yml"
        document = {
            "store": {"url": store, "directory": str(tmp_path)},
            "http": {"port": port},
            "ingest": {"origins": [url]},
            "probes": {"host": {"kind": "host", "category": "system_resources", "every": "1s"}},
        }
        configuration.write_text(yaml.safe_dump(document), encoding="utf-8")
        with serving(configuration, port, tmp_path / "log") as service:
            eventually(service.is_ready, "the service is ready")
            yield url, service


def samples(service: Service) -> set[str]:
    """The vitals of which a value was kept."""
    answer = service.get("/metrics")
    lines = [] if answer is None else answer.text.splitlines()
    told = [line for line in lines if line.startswith("portalwatch_web_vital_samples_total{")]
    return {line.partition('metric="')[2].partition('"')[0] for line in told if 'device="desktop"' in line}


def visit(browser: Browser, url: str, user_agent: str = PERSON) -> Page:
    """A page that has painted something and was clicked on."""
    page = browser.new_context(user_agent=user_agent).new_page()
    page.goto(url)
    page.get_by_label("Name").click()
    page.wait_for_timeout(300)
    return page


def test_a_visit_is_told_as_its_page_goes_away_and_an_error_as_it_happens(
    portal_and_service: tuple[str, Service], chromium: Browser
) -> None:
    """Vitals of a desktop under the route `/`; a thrown error and a refused promise, found by the visit's own id."""
    url, service = portal_and_service
    page = visit(chromium, url)
    correlation_id: str = page.evaluate("() => window.portalwatch.correlationId")
    assert correlation_id.startswith("fe_")
    page.evaluate("() => { setTimeout(() => { throw new RangeError('the total is negative'); }, 0); }")
    page.evaluate("() => { Promise.reject(new TypeError('no portfolio')); }")

    def found() -> bool:
        answer = httpx.get(f"{service.url}/api/v1/errors", params={"id": correlation_id}, timeout=10)
        return answer.status_code == 200 and "RangeError" in answer.text and "TypeError" in answer.text

    eventually(found, f"the errors of {correlation_id} are found")
    assert not samples(service)
    page.goto("about:blank")
    eventually(lambda: samples(service) >= VITALS, "the vitals of the visit are counted")
    answer = service.get("/vitals")
    assert answer is not None
    eventually(lambda: "of / on desktop" in (service.get("/vitals") or answer).text, "the page shows the visit")


def test_a_page_without_end_of_errors_tells_of_the_first_five(
    portal_and_service: tuple[str, Service], chromium: Browser
) -> None:
    """A loop that throws does not flood the service."""
    url, service = portal_and_service
    page = visit(chromium, url)
    page.evaluate(
        """() => new Promise((thrown) => {
          for (let i = 0; i < 40; i++) setTimeout(() => { throw new Error('again'); }, 0);
          setTimeout(thrown, 0);
        })"""
    )
    page.goto("about:blank")
    visits, errors = (
        f'portalwatch_ingest_requests_total{{kind="{kind}",outcome="accepted"}}' for kind in ("vitals", "errors")
    )
    eventually(lambda: service.metric(visits) == 1, "the visit has ended")
    eventually(lambda: service.metric(errors) >= 5, "its errors are told")
    assert service.metric(errors) == 5


def test_a_robot_is_not_counted(portal_and_service: tuple[str, Service], chromium: Browser) -> None:
    """It is answered, and dropped by what it says of itself."""
    url, service = portal_and_service
    visit(chromium, url, "Mozilla/5.0 (compatible; Googlebot/2.1)").goto("about:blank")
    dropped = 'portalwatch_web_vital_dropped_total{reason="bot"}'
    eventually(lambda: service.metric(dropped) == 1, "the robot is counted as one")
    assert not samples(service)
