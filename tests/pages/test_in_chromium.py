"""The pages in a real browser: whole, alone, readable by everybody, at any width, in both schemes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from baselines import Unit
from dashboards import render_html
from tests.dashboards.examples import dropped_index
from tests.monitor.tracking.made import RISING
from tests.pages.browser import NAME, PHONE, WIDE, looking, problems_of, unreachable
from tests.pages.scenes import DEPLOYED, EMPTY, FEW, LONG, MANY, NOTHING, PORTAL, RED, Scene
from tests.pages.shown import Shown, captured, shown
from thresholds import Finding, Level, Rule

pytestmark = pytest.mark.xdist_group("chromium")

# Nine days of it are for the pictures.
PORTAL_TODAY = replace(PORTAL, history=timedelta(hours=26))
SLOW = "/series/database_queries.portfolio_valuation_aggregation"
FIXED = (
    "/",
    "/docs",
    "/baselines",
    "/deployment",
    "/checks",
    "/vitals",
    "/errors",
    "/errors?class=authorization",
    "/errors?id=fe_17_2",
    "/system",
    "/runbooks",
    "/runbooks/database_performance",
    "/login",
    "/none",
)
COMPARISONS = (
    "/baselines/before-v42",
    "/compare?before=before-v42&after=after-v42",
    "/compare?before=before-v42&after=live",
)


def paths_of(scene: Scene) -> list[str]:
    """The pages that a scene has, with series of each kind among them."""
    series = [f"/series/{one.category}.{one.probe}" for one in (*scene.lines[:2], *scene.lines[-1:])]
    windows = [f"{path}?window={window}" for path in series[:1] for window in ("hour", "week", "month")]
    if scene is MANY:
        return ["/", "/baselines/before-v42", *series]
    return [*FIXED, *series, *windows, *((*COMPARISONS, f"/errors/{RISING}") if scene.measured else ())]


@pytest.fixture
def portal(store: str, tmp_path: Path) -> Iterator[Shown]:
    """A portal that got slower with a deployment."""
    with shown(PORTAL_TODAY, store, tmp_path) as page:
        yield page


@pytest.mark.parametrize("scene", [PORTAL_TODAY, FEW, MANY, LONG, EMPTY, NOTHING, RED], ids=lambda one: one.name)
def test_every_page_is_for_everybody(scene: Scene, chromium: Browser, store: str, tmp_path: Path) -> None:
    """No complaint of the browser, no other origin, nothing wider than the window, contrast, names and headings as in
    WCAG 2.1 AA: wide and narrow, light and dark, with three series and 300, long names, no data, all red."""
    found = []
    with shown(scene, store, tmp_path) as served:
        for width, dark in ((WIDE, False), (WIDE, True), (PHONE, False), (PHONE, True)):
            with looking(chromium, width=width, dark=dark) as (page, complaints):
                for path in paths_of(scene):
                    page.goto(served.url + path)
                    where = f"{path} at {width}, {'dark' if dark else 'light'}"
                    found += [f"{where}: {problem}" for problem in problems_of(page)]
                    expected = "status of 404" if path == "/none" else "status of 409" if "live" in path else "-"
                    found += [f"{where}: {one}" for one in complaints if expected not in one]
                    complaints.clear()
    assert not found, "\n".join(found[:20])


def test_keys_reach_everything_and_show_where_they_are(chromium: Browser, portal: Shown) -> None:
    """Each link, button, field and scrolling part, with a visible focus; the first one leads past the navigation."""
    with looking(chromium) as (page, _):
        for path in (
            "/",
            SLOW,
            "/baselines",
            "/compare?before=before-v42&after=after-v42",
            "/checks",
            "/system",
            "/login",
        ):
            page.goto(portal.url + path)
            assert not unreachable(page), path
        page.goto(portal.url)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("() => document.activeElement.id") == "content"


def test_a_cause_is_three_clicks_away(chromium: Browser, portal: Shown) -> None:
    """From the status to the slow series, from there to the comparison, from there to the changed plan."""
    with looking(chromium) as (page, _):
        page.goto(portal.url)
        page.get_by_role("link", name="portfolio_valuation_aggregation", exact=True).click()
        expect(page.get_by_text("became a Seq Scan").first).to_be_visible()
        page.get_by_role("link", name="The last hour of every series against before-v42").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("slower than tolerance")


def test_pages_work_without_scripts(chromium: Browser, portal: Shown) -> None:
    """The same words are there, the form compares, and the page asks the browser itself to come again."""
    with looking(chromium, scripts=False) as (page, complaints):
        page.goto(portal.url)
        expect(page.get_by_role("heading", level=1)).to_contain_text("worse than allowed")
        assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
        expect(page.get_by_role("button", name="Pause")).to_be_hidden()
        page.get_by_role("link", name="Stop that").click()
        assert page.locator("meta[http-equiv=refresh]").count() == 0
        page.get_by_role("link", name="Baselines").click()
        page.get_by_label("After").select_option("after-v42")
        page.get_by_role("button", name="Compare").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("slower than tolerance")
        assert not complaints


@pytest.mark.parametrize("host", ["127.0.0.1", NAME])
def test_an_operator_logs_in_and_out_without_scripts(host: str, chromium: Browser, store: str, tmp_path: Path) -> None:
    """A page of operators leads to the log-in, the token back to that page; afterwards it is shut again."""
    with (
        shown(FEW, store, tmp_path, operators_need_token=True) as served,
        looking(chromium, scripts=False) as (page, _),
    ):
        url = served.url.replace("127.0.0.1", host)
        page.goto(url + "/system")
        page.get_by_label("Token").fill("pw_wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text("not valid")
        page.get_by_label("Token").fill(served.token)
        page.get_by_role("button", name="Log in").click()
        expect(page).to_have_url(url + "/system")
        assert page.evaluate("() => document.cookie") == ""
        page.get_by_role("button", name="Log out").click()
        page.goto(url + "/system")
        expect(page.get_by_label("Token")).to_be_visible()


def test_the_page_renews_itself_and_says_when_it_can_not(chromium: Browser, portal: Shown) -> None:
    """What is new appears with the open branches as they were; a pause holds it; a service that is gone is told."""
    with looking(chromium) as (page, _):
        page.clock.install()
        page.goto(portal.url)
        page.locator("details").first.evaluate("(one) => { one.open = false; }")
        portal.site.watch.judged([_critical("reachability.portal")])
        page.clock.run_for(31_000)
        expect(page.get_by_role("heading", level=1)).to_contain_text("1 is critical")
        assert page.locator("details").first.get_attribute("open") is None
        assert "critical" in page.title()

        page.get_by_role("button", name="Pause").click()
        portal.site.watch.judged([_critical("reachability.database")])
        page.clock.run_for(61_000)
        expect(page.get_by_role("heading", level=1)).to_contain_text("1 is critical")

        page.get_by_role("button", name="Pause").click()
        page.route("**/*", lambda route: route.abort())
        page.clock.run_for(31_000)
        expect(page.get_by_role("alert")).to_contain_text("No answer from the service")


def test_a_page_prints_without_what_only_a_screen_needs(chromium: Browser, portal: Shown) -> None:
    """No navigation on paper, nothing cut off at its width, in black on white whatever the scheme."""
    with looking(chromium, width=760, dark=True) as (page, _):
        page.emulate_media(media="print")
        for path in ("/", SLOW, "/compare?before=before-v42&after=after-v42"):
            page.goto(portal.url + path)
            expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), path
            assert page.evaluate("() => getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert page.pdf().startswith(b"%PDF")


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_report_in_a_file_is_for_everybody(width: int, dark: bool, chromium: Browser, tmp_path: Path) -> None:
    """The same of the file for a change ticket, opened from a disk: it asks for nothing but itself."""
    before, after = (captured(PORTAL, name, at, "v") for name, at in (("pre", DEPLOYED), ("post", DEPLOYED)))
    path = tmp_path / "report.html"
    path.write_text(render_html(dropped_index(), before=before, after=after), encoding="utf-8")
    with looking(chromium, width=width, dark=dark) as (page, complaints):
        page.goto(path.as_uri())
        assert not problems_of(page)
        assert not complaints


def test_the_checks_find_what_they_are_for(chromium: Browser, tmp_path: Path) -> None:
    """A page that does everything wrong is told so: else the tests above would prove nothing."""
    path = tmp_path / "bad.html"
    path.write_text(
        "<!doctype html><title>x</title><body style='background:#fff'><main><h1>a</h1><h3>b</h3><input>"
        "<p style='color:#aaa'>pale</p><svg width='2000' height='9'></svg><a href='#'></a>"
        "<table><tr><th>c</th></tr></table><p id='i'></p><p id='i'></p><script>undefined.x</script></main></body>",
        encoding="utf-8",
    )
    with looking(chromium) as (page, complaints):
        page.goto(path.as_uri())
        told = "\n".join(problems_of(page))
        for sign in ("contrast 2.", "rank 3 after 1", "no label", "no name", "no language", "no scope", "two of id"):
            assert sign in told
        assert "a picture without a sentence" in told
        assert "wider than the window" in told
        assert complaints


def _critical(series: str) -> Finding:
    return Finding(
        series=series,
        route="system_unavailable",
        rule=Rule.AVAILABILITY,
        level=Level.CRITICAL,
        unit=Unit.SECONDS,
        summary=f"{series} failed (refused)",
        since=DEPLOYED,
    )
