"""The built-in pages over HTTP: what each answers, to whom, and how an operator logs in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from dashboards import service_policy
from monitor.alert_subject import subject_page
from tests.dashboards.html_checks import read_served
from tests.pages.scenes import EMPTY, FEW, NOTHING, NOW, Scene
from tests.pages.shown import Shown, shown
from thresholds.check_report import CheckKind
from thresholds.deployment.standing_alerts import load_standing_alerts
from thresholds.error_class import series_of_class
from thresholds.vitals import CATEGORY as REAL_USERS

SLOW = "database_queries.client_groups_list"
PUBLIC = ("/", f"/series/{SLOW}", "/runbooks", "/runbooks/host", "/login")
OPERATORS = (
    "/baselines",
    "/baselines/before-v42",
    "/compare?before=before-v41&after=before-v42",
    "/compare?before=before-v42&after=live",
    "/deployment",
    "/system",
)
HTML = {"Accept": "text/html"}


@contextmanager
def browser(page: Shown) -> Iterator[httpx.Client]:
    """Somebody who asks for pages, keeps cookies, and follows no redirect unseen."""
    with httpx.Client(base_url=page.url, headers=HTML, timeout=30) as client:
        yield client


@pytest.fixture
def open_house(store: str, tmp_path: Path) -> Iterator[Shown]:
    """Three series on loopback, where operators need no token."""
    with shown(FEW, store, tmp_path) as page:
        yield page


@pytest.fixture
def closed_house(store: str, tmp_path: Path) -> Iterator[Shown]:
    """The same where operators need a token."""
    with shown(FEW, store, tmp_path, operators_need_token=True) as page:
        yield page


def test_every_page_answers_whole_and_leads_nowhere_else(open_house: Shown) -> None:
    """Each is well-formed HTML with one heading of the first rank, and the strict policy in its header."""
    with browser(open_house) as client:
        for path in (*PUBLIC, *OPERATORS):
            answer = client.get(path)
            assert answer.status_code == 200, path
            page = read_served(answer.text)
            assert page.tags.count("h1") == 1, path
            assert page.tags.count("main") == 1, path
            assert answer.headers["Content-Security-Policy"] == service_policy()
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("scene", [EMPTY, NOTHING], ids=lambda one: one.name)
def test_pages_without_data_say_so(scene: Scene, store: str, tmp_path: Path) -> None:
    """Nothing measured yet, and nothing configured at all, are pages too; a comparison without its baseline is none."""
    with shown(scene, store, tmp_path) as page, browser(page) as client:
        for path in ("/", "/baselines", "/deployment", "/system", "/runbooks"):
            assert client.get(path).status_code == 200, path
        assert ("not measured yet" if scene.lines else "Nothing is watched yet") in client.get("/").text
        missing = client.get("/compare", params={"before": "none"})
        assert missing.status_code == 404
        assert "there is no baseline" in read_served(missing.text).text


def test_pages_of_operators_ask_the_public_to_log_in(closed_house: Shown) -> None:
    """The public view stays public; everything else leads to the page that takes a token, and back from there."""
    with browser(closed_house) as client:
        assert {client.get(path).status_code for path in PUBLIC} == {200}
        for path in OPERATORS:
            answer = client.get(path)
            assert answer.status_code == 303, path
            assert answer.headers["Location"].startswith("/login?next=/")
        assert client.get("/api/v1/alerts").status_code == 401, "a script gets an answer that it understands"


@pytest.mark.parametrize(
    "series",
    [
        SLOW,
        series_of_class("authorization"),
        f"{REAL_USERS}.x",
        load_standing_alerts().series()[0],
        CheckKind.CONSTRAINTS.series,
    ],
)
def test_what_an_alert_leads_to_is_there(open_house: Shown, series: str) -> None:
    """The page of whatever alerts are about, by the names that they have."""
    with browser(open_house) as client:
        assert client.get(subject_page(series, [SLOW])).status_code == 200


def test_the_public_sees_no_plan_and_no_correlation_id(closed_house: Shown) -> None:
    """Of a series the public sees times and reasons; plans, ids and approvals are the operators'."""
    with browser(closed_house) as client:
        public = client.get(f"/series/{SLOW}").text
        client.cookies.set("portalwatch_token", closed_house.token)
        operators = client.get(f"/series/{SLOW}").text
    assert "Plans of the query" in operators
    assert "Plans of the query" not in public
    assert "valuations_by_date" not in public
    assert "Calls to look into" in operators
    assert "Calls to look into" not in public


