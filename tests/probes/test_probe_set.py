"""The runner: deadline, lateness, its own delay, and every way in which a kind can misbehave."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from baselines.inspection import Inspection
from baselines.measurement import Outcome, Reason
from probes import (
    Links,
    Probe,
    ProbeFailed,
    ProbeRun,
    ProbeSet,
    ProbeSettings,
    Reading,
    UnknownProbeError,
    load_probe_kinds,
    probe_kind,
)
from tests.probes.scripted import own_kinds, script
from tests.probes.watched import look, watched, with_probes

Run = Callable[[ProbeRun], Awaitable[Sequence[Reading]]]


def run_scripted(run: Run, use: Callable[[ProbeSet], Awaitable[Any]] = look, **entry: Any) -> Any:
    """What `use` does with a probe that runs that function."""
    with own_kinds():
        script(run)
        configuration = watched({}, {"probe": {"kind": "scripted", "category": "tests", **entry}})
        return asyncio.run(with_probes(configuration, use))


async def quick(_: ProbeRun) -> list[Reading]:
    return [Reading(0.001)]


def test_a_quiet_run_is_not_disturbed() -> None:
    """A run that leaves the event loop alone shows no delay of the prober worth mentioning."""

    async def wait(run: ProbeRun) -> list[Reading]:
        with run.stopwatch:
            await asyncio.sleep(0.1)
        return [Reading(run.stopwatch.seconds)]

    quiet = run_scripted(wait)
    assert quiet.value >= 0.09
    assert quiet.prober_delay_seconds < 0.05


@pytest.mark.parametrize("after", [0.0, 0.02])
def test_a_busy_prober_says_so(after: float) -> None:
    """A loop that stood still for 60 ms while the target was timed shows it, be it just before the end or earlier."""

    async def block(run: ProbeRun) -> list[Reading]:
        with run.stopwatch:
            await asyncio.sleep(0.01)
            time.sleep(0.06)  # noqa: ASYNC251 (that is the fault)
            if after:
                await asyncio.sleep(after)
        return [Reading(run.stopwatch.seconds)]

    measured = run_scripted(block)
    assert measured.prober_delay_seconds >= 0.05
    assert measured.disturbed


def test_work_around_the_timed_part_disturbs_nothing() -> None:
    """A loop that stood still before the target was timed, or after, says nothing against the value."""

    async def work(run: ProbeRun) -> list[Reading]:
        for _ in range(2):
            with run.stopwatch:
                await asyncio.sleep(0.01)
            time.sleep(0.06)  # noqa: ASYNC251 (the work)
        return [Reading(run.stopwatch.seconds)]

    alone = run_scripted(work)
    assert alone.value < 0.06
    assert alone.prober_delay_seconds < 0.03


def test_the_ticker_runs_only_while_a_probe_does() -> None:
    """Between runs no timer of ours is left in the loop."""

    async def time_it(run: ProbeRun) -> list[Reading]:
        with run.stopwatch:
            await asyncio.sleep(0.01)
            assert ticker(probe_sets[0]) is not None
        return [Reading(run.stopwatch.seconds)]

    async def use(probes: ProbeSet) -> None:
        probe_sets.append(probes)
        assert (await look(probes)).outcome is Outcome.OK
        assert ticker(probes) is None

    def ticker(probes: ProbeSet) -> asyncio.TimerHandle | None:
        return probes._loop_delay._timer

    probe_sets: list[ProbeSet] = []
    run_scripted(time_it, use)


def test_a_run_past_its_deadline_is_a_timeout_of_at_least_that_long() -> None:
    """The deadline ends the run; the value is the time waited."""

    async def hang(_: ProbeRun) -> list[Reading]:
        await asyncio.sleep(60)
        return []

    measured = run_scripted(hang, timeout="50ms")
    assert (measured.outcome, measured.reason) == (Outcome.TIMEOUT, Reason.DEADLINE)
    assert 0.05 <= measured.value < 10


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (ProbeFailed(Reason.REFUSED, "no"), Outcome.ERROR, Reason.REFUSED),
        (ProbeFailed(Reason.STATUS, "no"), Outcome.FAILED_ASSERTION, Reason.STATUS),
        (ProbeFailed(Reason.READ_TIMEOUT, "no"), Outcome.TIMEOUT, Reason.READ_TIMEOUT),
        (TimeoutError(), Outcome.ERROR, Reason.INTERNAL),
        (ZeroDivisionError(), Outcome.ERROR, Reason.INTERNAL),
    ],
)
def test_whatever_is_raised_becomes_a_measurement(
    error: Exception, outcome: Outcome, reason: Reason, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure keeps its reason; a fault of the prober is internal and logged with its trace."""

    async def fail(_: ProbeRun) -> list[Reading]:
        raise error

    measured = run_scripted(fail)
    assert (measured.outcome, measured.reason) == (outcome, reason)
    assert ("Traceback" in caplog.text) == (reason is Reason.INTERNAL)


