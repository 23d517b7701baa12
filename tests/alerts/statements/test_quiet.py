"""Statements 11, 14, 15 and 16: nobody is woken for nothing, or twice for one fault."""

import asyncio
from datetime import timedelta

import pytest

from alerts import Alert, AlertState, Matcher, Reason, Silence
from tests.alerts.house import House, ManualClock, OpenHouse, finding
from tests.alerts.statements.test_delivery import pass_time
from thresholds.finding import Finding, Level, Rule

PAGED = ("slack-alerts", "email-ops-team", "slack-critical", "sms-on-call", "phone-call-escalation")


def silence(clock: ManualClock, matcher: str, *, start: float = 0, minutes: float = 60, **more: str) -> Silence:
    """From so many minutes after now, for so many minutes."""
    starts_at = clock.now() + timedelta(minutes=start)
    return Silence(
        id=f"silence of {matcher}",
        matcher=Matcher.parse(matcher),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        by="ada",
        reason="",
        deployment=more.get("deployment"),
    )


def down(target: str = "portal", level: Level = Level.CRITICAL) -> Finding:
    """The probe that asks whether a target is there at all has an answer."""
    return finding(
        level, series=f"reachability.{target}", rule=Rule.AVAILABILITY, route="system_unavailable", value=0.0
    )


async def alert_of(house: House, series: str) -> Alert:
    """The newest alert of a series."""
    return next(one.alert for one in await house.alerts.list_alerts() if one.alert.series == series)


def test_statement_11_a_silence_ends_with_one_summary_of_what_is_still_broken(open_either: OpenHouse) -> None:
    """Under a maintenance window that begins later nobody is told; the alerts keep their history; at its end each
    channel gets one message with those that are still broken, and nothing of those that are well.
    """

    async def scenario() -> None:
        async with open_either("slack-alerts", "email-ops-team") as house:
            await house.alerts.silence(silence(house.clock, "api_endpoints.*", start=5, minutes=60))
            await house.clock.move(minutes=6)
            broken = [finding(series=f"api_endpoints.{name}") for name in "abc"]
            await house.evaluate(*broken, times=3)
            assert await house.worker.run_once() == 0
            states = {one.alert.state for one in await house.alerts.list_alerts()}
            assert states == {AlertState.SILENCED}
            await house.evaluate(finding(Level.OK, series="api_endpoints.a"), times=2)
            await pass_time(house, 56 * 60, 60)
            assert house.sink.arrived == []
            await house.evaluate(*broken[1:])
            await pass_time(house, 120)
            for channel in ("slack-alerts", "email-ops-team"):
                [message] = [told["message"] for path, told in house.sink.arrived if path == channel]
                assert "api_endpoints.b" in message
                assert "api_endpoints.c" in message
                assert "api_endpoints.a" not in message
            [record] = [one for one in await house.alerts.list_alerts() if one.alert.series == "api_endpoints.a"]
            assert [one.event for one in record.events] == ["silenced", "resolved"]

    asyncio.run(scenario())


def test_statement_11_a_silence_of_a_deployment_ends_with_it(open_either: OpenHouse) -> None:
    """What fires already falls silent at once and climbs no more; when the deployment is over, it is told again."""

    async def scenario() -> None:
        async with open_either(*PAGED) as house:
            await house.evaluate(finding(), times=3)
            await house.worker.run_once()
            house.sink.arrived.clear()
            [transition] = await house.alerts.silence(
                silence(house.clock, "target=portal", minutes=600, deployment="v42")
            )
            assert transition.reason is Reason.SILENCED
            await pass_time(house, 2 * 3600, 60)
            assert house.sink.arrived == []
            assert [one.deployment for one in await house.alerts.end_silences_of("v42")] == ["v42"]
            await pass_time(house, 60)
            assert {path for path, _ in house.sink.arrived} == {"slack-alerts", "email-ops-team"}
            assert await house.alerts.list_silences() == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("rule", "bad", "fires"), [(Rule.ABSOLUTE, 2, False), (Rule.ABSOLUTE, 3, True), (Rule.BASELINE, 1, True)]
)
def test_statement_14_consecutive_evidence(open_either: OpenHouse, rule: Rule, bad: int, fires: bool) -> None:
    """Three bad evaluations in a row fire, or one of a comparison; one good one between them starts anew; two good ones
    resolve, and the message says how long it lasted.
    """

    async def scenario() -> None:
        async with open_either("slack-alerts") as house:
            await house.evaluate(finding(rule=rule), times=bad - 1)
            await house.evaluate(finding(Level.OK, rule=rule))
            await house.evaluate(finding(rule=rule), times=bad)
            await house.worker.run_once()
            assert bool(house.sink.arrived) is fires
            if fires:
                await house.evaluate(finding(Level.OK, rule=rule))
                assert await house.worker.run_once() == 0
                await house.evaluate(finding(Level.OK, rule=rule))
                await house.worker.run_once()
                assert "lasted" in house.sink.arrived[-1][1]["message"]

    asyncio.run(scenario())


