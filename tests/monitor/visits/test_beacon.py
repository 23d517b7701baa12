"""What is believed of a beacon: routes without ids, kinds of devices, values a page can have, and no bots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.vital import Vital
from monitor.visits.beacon import OTHER, Beacon, Dropped, Metrics, Routes, device_of, route_of, visit_of

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


def beacon(user_agent: str = CHROME, **metrics: float | None) -> Beacon:
    """What a page sends."""
    return Beacon(user_agent=user_agent, url="https://portal.example/clients/5?tab=2", metrics=Metrics(**metrics))


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("https://portal.example/api/client_groups/5", "/api/client_groups/:id"),
        (
            "https://p.example/clients/0c9d8a70-1111-2222-3333-444455556666/products?q=secret",
            "/clients/:id/products",
        ),
        ("https://portal.example", "/"),
        ("/reports/irr_analysis/", "/reports/irr_analysis"),
        ("https://portal.example/invite/ann@example.com", "/invite/:id"),
        ("https://portal.example/reset/3f2Ab91xQz77LmNo", "/reset/:id"),
        ("https://portal.example/clients/abc123", "/clients/:id"),
        ("https://portal.example/x/%3Cscript%3E", "/x/:id"),
        ("https://portal.example/" + "a/" * 9, OTHER),
        ("https://portal.example/a b", OTHER),
        ("http://[", OTHER),
    ],
)
def test_a_route_is_a_path_without_ids(url: str, route: str) -> None:
    """No query, no fragment, no number, key or address of a person; what is too deep or strange is one route."""
    assert route_of(url) == route


@given(st.text(max_size=300))
def test_any_url_has_a_route_of_harmless_characters(url: str) -> None:
    """Never an error, and nothing that a page or a label would have to fear."""
    route = route_of(url)
    assert len(route) <= 120
    assert route == OTHER or all(one.isascii() and (one.isalnum() or one in "/:._~-") for one in route)


def test_the_number_of_routes_is_bounded() -> None:
    """Those that were seen first stay told apart; made-up ones are one."""
    routes = Routes(most=2)
    assert [routes.known(one) for one in ("/a", "/b", "/c", "/a")] == ["/a", "/b", OTHER, "/a"]


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (CHROME, "desktop"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Mobile/15E148", "mobile"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36", "mobile"),
        ("Mozilla/5.0 (Linux; Android 15; SM-X910) Chrome/140.0 Safari/537.36", "tablet"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605 Mobile/15E148", "tablet"),
    ],
)
def test_a_device_is_one_of_three(user_agent: str, device: str) -> None:
    """By what the browser says of itself."""
    assert device_of(user_agent) == device


@pytest.mark.parametrize(
    "user_agent", ["Googlebot/2.1", "Mozilla/5.0 HeadlessChrome/140.0", "python-requests/2.32", "curl/8.9", ""]
)
def test_bots_are_dropped(user_agent: str) -> None:
    """Nothing is kept of whoever is no person, our own page probe among them."""
    assert visit_of(beacon(user_agent, LCP=800)) == (None, [Dropped.BOT])


def test_absurd_values_are_dropped_and_the_others_kept() -> None:
    """Negative, above a minute, a shift above 10, no number; milliseconds become seconds, FID is kept too."""
    absurd = beacon(LCP=1200, FCP=-1, TTFB=60_001, CLS=10.5, INP=float("nan"), FID=12)
    visit, dropped = visit_of(absurd)
    assert visit is not None
    assert set(visit.bins) == {Vital.LARGEST_CONTENTFUL_PAINT, Vital.FIRST_INPUT_DELAY}
    assert visit.bins[Vital.LARGEST_CONTENTFUL_PAINT] == Vital.LARGEST_CONTENTFUL_PAINT.bin_of(1.2)
    assert dropped == [Dropped.ABSURD] * 4
    assert visit_of(beacon()) == (None, [Dropped.EMPTY])
