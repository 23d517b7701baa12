"""Errors from the request to the alert and the page: the real application on a real store."""

from typing import Any

import pytest

from alerts import AlertState
from monitor.access import Right
from monitor.tracking.report import user_hasher
from tests.monitor.web.served import House, visit

PORTAL = "https://portal.example"
TRACK = "/api/errors/track"
CONFIGURED = {
    "ingest": {"origins": [PORTAL], "hash_key": "k" * 16, "per_client": 100},
    "links": {"logs": "https://logs.example/?q={correlation_id}&from={from}&to={to}"},
}


def body(message: str = "x is undefined", correlation_id: str = "fe_1_a", **context: Any) -> dict[str, Any]:
    """An error as the customer's front end sends it."""
    return {
        "error": {"name": "TypeError", "message": message, "stack": "at render (https://p.example/s/main.js:1:2)"},
        "context": {
            "correlationId": correlation_id,
            "userId": "u-17",
            "component": "Dashboard",
            "action": "load",
            "timestamp": "2026-03-02T08:00:00Z",
            "userAgent": "Mozilla/5.0 Firefox/131.0",
            "url": "https://portal.example/clients/4711?name=Hans",
            **context,
        },
    }


async def send(house: House, *bodies: dict[str, Any]) -> None:
    """From a page of the portal, and on into the store."""
    for one in bodies:
        answer = await house.client.post(TRACK, json=one, headers={"Origin": PORTAL})
        assert answer.status_code == 202, answer.text
    assert await house.errors.writer.flush()


async def groups(house: House, query: str = "") -> list[dict[str, Any]]:
    """What a script is told."""
    found: list[dict[str, Any]] = (await house.client.get(f"/api/v1/errors{query}")).json()
    return found


def test_an_error_is_kept_without_what_it_says_of_anybody(store: str) -> None:
    """Found by its correlation id; neither user, host, query nor constants are anywhere in the answer."""

    async def act(house: House) -> None:
        await send(house, body("client 4711 of hans@muster.example is gone\nDETAIL: Key (name)=(Hans)"))
        (group,) = await groups(house)
        assert group["message"] == "client <n> of <email> is gone"
        shown = await house.client.get(f"/api/v1/errors/{group['fingerprint']}")
        (event,) = shown.json()["events"]
        assert event["path"] == "/clients/{id}"
        assert event["browser"] == "Firefox 131"
        assert (await groups(house, "?correlation_id=fe_1_a"))[0]["fingerprint"] == group["fingerprint"]
        assert not any(word in shown.text for word in ("Hans", "hans", "4711", "u-17", "portal.example"))

    visit(store, act, configured=CONFIGURED)


def test_the_same_error_of_one_id_in_one_minute_is_one(store: str) -> None:
    """A later minute, another id, or none at all counts again."""

    async def act(house: House) -> None:
        await send(house, body("a"), body("a"), body("a", "fe_2_b"), body("a", ""), body("a", ""))
        assert (await groups(house))[0]["occurrences"] == 4
        await house.clock.move(minutes=1)
        await send(house, body("a"))
        assert (await groups(house))[0]["occurrences"] == 5

    visit(store, act, configured=CONFIGURED)


@pytest.mark.parametrize(
    "given", ["x" * 65, "x" * 20_000, "a\r\nX-Evil: 1", "<script>", "' OR 1=1", "\x00", "ä"], ids=range(7)
)
def test_a_forged_correlation_id_is_not_kept_and_the_error_is(store: str, given: str) -> None:
    """Huge, with line ends, markup or what else an id has not; no header of the answer holds it."""

    async def act(house: House) -> None:
        answer = await house.client.post(TRACK, json=body(correlation_id=given), headers={"Origin": PORTAL})
        assert answer.status_code == 202
        assert "x-evil" not in answer.headers
        assert await house.errors.writer.flush()
        (group,) = await groups(house)
        document = (await house.client.get(f"/api/v1/errors/{group['fingerprint']}")).json()
        assert document["events"][0]["correlation_id"] is None

    visit(store, act, configured=CONFIGURED)


