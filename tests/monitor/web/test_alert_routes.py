"""Alerts over HTTP: pages and JSON, as whoever was woken by one meets them."""

import base64
import hashlib
import re
from datetime import datetime, timedelta

import httpx
import pytest

from alerts import AlertState
from monitor.access import Right
from tests.alerts.house import START
from tests.monitor.web.served import House, finding, form_of, has_form, text_of, visit
from thresholds import Level

HOSTILE = '<script>alert("x")</script> & <b onclick=x>'


def test_the_list_shows_what_is_open_what_is_silent_and_what_ended(store: str) -> None:
    """Each in its place, an open alert with how long it has been, one that ended with how long it was."""

    async def act(house: House) -> None:
        await house.tell(finding(), finding(series="q.b"))
        await house.clock.move(minutes=12)
        await house.tell(finding(Level.OK, "q.b", summary="q.b is fine again"))
        given = {"matcher": "features.*", "for": "2h", "by": "ann", "reason": "moving it", "deployment": "v42"}
        assert (await house.client.post("/api/v1/silences", json=given)).status_code == 201
        await house.clock.move(minutes=3)
        text = text_of(await house.client.get("/alerts"))
        opened, silent, ended = re.split("Silences and maintenance windows|What ended lately", text)
        assert "1 alert is open. ! warning q.a is slow" in opened
        assert "firing · tier_2_warning · since 2026-03-02 09:00:00 UTC, for 15 min" in opened
        assert "series=features.*: moving it" in silent
        assert "2026-03-02 09:12:00 UTC to 2026-03-02 11:12:00 UTC, or the end of deployment v42 · by ann" in silent
        assert ended.count("q.b is fine again") == 1
        assert "resolved · tier_2_warning · since 2026-03-02 09:00:00 UTC, lasted 12 min" in ended

    visit(store, act)


def test_nothing_is_open(store: str) -> None:
    """It says so."""

    async def act(house: House) -> None:
        text = text_of(await house.client.get("/alerts"))
        assert "No alert is open." in text
        assert "Silences and maintenance windows None." in text

    visit(store, act)


@pytest.mark.parametrize(
    ("series", "page"),
    [
        ("q.a", "/series/q.a"),
        ("errors.authorization", "/errors?class=authorization"),
        ("real_users.largest_contentful_paint.mobile./clients/:id", "/vitals"),
        ("deployment.phase_overdue", "/deployment"),
        ("checks.health_validation", "/checks"),
        ("q.that_is_gone", None),
    ],
)
def test_an_alert_leads_to_what_it_is_about(store: str, series: str, page: str | None) -> None:
    """By a page that is there, or by none; only a series that is measured has calls."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding(series=series))
        told = (await house.client.get(f"/alerts/{alert.id}")).text
        assert re.findall(r'<p class="soft"><a href="(/[^"]*)">', told)[:1] == ([page] if page else [])
        assert ("#calls" in told) == (series == "q.a")

    visit(store, act)


def test_a_page_shows_an_alert_with_what_happened_and_what_is_ahead(store: str) -> None:
    """The figure and its limit, who was told, who could not be, and the next step if nobody does anything."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding(summary="q.a takes very long"))
        assert f'href="/alerts/{alert.id}"' in (await house.client.get("/alerts")).text
        page = await house.client.get(f"/alerts/{alert.id}")
        assert 'href="/series/q.a?window=hour&amp;at=2026-03-02T09%3A00%3A00%2B00%3A00#calls"' in page.text
        text = text_of(page)
        assert "q.a takes very long ! warning firing" in text
        assert "q.a: 1250 ms, limit 1000 ms" in text
        ahead, happened = text.split("What happened")
        assert "2026-03-02 10:00:00 UTC escalated slack-critical tier_3_critical" in ahead
        assert "09:00:00 UTC fired" in happened
        assert "09:00:00 UTC delivered slack-alerts by test" in happened
        assert "09:00:00 UTC no recipient email-ops-team channel email-ops-team is not configured" in happened

    visit(store, act)


def test_an_alert_is_acknowledged_on_its_page(store: str) -> None:
    """The button leads back to the page (303), which says who has it and has no button any more."""

    async def act(house: House) -> None:
        alert, other = await house.tell(finding(), finding(series="q.b"))
        page = await house.client.get(f"/alerts/{alert.id}")
        answer = await house.press(page, by=" ann ")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts/{alert.id}")
        after = await house.client.get(answer.headers["location"])
        assert "acknowledged by ann" in text_of(after)
        assert not has_form(after.text)
        assert (await house.alert(alert.id)).acknowledged_by == "ann"
        assert (await house.alert(other.id)).state is AlertState.FIRING

    visit(store, act)