def test_statement_15_the_identity_is_series_and_rule(open_either: OpenHouse) -> None:
    """Other values and other words are the same alert; another rule on the same series is another one."""

    async def scenario() -> None:
        async with open_either("slack-alerts") as house:
            for value in (0.4, 0.5, 0.6, 0.7):
                await house.evaluate(finding(value=value))
            await house.evaluate(finding(rule=Rule.BASELINE))
            records = await house.alerts.list_alerts()
            assert sorted(one.alert.fingerprint for one in records) == [
                "api_endpoints.client_groups:absolute",
                "api_endpoints.client_groups:baseline",
            ]

    asyncio.run(scenario())


@pytest.mark.parametrize("outage_first", [True, False])
def test_statement_16_a_target_that_is_away_speaks_for_what_is_behind_it(
    open_either: OpenHouse, outage_first: bool
) -> None:
    """Database away: one page, whatever is slow or fails in it and in the portal that stands on it, in whatever order
    that is found; what was told before climbs no more. When it is back, what is still bad needs evidence anew.
    """

    async def scenario() -> None:
        async with open_either(*PAGED) as house:
            behind = [finding(Level.CRITICAL, series="api_endpoints.x", rule=Rule.AVAILABILITY, route="api_errors")]
            behind += [finding(series="database_queries.y", route="database_performance")]
            batches = [[down("database")], behind] if outage_first else [behind, [down("database")]]
            for number in range(3):
                for batch in batches:
                    await house.alerts.record(batch)
                await house.clock.move(seconds=2 if number < 2 else 0)
            await house.worker.run_once()
            assert [path for path, _ in house.sink.arrived] == ["phone-call-escalation"]
            for _ in range(200):
                await house.evaluate(*behind, down("database"))
                await house.alerts.advance()
                await house.worker.run_once()
            assert {path for path, _ in house.sink.arrived} == {"phone-call-escalation"}
            house.sink.arrived.clear()
            await house.evaluate(down("database", Level.OK), *behind, times=2)
            await house.worker.run_once()
            assert [one.split(":")[0] for one in house.sink.titles("phone-call-escalation")] == ["RESOLVED"]
            await house.evaluate(*behind)
            await house.worker.run_once()
            assert not house.sink.titles("slack-critical")
            await house.evaluate(*behind)
            await house.worker.run_once()
            assert len(house.sink.titles("slack-critical")) == 1

    asyncio.run(scenario())


def test_statement_16_a_critical_speaks_for_the_warning_of_its_series(open_either: OpenHouse) -> None:
    """A series over its critical limit that is also slower than its baseline is one page."""

    async def scenario() -> None:
        async with open_either(*PAGED) as house:
            await house.evaluate(finding(Level.CRITICAL), times=3)
            await house.alerts.record([finding(rule=Rule.BASELINE)])
            await house.worker.run_once()
            assert {path for path, _ in house.sink.arrived} == {"slack-critical", "email-ops-team", "sms-on-call"}
            assert (await alert_of(house, "api_endpoints.client_groups")).state is AlertState.INHIBITED

    asyncio.run(scenario())


def test_statement_16_what_begins_within_the_group_wait_of_one_cause_is_one_message(open_either: OpenHouse) -> None:
    """Forty slow queries of one database, found over twenty seconds, are one message a channel that lists them."""

    async def scenario() -> None:
        async with open_either("slack-alerts", waiting={"group_wait": 30.0}) as house:
            for number in range(40):
                await house.alerts.record([finding(series=f"database_queries.q{number}", rule=Rule.BASELINE)])
                await house.worker.run_once()
                await house.clock.move(seconds=0.5)
            assert house.sink.arrived == []
            await pass_time(house, 60)
            [message] = [told for _, told in house.sink.arrived]
            assert message["title"].startswith("40 alerts: 40 warning")
            assert "database_queries.q39" in message["message"]
            assert "and 20 more" in message["message"]
            assert house.observer.digests == [("slack-alerts", 40)]

    asyncio.run(scenario())


def test_a_fault_that_flaps_is_one_alert(open_either: OpenHouse) -> None:
    """A series that is bad for two minutes and well for two, for six hours, is told a handful of times; it ends once it
    has been well for a quarter of an hour.
    """

    async def scenario() -> None:
        async with open_either("slack-alerts") as house:
            for _ in range(90):
                await house.evaluate(finding(), times=4)
                await house.evaluate(finding(Level.OK, value=0.1), times=4)
                await house.worker.run_once()
            assert len(house.sink.arrived) <= 2 * 3 + 1
            assert "flapping" in house.sink.arrived[-1][1]["message"]
            assert (await alert_of(house, "api_endpoints.client_groups")).state is AlertState.FIRING
            await house.evaluate(finding(Level.OK, value=0.1), times=31)
            await house.worker.run_once()
            assert house.sink.titles("slack-alerts")[-1].startswith("RESOLVED")

    asyncio.run(scenario())