def test_a_token_is_given_once_and_kept_by_the_browser(closed_house: Shown) -> None:
    """The cookie is out of reach for scripts and other sites, opens the pages, and goes with the log-out."""
    with browser(closed_house) as client:
        answer = client.post("/login", data={"token": closed_house.token, "next": "/system"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/system")
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Secure" not in cookie, "plain HTTP: the browser would not send it back"
        assert client.get("/system").status_code == 200
        assert "Log out" in client.get("/").text
        assert client.get("/api/v1/alerts").status_code == 200
        assert client.post("/logout").status_code == 303
        assert client.get("/system").status_code == 303


def test_over_tls_the_cookie_never_travels_without(closed_house: Shown) -> None:
    """A proxy that ends TLS says so, and the cookie is marked."""
    with browser(closed_house) as client:
        headers = {"X-Forwarded-Proto": "https"}
        answer = client.post("/login", data={"token": closed_house.token}, headers=headers)
        assert "Secure" in answer.headers["Set-Cookie"]


def test_a_wrong_token_is_refused_and_never_shown(closed_house: Shown) -> None:
    """The page says what is wrong, sets nothing, and does not repeat what was typed."""
    with browser(closed_house) as client:
        answer = client.post("/login", data={"token": "pw_wrong", "next": "/system"})
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers
        assert "not valid" in read_served(answer.text).text
        assert "pw_wrong" not in answer.text


@pytest.mark.parametrize("following", ["//evil.example/", "https://evil.example/", "/\\evil.example", "system"])
def test_a_log_in_leads_to_no_other_site(closed_house: Shown, following: str) -> None:
    """Whatever the form says, one lands on this service."""
    with browser(closed_house) as client:
        answer = client.post("/login", data={"token": closed_house.token, "next": following})
        assert answer.headers["Location"] == "/"
        assert "evil" not in client.get("/login", params={"next": following}).text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_another_site_can_not_use_the_cookie(closed_house: Shown, headers: dict[str, str]) -> None:
    """A form of another site, or of another port of this host, is refused even with the cookie; ours is taken."""
    with browser(closed_house) as client:
        client.cookies.set("portalwatch_token", closed_house.token)
        path = "/api/v1/alerts/none/acknowledge"
        assert client.post(path, json={"by": "x"}, headers=headers).status_code == 403
        assert client.post("/logout", headers=headers).status_code == 403
        assert client.post("/login", data={"token": closed_house.token}, headers=headers).status_code == 403
        ours = {"Sec-Fetch-Site": "same-origin", "Origin": closed_house.url}
        assert client.post(path, json={"by": "x"}, headers=ours).status_code == 404


def test_a_form_that_is_too_long_is_refused(closed_house: Shown) -> None:
    """Nobody fills the memory with a log-in."""
    with browser(closed_house) as client:
        assert client.post("/login", data={"token": "x" * 20_000}).status_code == 413


def test_an_unknown_series_names_the_nearest(open_house: Shown) -> None:
    """A mistyped address is a page that helps."""
    with browser(open_house) as client:
        answer = client.get("/series/database_queries.client_group_list")
        assert answer.status_code == 404
        assert SLOW in read_served(answer.text).text
        assert client.get("/nowhere").status_code == 404
        assert (
            client.get("/series/x", headers={"Accept": "application/json"}).json()["detail"].startswith("There is no")
        )


def test_hostile_names_stay_text(open_house: Shown) -> None:
    """What stands in an address closes no tag."""
    with browser(open_house) as client:
        for path in ("/series/<script>alert(1)</script>", "/runbooks/<img src=x>", "/login?next=/<script>"):
            page = read_served(client.get(path).text)
            assert page.tags.count("script") == 0


def test_the_page_of_a_series_tells_what_its_store_knows(open_house: Shown) -> None:
    """Each window has a drawing with its sentence, and a window that is none is refused."""
    with browser(open_house) as client:
        for window in ("hour", "day", "week", "month"):
            told = client.get(f"/series/{SLOW}", params={"window": window})
            assert f'aria-label="{SLOW} from' in told.text, window
        mistaken = client.get(f"/series/{SLOW}", params={"window": "year"})
        assert mistaken.status_code == 422
        assert "window: Input should be" in read_served(mistaken.text).text


def test_the_page_of_a_series_shows_the_calls_around_an_instant(open_house: Shown) -> None:
    """By default those of now; around another instant those of then, and none where nothing was measured."""
    with browser(open_house) as client:
        now = read_served(client.get(f"/series/{SLOW}").text).text
        assert "Calls to look into" in now
        before = client.get(f"/series/{SLOW}", params={"at": (NOW - timedelta(minutes=30)).isoformat()})
        told = f"to {NOW - timedelta(minutes=20):%H:%M} UTC"
        assert told in read_served(before.text).text
        for nothing in ("2001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"):
            assert "Calls to look into" not in client.get(f"/series/{SLOW}", params={"at": nothing}).text


def test_pages_live_without_the_store(open_house: Shown) -> None:
    """While the store is away, what is in memory is shown, and what is not says so."""
    site = open_house.site

    class Away:
        """A store that nobody reaches."""

        def __getattr__(self, name: str) -> object:
            raise ConnectionRefusedError(name)

    stores = (site.history, site.baselines, site.releases, site.vitals, site.measurements, site.checks)
    for part in (*stores, site.errors.store, site.visits._store):
        setattr(part, "_pool", Away())  # noqa: B010 - no part of what it offers
    with browser(open_house) as client:
        assert client.get("/").status_code == 200
        assert "the course is not known now" in client.get(f"/series/{SLOW}").text
        assert client.get("/deployment").status_code == 200
        assert client.get("/system").status_code == 200
        away = ("/baselines", "/baselines/before-v42", "/compare?before=before-v42", "/checks", "/errors", "/vitals")
        for path in (*away, "/errors/0123456789abcdef"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert "store" in read_served(answer.text).text
