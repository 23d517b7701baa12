"""A deployment over HTTP: how it stands, and what may be done to it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from monitor.database import store_pool
from monitor.deployment.event import EventKind
from monitor.deployment.postgres import PostgresDeployments
from tests.deployments.migration import play_to_a_closed_gate, play_to_a_running_phase, play_to_the_end
from tests.monitor.web.served import House, visit

Play = Callable[[PostgresDeployments, datetime], Awaitable[object]]
API = "/api/v1/deployment"


def deployed(store: str, play: Play | None, act: Callable[[House], Awaitable[None]], *, token: bool = False) -> None:
    """Act on a house into which a deployment was played, up to its clock's now."""

    async def inside(house: House) -> None:
        if play is not None:
            async with store_pool(store) as pool:
                await play(PostgresDeployments(pool, "test"), house.clock.now())
        await act(house)

    visit(store, inside, operators_need_token=token)


async def kinds(house: House) -> list[str]:
    """What happened, in order."""
    return [one["kind"] for one in (await house.client.get(API)).json()["events"]]


def test_a_script_asks_how_it_stands(store: str) -> None:
    """The one that is open; by its name; 404 for one that is not there, whatever its name is."""

    async def act(house: House) -> None:
        found = (await house.client.get(API)).json()
        assert (found["name"], found["standing"], found["next_phase"]) == ("v42", "ISSUES", "phase_5")
        assert (await house.client.get(API, params={"name": "v42"})).json() == found
        for name in ("v41", "a\x00b", "\u202ev42"):
            answer = await house.client.get(API, params={"name": name})
            assert answer.status_code == 404, name

    deployed(store, play_to_a_closed_gate, act)


def test_without_a_deployment_there_is_nothing_to_tell(store: str) -> None:
    """404 to look, 409 to act, with what to do."""

    async def act(house: House) -> None:
        assert (await house.client.get(API)).status_code == 404
        answer = await house.client.post(f"{API}/phases/phase_1", json={"status": "started", "by": "ann"})
        assert answer.status_code == 409
        assert "deploy start" in answer.json()["detail"]

    deployed(store, None, act)


def test_a_closed_gate_keeps_a_phase_from_beginning_until_somebody_overrides_it(store: str) -> None:
    """409 with the gate and its reasons; the override has a name and a reason; then the next gate is due."""

    async def act(house: House) -> None:
        begin = {"status": "started", "by": "ann"}
        refused = await house.client.post(f"{API}/phases/phase_5", json=begin)
        assert refused.status_code == 409
        gate = refused.json()["gate"]
        assert (gate["gate"], gate["state"]) == ("after phase_4", "closed")
        assert "closed" in refused.json()["detail"]
        assert (await kinds(house))[-1] != "phase_started"

        for given in ({"by": "ann"}, {"by": " ", "reason": "x"}, {"by": "ann", "reason": "\n"}):
            assert (await house.client.post(f"{API}/gate/override", json=given)).status_code == 422
        answer = await house.client.post(f"{API}/gate/override", json={"by": "ann\n", "reason": "known\u202e, mended"})
        assert answer.status_code == 200
        override = answer.json()["gates"][-1]["override"]
        assert (override["by"], override["reason"]) == ("ann", "known , mended")
        undecided = await house.client.post(f"{API}/phases/phase_5", json=begin)
        assert undecided.status_code == 409
        assert undecided.json()["gate"]["state"] == "inconclusive"

    deployed(store, play_to_a_closed_gate, act)


def test_a_phase_is_told_to_be_over_once(store: str) -> None:
    """The second who says so is told why not; a phase that is not there, and a word that is none, are mistakes."""

    async def act(house: House) -> None:
        done = {"status": "completed", "by": "cyd"}
        assert (await house.client.post(f"{API}/phases/phase_5", json=done)).json()["phases"][5][
            "status"
        ] == "completed"
        again = await house.client.post(f"{API}/phases/phase_5", json=done)
        assert (again.status_code, again.json()) == (409, {"detail": "phase_5 is completed and not running"})
        assert (await house.client.post(f"{API}/phases/phase_9", json=done)).status_code == 409
        assert (await house.client.post(f"{API}/phases/phase_5", json={**done, "status": "gone"})).status_code == 422

    deployed(store, play_to_a_running_phase, act)


