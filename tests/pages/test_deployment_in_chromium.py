"""The page and the report of a deployment in a real browser: what a lead sees on a phone, and what a press does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dashboards import render_deployment_html
from tests.deployments.migration import NASTY, play_to_a_closed_gate, play_to_a_rollback, play_to_a_running_phase
from tests.deployments.stories import story_from
from tests.pages.browser import PHONE, WIDE, looking, problems_of, unreachable
from tests.pages.scenes import FEW, Scene
from tests.pages.shown import Shown, shown

pytestmark = pytest.mark.xdist_group("chromium")

CLOSED = replace(FEW, name="closed", deployment=play_to_a_closed_gate)
RUNNING = replace(FEW, name="running", deployment=play_to_a_running_phase)
ROLLBACK = replace(FEW, name="rollback", deployment=play_to_a_rollback)
_PHONE_HEIGHT = 844


@pytest.fixture
def running(store: str, tmp_path: Path) -> Iterator[Shown]:
    """phase_5 has been running for longer than expected."""
    with shown(RUNNING, store, tmp_path) as page:
        yield page


@pytest.mark.parametrize(
    ("scene", "seen"),
    [
        (CLOSED, ["May phase_5 begin?", "No, the gate is closed", "Roll back (rollback tier 1)", "15 min"]),
        (RUNNING, ["2 h 42 min, 42 min too long", "Not while phase_5 is running", "Roll back (rollback tier 1)"]),
        (ROLLBACK, ["ann decided to roll back (tier 1)", "4 min left", "Is everything as it was before?"]),
    ],
    ids=lambda one: one.name if isinstance(one, Scene) else "",
)
def test_a_lead_sees_where_it_stands_on_a_phone_without_scrolling(
    scene: Scene, seen: list[str], chromium: Browser, store: str, tmp_path: Path
) -> None:
    """Name, day, standing, the running phase, whether the next may begin with its first reasons, and the advice."""
    with shown(scene, store, tmp_path) as served, looking(chromium, width=PHONE) as (page, complaints):
        page.goto(served.url + "/deployment")
        expect(page.get_by_role("heading", level=1)).to_contain_text("v42")
        expect(page.locator(".kicker")).to_contain_text("Day 3 of 7")
        for one in seen:
            found = page.get_by_text(one).first
            expect(found).to_be_visible()
            box = found.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= _PHONE_HEIGHT, one
        assert not problems_of(page)
        assert not complaints


def test_a_press_moves_the_deployment(chromium: Browser, running: Shown) -> None:
    """Without a name nothing is sent; with one the phase is completed, and the gate behind it is what is asked next;
    an override there has its reason told on the page.
    """
    with looking(chromium, scripts=False) as (page, complaints):
        page.goto(running.url + "/deployment")
        page.get_by_role("button", name="phase_5 is completed").click()
        expect(page.get_by_text("42 min too long").first).to_be_visible()
        page.get_by_label("Your name").first.fill("cyd")
        page.get_by_role("button", name="phase_5 is completed").click()
        expect(page.get_by_role("heading", name="May phase_6 begin?")).to_be_visible()
        page.get_by_text("Override the gate after phase_5").click()
        page.locator("#override-reason").fill(NASTY)
        page.locator("#override-by").fill("ann")
        page.get_by_role("button", name="Let it be passed").click()
        expect(page.get_by_text(NASTY).last).to_be_attached()
        assert page.locator("main b").count() == 0
        page.get_by_text("Sign an item off").click()
        page.locator("#sign-note").fill("tried with version 2")
        page.locator("#sign-by").fill("Bert")
        page.get_by_role("button", name="I vouch for it").click()
        expect(page.get_by_text("tried with version 2").first).to_be_attached()
        assert not complaints


def test_keys_reach_every_form(chromium: Browser, running: Shown) -> None:
    """Each with a visible focus."""
    with looking(chromium) as (page, _):
        page.goto(running.url + "/deployment")
        assert not unreachable(page)


def test_what_somebody_types_is_not_lost_when_the_page_renews_itself(chromium: Browser, running: Shown) -> None:
    """It waits until the field is as it was; else the page is fresh."""
    with looking(chromium) as (page, _):
        page.clock.install()
        page.goto(running.url + "/deployment")
        page.evaluate("() => { document.querySelector('main').dataset.old = '1'; }")
        name, asked = page.get_by_label("Your name").first, list[str]()
        page.on("request", lambda request: asked.append(request.url))
        name.fill("cy")
        page.clock.run_for(61_000)
        page.wait_for_timeout(1_000)
        assert not asked
        assert name.input_value() == "cy"
        assert page.locator("main[data-old]").count() == 1
        name.fill("")
        page.clock.run_for(31_000)
        expect(page.locator("main[data-old]")).to_have_count(0)


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_the_report_is_for_everybody(width: int, store_story: str, chromium: Browser, tmp_path: Path) -> None:
    """The file for a change ticket, opened from a disk: it asks for nothing but itself."""
    path = tmp_path / "deployment.html"
    path.write_text(store_story, encoding="utf-8")
    for dark in (False, True):
        with looking(chromium, width=width, dark=dark) as (page, complaints):
            page.goto(path.as_uri())
            assert not problems_of(page)
            assert not complaints


@pytest.fixture
def store_story(store: str) -> str:
    """The report of a deployment that was played before the browser has the thread's event loop."""
    return render_deployment_html(story_from(store, play_to_a_closed_gate))