@pytest.mark.parametrize(
    "readings",
    [
        list,
        lambda: [Reading(1.0, "other")],
        lambda: [Reading(1.0), Reading(2.0)],
        lambda: [Reading(-1.0)],
        lambda: [Reading(float("nan"))],
        lambda: [Reading()],
    ],
)
def test_readings_that_fit_no_series_are_internal(readings: Callable[[], list[Reading]]) -> None:
    """A kind that forgets, doubles or invents a series, or has no number, is at fault; the run is still measured."""

    async def confuse(_: ProbeRun) -> list[Reading]:
        return readings()

    measured = run_scripted(confuse)
    assert (measured.series, measured.reason) == ("tests.probe", Reason.INTERNAL)


def test_phases_are_kept_however_the_run_ends() -> None:
    """The phase in which the deadline struck is in the measurement with the time spent there."""

    async def hang(run: ProbeRun) -> list[Reading]:
        with run.phase("connect"):
            await asyncio.sleep(0.01)
        with run.phase("wait"):
            await asyncio.sleep(60)
        return []

    measured = run_scripted(hang, timeout="100ms")
    assert list(measured.phases) == ["connect", "wait"]
    assert measured.phases["wait"] >= 0.05


def test_runs_of_one_probe_never_overlap() -> None:
    """Runs asked for at once come one after the other, and the later one shows how late it was."""
    inside = 0

    async def count(_: ProbeRun) -> list[Reading]:
        nonlocal inside
        inside += 1
        assert inside == 1
        await asyncio.sleep(0.05)
        inside -= 1
        return [Reading(0.05)]

    async def use(probes: ProbeSet) -> None:
        first, second = await asyncio.gather(look(probes), look(probes))
        assert (first.outcome, second.outcome) == (Outcome.OK, Outcome.OK)
        assert second.lateness_seconds >= 0.04
        assert first.correlation_id != second.correlation_id

    run_scripted(count, use)


def test_lateness_is_counted_from_the_schedule() -> None:
    """A run that was due three seconds ago is three seconds late."""

    async def use(probes: ProbeSet) -> None:
        due = datetime.now(UTC) - timedelta(seconds=3)
        (measured,) = await probes.run("probe", due)
        assert measured.intended_at == due
        assert 3 <= measured.lateness_seconds < 10

    run_scripted(quick, use)


def test_a_cancelled_run_is_cancelled() -> None:
    """Cancelling the caller ends the run with CancelledError, and the probe can run again."""

    wait = 60.0

    async def use(probes: ProbeSet) -> None:
        nonlocal wait
        task = asyncio.create_task(look(probes))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        wait = 0.0
        assert (await look(probes)).outcome is Outcome.OK

    async def hang(_: ProbeRun) -> list[Reading]:
        await asyncio.sleep(wait)
        return [Reading(0.001)]

    run_scripted(hang, use)


def test_a_run_that_does_not_get_its_turn_is_skipped() -> None:
    """Ten probes of one connection that hangs: none waits longer than its deadline, so lateness does not pile up."""

    async def use(probes: ProbeSet) -> None:
        started = time.monotonic()
        measured = [one for (one,) in await asyncio.gather(*(probes.run(name, datetime.now(UTC)) for name in names))]
        assert time.monotonic() - started < 5 * 0.2
        assert [one.outcome for one in measured].count(Outcome.TIMEOUT) >= 1
        skipped = [one for one in measured if one.outcome is Outcome.SKIPPED]
        assert len(skipped) >= 8
        assert {one.reason for one in skipped} == {Reason.BUSY}
        assert all(0.19 <= one.lateness_seconds < 0.6 and "busy for 0.2 s" in one.detail for one in skipped)
        assert await probes.inspect(names[0]) is None

    names = [f"probe_{number}" for number in range(10)]
    one_connection = asyncio.Lock()
    with own_kinds():

        @probe_kind("hanging", ProbeSettings)
        class Hanging(Probe):
            def __init__(self, settings: ProbeSettings, links: Links) -> None:
                pass

            def turn(self) -> asyncio.Lock:
                return one_connection

            async def run(self, _: ProbeRun) -> Sequence[Reading]:
                await asyncio.sleep(60)
                return []

        entry = {"kind": "hanging", "category": "tests", "timeout": "200ms"}
        asyncio.run(with_probes(watched({}, dict.fromkeys(names, entry)), use))