@pytest.mark.parametrize("typed", ["", "   ", "\x00\u202e"])
def test_the_page_asks_who_it_is(store: str, typed: str) -> None:
    """Without a name, or with one that nobody could read, nothing is acknowledged."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        answer = await house.client.post(f"/alerts/{alert.id}/acknowledge", data={"by": typed})
        assert (answer.status_code, answer.json()["detail"]) == (422, "say who has it in hand")
        assert (await house.alert(alert.id)).state is AlertState.FIRING

    visit(store, act)


def test_a_name_is_one_line_that_can_be_read(store: str) -> None:
    """What a store does not keep, or what turns the direction of writing, is left out; a long name is cut."""

    async def act(house: House) -> None:
        first, second, third = await house.tell(finding(), finding(series="q.b"), finding(series="q.c"))
        await house.client.post(f"/alerts/{first.id}/acknowledge", data={"by": "an\x00n\r\n\u202elee" + "e" * 200})
        assert (await house.alert(first.id)).acknowledged_by == ("an n lee" + "e" * 200)[:80]
        await house.client.post(f"/api/v1/alerts/{second.id}/acknowledge", json={"by": "bob\x00\nlee"})
        assert (await house.alert(second.id)).acknowledged_by == "bob lee"
        assert len(house.links()) == 1  # of all three: it acknowledges the third, and the others again
        await house.client.post(house.links()[0], data={"by": "\x00eve\n"})
        assert (await house.alert(third.id)).acknowledged_by == "eve"

    visit(store, act)


def test_what_can_not_be_changed_is_told_apart(store: str) -> None:
    """409 for an alert that is over, 404 for one that never was; the page and the interface agree."""

    async def act(house: House) -> None:
        (over,) = await house.tell(finding())
        await house.tell(finding(Level.OK))
        for alert_id, status in ((over.id, 409), ("0" * 12, 404)):
            answers = [
                await house.client.post(f"/alerts/{alert_id}/acknowledge", data={"by": "ann"}),
                await house.client.post(f"/api/v1/alerts/{alert_id}/acknowledge", json={"by": "ann"}),
                await house.client.post(f"/api/v1/alerts/{alert_id}/resolve", json={"by": "ann"}),
            ]
            assert [one.status_code for one in answers] == [status] * 3
        assert (await house.client.get("/alerts/" + "0" * 12)).status_code == 404

    visit(store, act)


@pytest.mark.parametrize("alert_id", ["%00", "none", "0%00", "%ED%A0%80", "a" * 500])
def test_what_can_be_no_id_is_not_asked_for(store: str, alert_id: str) -> None:
    """404, and not what a store that can't be reached would be: for that, the service would go on without it."""

    async def act(house: House) -> None:
        by = {"by": "ann"}
        answers = [
            await house.client.get(f"/alerts/{alert_id}"),
            await house.client.post(f"/alerts/{alert_id}/acknowledge", data=by),
            await house.client.get(f"/api/v1/alerts/{alert_id}"),
            await house.client.post(f"/api/v1/alerts/{alert_id}/acknowledge", json=by),
            await house.client.post(f"/api/v1/alerts/{alert_id}/resolve", json=by),
            await house.client.delete(f"/api/v1/silences/{alert_id}"),
        ]
        assert [one.status_code for one in answers] == [404] * 6

    visit(store, act)


