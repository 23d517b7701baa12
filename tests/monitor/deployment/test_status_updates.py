"""Status updates of a deployment, on a real store and through real channels: when they are due, once, and complete."""

from pathlib import Path

from monitor.database import store_pool
from monitor.deployment.findings import STATUS_UPDATE
from tests.alerts.house import RecordingObserver
from tests.monitor.deployment.accompanied import PLAN, Accompanied, accompany


def test_a_status_update_every_four_hours_by_two_services_once(store: str, tmp_path: Path) -> None:
    """Both look at the same instant, each over connections of its own; the message arrives and is kept once."""

    async def act(house: Accompanied) -> None:
        await house.open(PLAN.model_copy(update={"phases": {"all": PLAN.phases["all"]}, "window_seconds": 7 * 86400}))
        async with store_pool(store) as other:
            services = (house.service(), house.service(other))
            await house.look(*services, seconds=4 * 3600 - 1)
            assert house.sink.arrived == []
            for number in range(1, 4):
                await house.look(*services, seconds=1 if number == 1 else 4 * 3600)
                await house.look(*services)
                assert len(house.sink.titles("chat")) == number
                assert [one["channels"] for one in (await house.now()).messages] == [["chat"]] * number
            begun_again = house.service()
            await house.look(begun_again)
            assert len(house.sink.titles("chat")) == 3
            assert STATUS_UPDATE not in begun_again.wrong()

    accompany(store, tmp_path, act)


def test_who_comes_second_looks_again_before_sending(store: str, tmp_path: Path) -> None:
    """A service that read that an update is due, and had its turn when the other one had sent it."""

    async def act(house: Accompanied) -> None:
        await house.open(PLAN)
        house.clock.advance(4 * 3600)
        read = await house.now()
        await house.status_updates(RecordingObserver()).send_due(read)
        await house.status_updates(RecordingObserver()).send_due(read)
        assert len(house.sink.titles("chat")) == 1

    accompany(store, tmp_path, act)


def test_a_status_update_arrives_as_a_mail_too(store: str, tmp_path: Path) -> None:
    """With what is known of the deployment, and whom to ask; which channel is dead is kept with it."""

    async def act(house: Accompanied) -> None:
        await house.open(
            PLAN.model_copy(update={"contacts": PLAN.contacts.model_copy(update={"status": ("chat", "mail")})})
        )
        house.sink.behaviour["chat"] = "error"
        await house.look(house.service(), seconds=4 * 3600)
        text = house.mailbox.text()
        for told in ("v42 (three phases)", "ON TRACK", "Carol Jones", "quiet: nobody works"):
            assert told in text
        (sent,) = (await house.now()).messages
        assert (sent["channels"], sent["failed"]) == (["mail"], ["chat"])

    accompany(store, tmp_path, act)


def test_nothing_is_sent_that_still_has_a_blank(store: str, tmp_path: Path) -> None:
    """Without a contact nothing goes out, and after a quarter of an hour somebody is told what is lacking."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(PLAN.model_copy(update={"contacts": PLAN.contacts.model_copy(update={"name": ""})}))
        await house.look(service, seconds=4 * 3600)
        assert service.wrong() == {}
        await house.look(service, seconds=15 * 60 + 1)
        assert service.wrong() == {
            STATUS_UPDATE: "the status update of 2026-03-02 13:00 UTC was not sent; it lacks contact"
        }
        assert (house.sink.arrived, (await house.now()).messages) == ([], ())

    accompany(store, tmp_path, act)


def test_a_status_update_that_reached_nobody_is_sent_again(store: str, tmp_path: Path) -> None:
    """It does not count as sent; a minute later it is tried anew, and when it arrives nobody is told it is late."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(PLAN)
        house.sink.behaviour["chat"] = "error"
        await house.look(service, seconds=4 * 3600)
        tried = len(house.sink.arrived)
        assert tried > 0
        await house.look(service)
        assert len(house.sink.arrived) == tried
        assert (await house.now()).messages == ()
        await house.look(service, seconds=16 * 60)
        assert STATUS_UPDATE in service.wrong()
        house.sink.behaviour["chat"] = "ok"
        await house.look(service, seconds=61)
        await house.look(service)
        assert len((await house.now()).messages) == 1
        assert service.wrong() == {}

    accompany(store, tmp_path, act)


def test_a_channel_that_the_configuration_has_no_more(store: str, tmp_path: Path) -> None:
    """The rest of the look is not lost by it."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(PLAN.model_copy(update={"contacts": PLAN.contacts.model_copy(update={"status": ("gone",)})}))
        await house.look(service, seconds=5 * 3600)
        assert STATUS_UPDATE in service.wrong()
        assert service.exported.deployments == ["v42"]

    accompany(store, tmp_path, act)
