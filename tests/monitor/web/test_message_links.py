"""The link of a message: one button, for whoever has the message."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from alerts import AlertState
from monitor.access import Right
from tests.alerts.house import START
from tests.monitor.web.served import House, finding, form_of, has_form, text_of, visit
from thresholds import Level


def test_looking_at_a_link_acknowledges_nothing(store: str) -> None:
    """However often: whatever scans a mail fetches it, sometimes by HEAD; the button still works afterwards."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding(summary="q.a takes very long"))
        (link,) = house.links()
        for _ in range(5):
            page = await house.client.get(link)
            assert page.status_code == 200
            assert "q.a takes very long" in text_of(page)
        await house.client.head(link)
        await house.client.request("OPTIONS", link)
        assert (await house.alert(alert.id)).state is AlertState.FIRING
        assert (await house.press(page)).status_code == 200
        assert (await house.alert(alert.id)).state is AlertState.ACKNOWLEDGED

    visit(store, act, operators_need_token=True)


def test_the_button_behind_a_link_acknowledges_once(store: str) -> None:
    """Without a log-in, and by the name of the channel where nobody says who it is; used again it is gone (410)."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        (link,) = house.links()
        page = await house.client.get(link)
        done = await house.press(page)
        assert done.status_code == 200
        assert "Acknowledged by the link in slack-alerts." in text_of(done)
        assert not has_form(done.text)
        again = await house.press(page, by="bob")
        assert again.status_code == 410
        assert "This link was used by the link in slack-alerts at 2026-03-02 09:00 UTC." in text_of(again)
        looked = await house.client.get(link)
        assert (looked.status_code, has_form(looked.text)) == (410, False)
        assert await house.events(alert.id, "acknowledged") == ["the link in slack-alerts"]

    visit(store, act, operators_need_token=True)


def test_whoever_uses_a_link_may_say_who_it_is(store: str) -> None:
    """The name stands on the page, with the alert, and in its history."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        done = await house.press(await house.client.get(house.links()[0]), by="Ann")
        assert "Acknowledged by Ann." in text_of(done)
        assert await house.events(alert.id, "acknowledged") == ["Ann"]
        again = await house.client.get(house.links()[0])
        assert "This link was used by Ann at 2026-03-02 09:00 UTC." in text_of(again)

    visit(store, act)


def changed(link: str) -> str:
    """The first letter of its signature is another; of the last one some bits say nothing."""
    token, _, signature = link.rpartition(".")
    return f"{token}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


@pytest.mark.parametrize(
    "forge",
    [
        changed,
        lambda link: link[:-3],
        lambda link: link.partition(".")[0],
        lambda link: link.replace("/ack/", "/ack/x"),
        lambda _: "/ack/made-up.by-somebody",
        lambda link: link + "%00",
    ],
    ids=["changed", "cut", "without signature", "another token", "made up", "with more"],
)
def test_a_link_that_is_not_ours_is_refused(store: str, forge: Callable[[str], str]) -> None:
    """Forged, or cut by whatever broke the line: 410 with what to do, whether looked at or pressed, and no alert."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        (link,) = house.links()
        for answer in (await house.client.get(forge(link)), await house.client.post(forge(link))):
            assert answer.status_code == 410
            assert "This is no link of ours: it was cut off or changed on its way." in text_of(answer)
            assert "q.a" not in answer.text
            assert not has_form(answer.text)
        assert (await house.alert(alert.id)).state is AlertState.FIRING
        assert (await house.client.get(link)).status_code == 200

    visit(store, act)


def test_a_link_expires(store: str) -> None:
    """After a day it says when it did, leads to the alert's page, and acknowledges nothing."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        (link,) = house.links()
        page = await house.client.get(link)
        await house.clock.move(hours=24)
        for answer in (await house.client.get(link), await house.press(page)):
            assert answer.status_code == 410
            assert "This link expired at 2026-03-03 09:00 UTC; acknowledge on the alert's page." in text_of(answer)
            assert f'href="/alerts/{alert.id}"' in answer.text
        assert (await house.alert(alert.id)).state is AlertState.FIRING

    visit(store, act)