def test_a_clock_that_is_far_off_is_not_believed(store: str) -> None:
    """The arrival is the truth; what the client says is kept beside it within five minutes."""

    async def act(house: House) -> None:
        now = house.clock.now()
        for at in (now.isoformat(), "1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z", -5, 0):
            await send(house, body("a", "", timestamp=at))
        (group,) = await groups(house)
        events = (await house.client.get(f"/api/v1/errors/{group['fingerprint']}")).json()["events"]
        assert [one["at"] for one in events] == [now.isoformat()] * 5
        assert sorted(one["said_at"] or "" for one in events) == [""] * 4 + [now.isoformat()]
        refused = await house.client.post(TRACK, json=body(timestamp="yesterday"), headers={"Origin": PORTAL})
        assert refused.status_code == 422
        assert "yesterday" not in refused.text

    visit(store, act, configured=CONFIGURED)


def test_absurd_values_are_bounded(store: str) -> None:
    """Long texts are cut, NUL and lone surrogates reach no column, unknown fields are dropped, wrong types refused."""

    async def act(house: House) -> None:
        said = body("y \x00" + "y " * 20_000, component="\x00" * 100, action="a" * 9_000, surprise="secret")
        await send(house, said)
        (group,) = await groups(house)
        assert len(group["message"]) <= 500
        wrongs: list[Any] = [[], {"error": []}, {"error": {"name": 1}}, body() | {"context": "x"}]
        for wrong in wrongs:
            answer = await house.client.post(TRACK, json=wrong, headers={"Origin": PORTAL})
            assert answer.status_code == 422

    visit(store, act, configured=CONFIGURED)


def test_groups_are_bounded_and_the_newest_events_kept(store: str) -> None:
    """Beyond a thousand kinds they count as one group of their class; of a group twenty events stay."""

    async def act(house: House) -> None:
        house.errors._groups |= {f"{number:016x}" for number in range(998)}
        await send(house, *(body(f"kind {'abcdefgh'[number]}") for number in range(6)))
        names = sorted(one["name"] for one in await groups(house))
        assert names == ["(further errors)", "TypeError", "TypeError"]
        await send(house, *(body("kind a", f"fe_{number}") for number in range(30)))
        found = next(one for one in await groups(house) if one["message"] == "kind a")
        events = (await house.client.get(f"/api/v1/errors/{found['fingerprint']}")).json()["events"]
        assert found["occurrences"] == 31
        assert [one["correlation_id"] for one in events] == [f"fe_{number}" for number in range(29, 9, -1)]

    visit(store, act, configured=CONFIGURED)


def test_a_user_can_be_erased(store: str) -> None:
    """Whose errors go, and nobody else's; without a key nobody is kept at all."""

    async def act(house: House) -> None:
        await send(house, body("a", "fe_1"), body("b", "fe_2"), body("a", "fe_3", userId=18))
        hasher = user_hasher(house.errors._settings.hash_key)
        hashed = hasher("u-17")
        assert hashed is not None
        assert await house.errors.store.erase(hashed) == 2
        assert await house.errors.store.erase(hashed) == 0
        assert await house.errors.store.erase(hasher("18") or b"") == 1

    visit(store, act, configured=CONFIGURED)


def test_without_a_key_no_user_is_kept(store: str) -> None:
    """Not even as a hash that could be guessed."""

    async def act(house: House) -> None:
        await send(house, body())
        rows = await house.errors.store._pool.fetch("SELECT user_hash FROM error_event")
        assert [row["user_hash"] for row in rows] == [None]

    visit(store, act, configured={"ingest": {"origins": [PORTAL]}})


def test_a_class_opens_an_alert_and_ends_it(store: str) -> None:
    """Denied permissions go to the security tier with the customer's action; after 15 quiet minutes it is over. What is
    of no class is shown, and nobody is told."""

    async def act(house: House) -> None:
        await send(house, body("Permission denied for client 4711", "fe_9_z"), body("nothing known"))
        await house.alerts.record(house.errors.findings())
        (alert,) = [record.alert for record in await house.alerts.list_alerts()]
        assert (alert.series, alert.route, alert.tier) == (
            "errors.authorization",
            "security_issues",
            "tier_4_emergency",
        )
        assert alert.action == "alert_security_team"
        page = (await house.client.get(f"/alerts/{alert.id}")).text
        assert "/errors?id=fe_9_z" in page
        assert "https://logs.example/?q=fe_9_z&amp;from=" in page
        await house.clock.move(minutes=14)
        await house.alerts.record(house.errors.findings())
        assert (await house.alert(alert.id)).state is not AlertState.RESOLVED
        await house.clock.move(minutes=1)
        await house.alerts.record(house.errors.findings())
        assert (await house.alert(alert.id)).state is AlertState.RESOLVED

    visit(store, act, configured=CONFIGURED)