def test_an_alert_is_ended_over_http(store: str) -> None:
    """By name, and it stands in its history; a second time there is nothing to end."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        path = f"/api/v1/alerts/{alert.id}/resolve"
        assert (await house.client.post(path, json={"by": "ann"})).json()["state"] == "resolved"
        assert await house.events(alert.id, "resolved") == ["ann"]
        assert (await house.client.post(path, json={"by": "ann"})).status_code == 409

    visit(store, act)


def test_silence_is_asked_for_and_ended_over_http(store: str) -> None:
    """What it matches falls silent at once, what it does not goes on; ended, what is still broken is told."""

    async def act(house: House) -> None:
        await house.tell(finding(), finding(series="q.b"))
        given = {"matcher": "series=q.a level=warning", "for": "2h", "by": "ann", "deployment": "v42"}
        made = await house.client.post("/api/v1/silences", json=given)
        assert made.status_code == 201
        silence = made.json()
        assert (silence["matcher"], silence["ends_at"]) == ("series=q.a level=warning", "2026-03-02T11:00:00Z")
        assert (silence["by"], silence["deployment"], silence["reason"]) == ("ann", "v42", "")
        assert await house.states() == {"q.a": AlertState.SILENCED, "q.b": AlertState.FIRING}
        assert (await house.client.get("/api/v1/silences")).json() == [silence]
        ended = await house.client.delete(f"/api/v1/silences/{silence['id']}")
        assert (ended.status_code, ended.json()["ends_at"]) == (200, "2026-03-02T09:00:00Z")
        await house.alerts.advance()
        assert (await house.states())["q.a"] is AlertState.FIRING
        assert (await house.client.get("/api/v1/silences")).json() == []
        assert (await house.client.delete(f"/api/v1/silences/{silence['id']}")).status_code == 404

    visit(store, act)


def test_a_maintenance_window_begins_later(store: str) -> None:
    """Until then everybody is told."""

    async def act(house: House) -> None:
        given = {"matcher": "q.*", "for": "1h", "by": "ann", "starts_at": "2026-03-02T12:00:00+02:00"}
        made = (await house.client.post("/api/v1/silences", json=given)).json()
        assert datetime.fromisoformat(made["ends_at"]) == START + timedelta(hours=2)
        await house.tell(finding())
        assert (await house.states())["q.a"] is AlertState.FIRING
        await house.clock.move(minutes=61)
        await house.tell(finding(series="q.b"))
        assert (await house.states())["q.b"] is AlertState.SILENCED

    visit(store, act)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"matcher": "colour=red"}, "'colour=red' is no matcher"),
        ({"matcher": " \x00 "}, "a matcher says what is silenced"),
        ({"for": "soon"}, "is no figure"),
        ({"for": "-1h"}, "is no figure"),
        ({"for": "9999999999999d"}, "the silence would never end"),
        ({"for": "9000000d"}, "the silence would never end"),
        ({"starts_at": "2026-03-02T06:00:00Z"}, "would have ended at 2026-03-02 08:00 UTC"),
        ({"starts_at": "2026-03-02T12:00:00"}, "timezone"),
        ({"by": "\x00"}, "at least 1 character"),
        ({"by": None}, "valid string"),
        ({"until": "x"}, "Extra inputs"),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(store: str, wrong: dict[str, object], said: str) -> None:
    """422 with what is wrong, and nothing is silent."""

    async def act(house: House) -> None:
        given = {"matcher": "q.*", "for": "2h", "by": "ann", **wrong}
        answer = await house.client.post("/api/v1/silences", json=given)
        assert answer.status_code == 422
        assert said in answer.text
        assert (await house.client.get("/api/v1/silences")).json() == []

    visit(store, act)


def test_everything_but_the_link_is_for_operators(store: str) -> None:
    """401 without a token where operators need one, 403 with that of another right; nothing has changed."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        ingest = await house.tokens.create("front", Right.INGEST, house.clock.now(), START + timedelta(days=1))
        routes = [
            ("GET", "/alerts"),
            ("GET", f"/alerts/{alert.id}"),
            ("POST", f"/alerts/{alert.id}/acknowledge"),
            ("GET", "/api/v1/alerts"),
            ("GET", f"/api/v1/alerts/{alert.id}"),
            ("POST", f"/api/v1/alerts/{alert.id}/acknowledge"),
            ("POST", f"/api/v1/alerts/{alert.id}/resolve"),
            ("GET", "/api/v1/silences"),
            ("POST", "/api/v1/silences"),
            ("DELETE", "/api/v1/silences/0123abcd"),
        ]
        for headers, status in (({}, 401), ({"Authorization": f"Bearer {ingest}"}, 403)):
            asked = {
                (method, path): await house.client.request(method, path, headers=headers, json={"by": "eve"})
                for method, path in routes
            }
            assert {one: answer.status_code for one, answer in asked.items()} == dict.fromkeys(routes, status)
        assert (await house.alert(alert.id)).state is AlertState.FIRING
        (link,) = house.links()
        assert (await house.client.get(link)).status_code == 200

    visit(store, act, operators_need_token=True)