def test_an_old_link_does_not_acknowledge_what_got_worse(store: str) -> None:
    """Whoever reads the first message does not know of it; the link of the second one works."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding())
        await house.tell(finding(Level.CRITICAL))
        (old,), (new,) = house.links(), house.links("slack-critical")
        refused = await house.press(await house.client.get(old), by="ann")
        assert refused.status_code == 410
        assert "it is over, or has become worse since that message" in text_of(refused)
        assert f'href="/alerts/{alert.id}"' in refused.text
        assert (await house.alert(alert.id)).state is AlertState.FIRING
        assert (await house.press(await house.client.get(new), by="ann")).status_code == 200
        assert (await house.alert(alert.id)).acknowledged_by == "ann"

    visit(store, act)


@pytest.mark.parametrize("route", ["security_issues", "data_integrity"])
def test_a_link_alone_does_not_acknowledge_what_is_guarded(store: str, route: str) -> None:
    """A security alert needs an operator's token in the form: without it, with another or with one of another right,
    nothing happens and the page says why; the link stays good.
    """

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding(Level.CRITICAL, route=route))
        (link,) = house.links("phone-call-escalation")
        ingest = await house.tokens.create("front", Right.INGEST, house.clock.now(), START + timedelta(days=1))
        operator = await house.tokens.create("ann", Right.OPERATOR, house.clock.now())
        page = await house.client.get(link)
        assert form_of(page.text).fields == ["by", "token"]
        for token in ("", "pw_wrong", ingest):
            answer = await house.press(page, by="eve", token=token)
            assert answer.status_code == 401
            assert "This is no operator's token that is valid." in text_of(answer)
            assert token not in answer.text or not token
        assert (await house.alert(alert.id)).state is AlertState.FIRING
        assert (await house.press(page, by="ann", token=operator)).status_code == 200
        assert (await house.alert(alert.id)).acknowledged_by == "ann"
        used = await house.press(page, by="eve", token="")
        assert (used.status_code, operator in used.text) == (410, False)  # whoever it is

    visit(store, act, operators_need_token=True)


def test_whoever_needs_no_token_is_not_asked_for_one(store: str) -> None:
    """On this machine, where operators come without; by any other name, a token is asked for that nobody has."""

    async def act(house: House) -> None:
        (alert,) = await house.tell(finding(Level.CRITICAL, route="security_issues"))
        (link,) = house.links("phone-call-escalation")
        foreign = {"Host": "evil.example"}
        assert form_of((await house.client.get(link, headers=foreign)).text).fields == ["by", "token"]
        assert (await house.client.post(link, data={"token": "x"}, headers=foreign)).status_code == 401
        assert (await house.alert(alert.id)).state is AlertState.FIRING
        page = await house.client.get(link)
        assert form_of(page.text).fields == ["by"]
        assert (await house.press(page, by="ann")).status_code == 200
        assert (await house.alert(alert.id)).acknowledged_by == "ann"

    visit(store, act)


def test_the_link_of_several_acknowledges_all_of_them(store: str) -> None:
    """One message, one link, one button; each has it in its history."""

    async def act(house: House) -> None:
        alerts = await house.tell(finding(), finding(series="q.b"), finding(series="q.c"))
        (link,) = house.links()
        page = await house.client.get(link)
        text = text_of(page)
        assert all(one in text for one in ("3 alerts", "q.a is slow", "q.b is slow", "q.c is slow"))
        done = await house.press(page, by="ann")
        assert "Acknowledged by ann." in text_of(done)
        assert "Not acknowledged" not in text_of(done)
        assert [await house.events(one.id, "acknowledged") for one in alerts] == [["ann"]] * 3

    visit(store, act)


def test_the_link_of_several_says_what_it_did_not_acknowledge(store: str) -> None:
    """What has become worse since is left, and nobody is led to believe otherwise."""

    async def act(house: House) -> None:
        first, second = await house.tell(finding(), finding(series="q.b"))
        await house.tell(finding(Level.CRITICAL, "q.b", summary="q.b is terribly slow"))
        done = await house.press(await house.client.get(house.links()[0]), by="ann")
        assert done.status_code == 200
        assert "Not acknowledged: 1 of 2." in text_of(done)
        assert "q.b is terribly slow firing" in text_of(done).replace("critical ", "")
        assert (await house.alert(first.id)).state is AlertState.ACKNOWLEDGED
        assert (await house.alert(second.id)).state is AlertState.FIRING

    visit(store, act)


def test_one_of_several_that_is_guarded_guards_all(store: str) -> None:
    """A message that speaks of a security alert too needs the token for any of it."""

    async def act(house: House) -> None:
        plain, guarded = await house.tell(
            finding(Level.CRITICAL, route="system_unavailable"),
            finding(Level.CRITICAL, "q.b", route="security_issues"),
        )
        links = house.links("phone-call-escalation")
        pages = [await house.client.get(link) for link in links]
        asked = ["token" in form_of(one.text).fields for one in pages]
        assert sorted(asked) == [False, True]  # two causes, two messages
        (unguarded,) = [page for page, needs in zip(pages, asked, strict=True) if not needs]
        await house.press(unguarded, by="eve")
        assert (await house.alert(plain.id)).state is AlertState.ACKNOWLEDGED
        assert (await house.alert(guarded.id)).state is AlertState.FIRING

    visit(store, act, operators_need_token=True)