def test_a_class_that_is_not_over_outlives_the_process(store: str) -> None:
    """A restart forgets neither groups nor that an alert stands."""

    async def first(house: House) -> None:
        await send(house, body("Permission denied"))

    async def second(house: House) -> None:
        await house.errors.restore()
        found = {one.series: one.level for one in house.errors.findings()}
        assert found["errors.authorization"] == "critical"
        assert found["errors.data_validation"] == "ok"

    visit(store, first, configured=CONFIGURED)
    visit(store, second, configured=CONFIGURED)


def test_trends_of_the_last_hour(store: str) -> None:
    """Total, by class and component, what rises against the day before, clusters with their span, what to look at."""

    async def act(house: House) -> None:
        await send(house, body("steady", "d1"), body("steady", "d2"))
        await house.clock.move(hours=24)
        await send(house, body("steady", "n1"), body("steady", "n2"), body("Permission denied", "shared"))
        await house.clock.move(seconds=30)
        await send(house, body("JSON validation failed", "shared", component="Form"))
        await send(house, *(body("new one", f"r{number}") for number in range(6)))
        trend = (await house.client.get("/api/v1/errors/trends")).json()
        assert (trend["total"], trend["day_before"]) == (10, 2)
        assert trend["by_class"] == {"unclassified": 8, "authorization": 1, "data_validation": 1}
        assert trend["by_component"] == {"Dashboard": 9, "Form": 1}
        assert [(one["message"], one["now"], one["day_before"]) for one in trend["rising"]] == [("new one", 6, 0)]
        (cluster,) = trend["clusters"]
        assert (cluster["correlation_id"], cluster["count"], cluster["span_seconds"]) == ("shared", 2, 30.0)
        told = [(one["text"].split(":")[0], one["path"]) for one in trend["recommendations"]]
        fingerprint = trend["rising"][0]["fingerprint"]
        assert told == [
            ("authorization, 1", "/errors?class=authorization"),  # critical stands above a warning
            ("data_validation, 1", "/errors?class=data_validation"),
            ("8 of no class", "/errors?class=unclassified"),
            ("TypeError rises, 6 against 0 a day before", f"/errors/{fingerprint}"),
            ("2 errors share the id shared", "/errors?id=shared"),
        ]
        assert trend["recommendations"][0]["text"].endswith("the action is alert_security_team")

    visit(store, act, configured=CONFIGURED)


def test_what_is_old_is_dropped_and_minutes_become_hours(store: str) -> None:
    """After 30 days nothing is left; after a day counts are by the hour and the sum is the same."""

    async def act(house: House) -> None:
        for number in range(3):
            await send(house, body("a", f"fe_{number}"))
            await house.clock.move(minutes=7)
        (group,) = await groups(house)
        pool = house.errors.store._pool
        assert await pool.fetchval("SELECT count(*) FROM error_count") == 3
        await house.clock.move(hours=30)
        await house.errors.keep_house()
        await house.errors.keep_house()
        rows = await pool.fetch("SELECT at, occurrences FROM error_count")
        assert sum(row["occurrences"] for row in rows) == 3
        assert all(row["at"].minute == 0 for row in rows)
        assert (await house.client.get(f"/api/v1/errors/{group['fingerprint']}")).status_code == 200
        await house.clock.move(hours=24 * 30)
        await house.errors.keep_house()
        for table in ("error_group", "error_count", "error_event"):
            assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0

    visit(store, act, configured=CONFIGURED)


def test_reading_is_for_operators(store: str) -> None:
    """Whoever may send may not read."""

    async def act(house: House) -> None:
        sender = await house.tokens.create("portal", Right.INGEST, house.clock.now())
        operator = await house.tokens.create("ann", Right.OPERATOR, house.clock.now())
        for path in ("/api/v1/errors", "/api/v1/errors/trends", "/api/v1/errors/" + "0" * 16):
            assert (await house.client.get(path)).status_code == 401
            for token, status in ((sender, 403), (operator, 404 if path.endswith("0") else 200)):
                answer = await house.client.get(path, headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code == status
        sent = await house.client.post(TRACK, json=body(), headers={"Authorization": f"Bearer {sender}"})
        assert sent.status_code == 202

    visit(store, act, configured=CONFIGURED, operators_need_token=True)