def test_a_probe_that_gave_way_holds_back() -> None:
    """The next run is left out with a sentence, the probe is not called, and nobody looks inside either."""
    runs = 0

    async def give_way(_: ProbeRun) -> list[Reading]:
        nonlocal runs
        runs += 1
        raise ProbeFailed(Reason.GAVE_WAY, "an ALTER TABLE waited for us")

    async def use(probes: ProbeSet) -> None:
        assert (await look(probes)).reason is Reason.GAVE_WAY
        left_out = await probes.observe("probe", datetime.now(UTC))
        assert left_out.run is None
        (measured,) = left_out.measurements
        assert (measured.outcome, measured.reason) == (Outcome.SKIPPED, Reason.BACKING_OFF)
        assert measured.detail.startswith("holding back after gave way")
        assert await probes.inspect("probe") is None
        assert runs == 1

    run_scripted(give_way, use)


@pytest.mark.parametrize("error", [ProbeFailed(Reason.SQL_ERROR, "no"), TimeoutError(), KeyError("Plans")])
def test_a_look_inside_that_goes_wrong_is_none(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever was raised is logged, and the next run is a run like any other."""

    async def use(probes: ProbeSet) -> None:
        assert await probes.inspect("probe") is None
        assert "probe probe: " in caplog.text
        assert ("Traceback" in caplog.text) == isinstance(error, KeyError)
        assert (await look(probes)).outcome is Outcome.OK

    with own_kinds():

        @probe_kind("opaque", ProbeSettings)
        class Opaque(Probe):
            def __init__(self, settings: ProbeSettings, links: Links) -> None:
                pass

            async def run(self, _: ProbeRun) -> Sequence[Reading]:
                return [Reading(0.001)]

            async def inspect(self, _: ProbeRun) -> Inspection | None:
                raise error

        asyncio.run(with_probes(watched({}, {"probe": {"kind": "opaque", "category": "tests"}}), use))


def test_an_observation_has_what_the_run_kept() -> None:
    """Assertions and details, also of a run that failed by one of them."""

    async def check(run: ProbeRun) -> list[Reading]:
        run.details["status"] = "200"
        run.require(True, "status 200", "200")
        run.require(False, "a body", "nothing")
        return [Reading(0.001)]

    async def use(probes: ProbeSet) -> None:
        seen = await probes.observe("probe", datetime.now(UTC))
        assert seen.run is not None
        assert [one.holds for one in seen.run.assertions] == [True, False]
        assert seen.run.details == {"status": "200"}
        assert seen.measurements[0].detail == "expected a body, found nothing"

    run_scripted(check, use)


def test_an_unknown_probe_is_an_error_that_names_the_known() -> None:
    """Running, planning or asking for a probe nobody configured raises, and says which there are."""

    async def use(probes: ProbeSet) -> None:
        assert probes.names == ("probe",)
        assert [one.name for one in probes.series_of("probe")] == ["tests.probe"]
        assert await probes.plan("probe") is None
        with pytest.raises(UnknownProbeError, match="there are: probe"):
            await look(probes, "prob")

    run_scripted(quick, use)


@pytest.mark.parametrize(("acts_as_user", "outcome"), [(True, Outcome.SKIPPED), (False, Outcome.OK)])
def test_what_acts_as_a_user_holds_back_while_nobody_may_work(acts_as_user: bool, outcome: Outcome) -> None:
    """A probe that does what people do is skipped with the reason; others go on. It can be ended."""

    async def use(probes: ProbeSet) -> tuple[Any, Any, Any]:
        type(probes._slots["probe"].settings).acts_as_user = acts_as_user
        probes.hold_back(3600.0, "phase_3 allows no users")
        held = await look(probes)
        probes.hold_back(0.0, "")
        return held, await look(probes), [held.reason, held.detail]

    held, after, told = run_scripted(quick, use)
    assert (held.outcome, after.outcome) == (outcome, Outcome.OK)
    assert not acts_as_user or told == [Reason.PAUSED, "phase_3 allows no users"]


def test_requests_queries_and_pages_act_as_users() -> None:
    """What only reads figures of the host, the server or the portal goes on while nobody may work."""
    acting = {name for name, kind in load_probe_kinds().items() if kind.settings.acts_as_user}
    assert acting == {"http", "journey", "page", "sql"}