def test_another_site_can_not_press_the_button(store: str) -> None:
    """A form of a foreign page, and a name of its own that leads to this machine."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        path, body = f"/alerts/{alert.id}/acknowledge", {"by": "eve"}
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}):
            assert (await house.client.post(path, data=body, headers=headers)).status_code == 403
        assert (await house.alert(alert.id)).state is AlertState.FIRING

    visit(store, act)


def test_pages_are_kept_nowhere_and_say_nothing_to_others(store: str) -> None:
    """Whatever the answer: not cached, no referrer, nothing from elsewhere, forms to this service alone, no frame. The
    page holds no stricter policy of its own, by which a browser would refuse to send the form.
    """

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding(Level.CRITICAL, route="security_issues"))
        (link,) = house.links("phone-call-escalation")
        answers = [
            await house.client.get(link),
            await house.client.post(link, data={"token": "x"}),
            await house.client.post(link, content=b"x" * 20_000),
            await house.client.get("/ack/forged"),
        ]
        assert [one.status_code for one in answers] == [200, 401, 413, 410]
        bearer = {"Authorization": f"Bearer {await house.tokens.create('ann', Right.OPERATOR, house.clock.now())}"}
        answers += [await house.client.get(path, headers=bearer) for path in ("/alerts", f"/alerts/{alert.id}")]
        referrers = [one.headers["referrer-policy"] for one in answers]
        assert referrers == ["no-referrer"] * 4 + ["same-origin"] * 2  # an address with a link's token goes nowhere
        for one in answers:
            assert one.headers["cache-control"] == "no-store"
            assert one.headers["x-content-type-options"] == "nosniff"
            policy = [each.strip() for each in one.headers["content-security-policy"].split(";")]
            assert {"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(
                policy
            )
            assert not [each for each in policy if "unsafe" in each]
            (scripts,) = [each for each in policy if each.startswith("script-src")]
            assert re.fullmatch(r"script-src 'sha256-[\w+/=]+'", scripts)  # the house's own, and no other
            assert "Content-Security-Policy" not in one.text

    visit(store, act, operators_need_token=True)


@pytest.mark.parametrize("body", [b"by=" + b"x" * 20_000, b"&" * 20_000])
def test_a_huge_form_is_refused(store: str, body: bytes) -> None:
    """413, before it is read to its end; nothing is acknowledged."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        sent = 0

        async def endless() -> object:
            nonlocal sent
            for _ in range(1000):
                sent += len(body)
                yield body

        for path in (house.links()[0], f"/alerts/{alert.id}/acknowledge"):
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            assert (await house.client.post(path, content=body, headers=headers)).status_code == 413
            assert (await house.client.post(path, content=endless(), headers=headers)).status_code == 413  # type: ignore[arg-type]
        assert sent < 100 * len(body)
        assert (await house.alert(alert.id)).state is AlertState.FIRING
        assert (await house.client.post(house.links()[0], content=b"\xff\xfe=&&by")).status_code == 200

    visit(store, act)


def without_own_script(page: httpx.Response) -> str:
    """A page without the one script that the policy lets run, by its hash."""
    found = re.search(r"<script>(.*?)</script>", page.text, re.DOTALL)
    if found is None:
        return page.text
    digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.headers["content-security-policy"]
    return page.text.replace(found[0], "")


def test_what_others_wrote_is_text_on_every_page(store: str) -> None:
    """A summary, a series, a name and a reason that look like markup are shown as they are."""

    async def act(house: House) -> None:
        (alert, other) = await house.tell(
            finding(series=f"q.{HOSTILE}", summary=HOSTILE), finding(series="q.b", summary=f"b {HOSTILE}")
        )
        given = {"matcher": "x", "for": "1h", "by": HOSTILE, "reason": HOSTILE, "deployment": HOSTILE}
        assert (await house.client.post("/api/v1/silences", json=given)).status_code == 201
        (link,) = house.links()
        pages = [await house.client.get(link), await house.press(await house.client.get(link), by=HOSTILE)]
        await house.client.post(f"/alerts/{other.id}/acknowledge", data={"by": HOSTILE})
        paths = (link, "/alerts", f"/alerts/{alert.id}", f"/alerts/{other.id}")
        pages += [await house.client.get(path) for path in paths]
        for page in pages:
            assert "<script" not in without_own_script(page)
            assert "<b " not in page.text
            assert "&lt;script&gt;" in page.text.replace("<wbr>", "")

    visit(store, act)


def test_pages_need_no_script(store: str) -> None:
    """But for the one that asks for the list again there is none, nor a handler, nor a link that needs one; forms are
    the browser's own, by POST to this service.
    """

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        (link,) = house.links()
        pages = {path: await house.client.get(path) for path in (link, f"/alerts/{alert.id}", "/alerts")}
        for page in pages.values():
            assert not re.search(
                r"<script|\son\w+=|javascript:|<link rel=.style|<img|<iframe", without_own_script(page)
            )
            assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page.text
        # Without an action a form goes to the address of its page, the token with it and nowhere else.
        assert (form_of(pages[link].text).method, form_of(pages[link].text).action) == ("post", "")
        assert form_of(pages[f"/alerts/{alert.id}"].text).action == f"/alerts/{alert.id}/acknowledge"

    visit(store, act)