def test_a_person_vouches_and_decides(store: str) -> None:
    """A sign-off for an item that can be signed; a rollback has the time that the advice gave it."""

    async def act(house: House) -> None:
        given = {"by": "Bert", "passed": False, "note": "version 2 is refused"}
        signed = await house.client.post(f"{API}/sign-offs/api_compatibility", json=given)
        assert signed.json()["sign_offs"][-1]["passed"] is False
        assert (await house.client.post(f"{API}/sign-offs/nothing", json=given)).status_code == 409
        decided = await house.client.post(f"{API}/rollback", json={"by": "ann", "reason": "unusable"})
        assert decided.json()["rollback"]["left_seconds"] == 900
        assert decided.json()["stage"] == "rolling_back"
        again = await house.client.post(f"{API}/rollback", json={"by": "bob", "reason": "unusable"})
        assert (again.status_code, again.json()["detail"]) == (409, "ann decided that already")

    deployed(store, play_to_a_closed_gate, act)


def test_forms_do_the_same_and_lead_back_to_the_page(store: str) -> None:
    """Each with the name of who presses; without one it is a mistake; what may not be says why."""

    async def act(house: House) -> None:
        client = house.client
        assert (await client.post("/deployment/phases/phase_5", data={"status": "completed"})).status_code == 422
        assert (await client.post("/deployment/phases/phase_5", data={"status": "x", "by": "a"})).status_code == 422
        done = await client.post("/deployment/phases/phase_5", data={"status": "completed", "by": "cyd"})
        assert (done.status_code, done.headers["Location"]) == (303, "/deployment")
        begin = await client.post("/deployment/phases/phase_6", data={"status": "started", "by": "cyd"})
        assert begin.status_code == 409
        assert "inconclusive" in begin.text
        sign = {"item": "api_compatibility", "passed": "yes", "note": "tried", "by": "Bert"}
        assert (await client.post("/deployment/sign-offs", data=sign)).status_code == 303
        why = {"by": "ann", "reason": "seen by hand"}
        assert (await client.post("/deployment/gate/override", data=why)).status_code == 303
        assert (await client.post("/deployment/rollback", data=why)).status_code == 303
        assert (await kinds(house))[-4:] == [
            EventKind.PHASE_COMPLETED,
            EventKind.SIGNED_OFF,
            EventKind.GATE_OVERRIDDEN,
            EventKind.ROLLBACK_DECIDED,
        ]

    deployed(store, play_to_a_running_phase, act)


def test_it_is_for_operators_and_no_other_site_may_act(store: str) -> None:
    """401 without a token; a browser that comes from elsewhere is refused."""

    async def act(house: House) -> None:
        for path in ("phases/phase_5", "gate/override", "sign-offs/x", "rollback"):
            assert (await house.client.post(f"{API}/{path}", json={})).status_code == 401
        assert (await house.client.get(API)).status_code == 401
        assert (await house.client.post("/deployment/rollback", data={"by": "x"})).status_code == 401

    deployed(store, play_to_a_closed_gate, act, token=True)

    async def cross(house: House) -> None:
        headers = {"Sec-Fetch-Site": "cross-site"}
        why = {"by": "ann", "reason": "x"}
        assert (await house.client.post("/deployment/rollback", data=why, headers=headers)).status_code == 403

    deployed(store, None, cross)


def test_what_is_over_is_told_and_can_not_be_changed(store: str) -> None:
    """The last one is shown; nothing is open to act on."""

    async def act(house: House) -> None:
        assert (await house.client.get(API)).json()["outcome"] == "succeeded"
        answer = await house.client.post(f"{API}/rollback", json={"by": "ann", "reason": "x"})
        assert (answer.status_code, "no deployment is open" in answer.json()["detail"]) == (409, True)

    deployed(store, play_to_the_end, act)


@pytest.mark.parametrize("path", ["", "/rollback"])
def test_without_the_store_it_says_so(path: str, store: str) -> None:
    """503, and nothing of the database in it."""

    async def act(house: House) -> None:
        async with store_pool(store) as pool:
            await pool.execute("ALTER TABLE deployment RENAME TO away")
        method, given = ("POST", {"by": "ann", "reason": "x"}) if path else ("GET", None)
        try:
            answer = await house.client.request(method, API + path, json=given)
        finally:
            async with store_pool(store) as pool:
                await pool.execute("ALTER TABLE away RENAME TO deployment")
        assert answer.status_code == 503
        assert "store" in answer.json()["detail"]

    deployed(store, None, act)
