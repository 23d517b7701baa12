"""Baselines and measurements on a real store."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import asyncpg
import numpy as np
import pytest

from baselines import (
    Approval,
    BaselineError,
    BaselineStore,
    Forced,
    Measurement,
    MeasurementStore,
    Outcome,
    PlanShape,
    Reason,
    Series,
    SeriesRegistry,
    Unit,
)
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.sql import statement
from monitor.database import store_pool
from tests.baselines.made import baseline
from tests.clocks import START

T = TypeVar("T")
SERIES = SeriesRegistry(
    [Series("database_queries.a", cadence_seconds=30.0), Series("system_resources.cpu", Unit.RATIO)]
)


def on_store(dsn: str, action: Callable[[asyncpg.Pool], Awaitable[T]]) -> T:
    """What the action gives on a pool of connections to the store."""

    async def run() -> T:
        async with store_pool(dsn) as pool:
            return await action(pool)

    return asyncio.run(run())


def measured(minute: float, value: float | None = 0.01, outcome: Outcome = Outcome.OK) -> Measurement:
    """A measurement of the first series, so many minutes after the start."""
    at = START + timedelta(minutes=minute)
    return Measurement(
        series="database_queries.a",
        intended_at=at - timedelta(milliseconds=250),
        started_at=at,
        outcome=outcome,
        value=value,
        reason=None if outcome is Outcome.OK else Reason.STATEMENT_TIMEOUT,
        correlation_id="c",
    )


def test_the_adapters_are_the_stores(store: str) -> None:
    """The type checker proves that both classes are what the room asks for."""

    async def act(pool: asyncpg.Pool) -> None:
        kept: BaselineStore = PostgresBaselines(pool)
        measurements: MeasurementStore = PostgresMeasurements(pool)
        assert await kept.summaries() == []
        await measurements.append([])

    on_store(store, act)


def test_a_baseline_comes_back_as_it_was(store: str) -> None:
    """Samples, failures, cold calls, plans and conditions survive the store."""
    plan = PlanShape(("Index Scan on a using a_pkey",))
    saved = baseline("before", [{"q.a": [0.01, None, 0.02]}, {"q.a": [0.03]}], plans={"q.a": plan})

    async def act(pool: asyncpg.Pool) -> None:
        kept = PostgresBaselines(pool)
        await kept.save(saved)
        loaded = await kept.load("before")
        assert [session.conditions for session in loaded.sessions] == [one.conditions for one in saved.sessions]
        assert loaded.series == dict(saved.series)
        for mine, theirs in zip(saved.samples_of("q.a"), loaded.samples_of("q.a"), strict=True):
            np.testing.assert_array_equal(mine.values, theirs.values)
            np.testing.assert_array_equal(mine.timed_out, theirs.timed_out)
        assert loaded.sessions[0].plans == {"q.a": plan}
        assert loaded.sessions[0].cold["q.a"].values.tolist() == [0.5]
        assert loaded.sessions[1].cold == {}

    on_store(store, act)


def test_a_baseline_is_never_overwritten(store: str) -> None:
    """A name that is taken is refused, and nothing of the second capture is written."""

    async def act(pool: asyncpg.Pool) -> None:
        kept = PostgresBaselines(pool)
        await kept.save(baseline("before", [{"q.a": [0.01]}]))
        with pytest.raises(BaselineError, match="already"):
            await kept.save(baseline("before", [{"q.new": [0.02]}]))
        assert (await kept.load("before")).samples_of("q.a")[0].values.tolist() == [0.01]
        assert await pool.fetchval("SELECT count(*) FROM series WHERE name = 'q.new'") == 0

    on_store(store, act)


def test_an_unknown_baseline_is_told_with_those_there_are(store: str) -> None:
    """The message names what could have been meant."""

    async def act(pool: asyncpg.Pool) -> None:
        kept = PostgresBaselines(pool)
        with pytest.raises(BaselineError, match="capture one"):
            await kept.load("none")
        await kept.save(baseline("monday", [{"q.a": [0.01]}]))
        with pytest.raises(BaselineError, match="monday"):
            await kept.load("none")

    on_store(store, act)


def test_the_first_baseline_is_active_until_another_is_approved(store: str) -> None:
    """One baseline is active in an environment; approving moves the mark."""

    async def act(pool: asyncpg.Pool) -> None:
        kept = PostgresBaselines(pool)
        for name in ("first", "second"):
            await kept.save(baseline(name, [{"q.a": [0.01]}]))
        await kept.save(baseline("elsewhere", [{"q.a": [0.01]}], environment="other"))
        assert await kept.active("test") == "first"
        await kept.approve("second", Approval(by="ann", at=START))
        assert await kept.active("test") == "second"
        assert await kept.active("other") == "elsewhere"
        assert await kept.active("nowhere") is None

    on_store(store, act)


def test_an_approval_comes_back_as_it_was_given(store: str) -> None:
    """Who, when, until when, and in spite of what; a later one takes its place, and what was captured stays."""
    forced = Approval(
        by="ann", at=START, expires_at=START + timedelta(days=30), forced=Forced("known", ("q.a is slower", "q.b is"))
    )

    async def act(pool: asyncpg.Pool) -> None:
        kept = PostgresBaselines(pool)
        await kept.save(baseline("first", [{"q.a": [0.01]}]))
        assert (await kept.load("first")).approval is None
        await kept.approve("first", forced)
        (summary,) = await kept.summaries()
        assert summary.approval == (await kept.load("first")).approval == forced
        await kept.approve("first", Approval(by="bob", at=START))
        loaded = await kept.load("first")
        assert loaded.approval == Approval(by="bob", at=START)
        assert loaded.samples_of("q.a")[0].values.tolist() == [0.01]

    on_store(store, act)


def test_what_a_capture_was_forced_against_is_kept_with_its_sessions(store: str) -> None:
    """And sessions that were stored before there was such a thing have none."""
    forced = Forced("release night", ("this host is busy",))

    async def act(pool: asyncpg.Pool) -> None:
        kept = PostgresBaselines(pool)
        made = baseline("first", [{"q.a": [0.01]}, {"q.a": [0.01]}])
        first, second = made.sessions
        busy = replace(first, conditions=replace(first.conditions, forced=forced))
        await kept.save(replace(made, sessions=[busy, second]))
        await pool.execute("UPDATE capture_session SET conditions = conditions - 'forced' WHERE number = 2")
        assert [one.conditions.forced for one in (await kept.load("first")).sessions] == [forced, None]

    on_store(store, act)


def test_a_baseline_that_comes_from_elsewhere_is_not_active(store: str) -> None:
    """Not even the first one of its environment, whoever approved it where it comes from."""
    approval = Approval(by="ann", at=START)

    async def act(pool: asyncpg.Pool) -> None:
        kept = PostgresBaselines(pool)
        await kept.save(replace(baseline("first", [{"q.a": [0.01]}]), approval=approval), activate=False)
        assert await kept.active("test") is None
        assert (await kept.load("first")).approval == approval

    on_store(store, act)


def test_a_baseline_is_deleted_with_what_extends_it(store: str) -> None:
    """Neither the active one nor the further sessions of another; nothing of a deleted one is left but its series."""

    async def act(pool: asyncpg.Pool) -> None:
        kept = PostgresBaselines(pool)
        for name in ("first", "second"):
            await kept.save(baseline(name, [{"q.a": [0.01]}]))
        await kept.save(baseline("second+1", [{"q.a": [0.02]}]), extends="second")
        with pytest.raises(BaselineError, match="'first' is the active baseline of test"):
            await kept.delete("first")
        with pytest.raises(BaselineError, match="further sessions"):
            await kept.delete("second+1")
        with pytest.raises(BaselineError, match="there is no baseline 'third'"):
            await kept.delete("third")
        assert len(await kept.summaries()) == 3
        await kept.delete("second")
        assert [one.name for one in await kept.summaries()] == ["first"]
        for table in ("capture_session", "capture_samples"):
            assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 1

    on_store(store, act)


def test_further_sessions_extend_a_capture_and_do_not_change_it(store: str) -> None:
    """`load` gives the capture with what extends it; the row of the capture itself stays as it was."""

    async def act(pool: asyncpg.Pool) -> None:
        kept = PostgresBaselines(pool)
        await kept.save(baseline("after", [{"q.a": [0.01], "q.b": [0.02]}]))
        more = baseline("after+1", [{"q.a": [0.03]}], at=START + timedelta(days=1))
        await kept.save(more, extends="after")
        loaded = await kept.load("after")
        assert [one.values.tolist() for one in loaded.samples_of("q.a")] == [[0.01], [0.03]]
        assert [one.values.tolist() for one in loaded.samples_of("q.b")] == [[0.02]]
        summaries = {one.name: one for one in await kept.summaries()}
        assert summaries["after"].sessions == 1
        assert summaries["after+1"].extends == "after"
        assert not summaries["after+1"].active
        with pytest.raises(BaselineError, match="further sessions"):
            await kept.approve("after+1", Approval(by="ann", at=START))

    on_store(store, act)


def test_history_is_the_other_captures_of_the_same_release(store: str) -> None:
    """Neither the baseline's own sessions, nor another release, nor another environment teach the usual scatter."""

    async def act(pool: asyncpg.Pool) -> None:
        kept = PostgresBaselines(pool)
        own = baseline("own", [{"q.a": [0.01]}])
        await kept.save(own)
        await kept.save(baseline("own+1", [{"q.a": [0.09]}]), extends="own")
        await kept.save(baseline("earlier", [{"q.a": [0.02]}, {"q.a": [0.03]}]))
        await kept.save(baseline("next release", [{"q.a": [0.04]}], release="v2"))
        await kept.save(baseline("elsewhere", [{"q.a": [0.05]}], environment="other"))
        history = await kept.history(own)
        assert [one.values.tolist() for one in history["q.a"]] == [[0.02], [0.03]]
        await kept.save(baseline("judged", [{"q.a": [0.99]}]))
        history = await kept.history(own, besides="judged")
        assert [one.values.tolist() for one in history["q.a"]] == [[0.02], [0.03]]

    on_store(store, act)


def test_a_series_does_not_change_its_unit(store: str) -> None:
    """A stored past can't be reinterpreted: the second registration is refused with what to do."""

    async def act(pool: asyncpg.Pool) -> None:
        await PostgresMeasurements(pool).register(SERIES)
        with pytest.raises(BaselineError, match="new name"):
            await PostgresMeasurements(pool).register(SeriesRegistry([Series("database_queries.a", Unit.BYTES)]))

    on_store(store, act)


def test_measurements_come_back_before_and_after_their_hour_is_closed(store: str) -> None:
    """The head, the chunks and both together answer alike: values, outcomes, lateness, order."""
    batch = [measured(minute, 0.001 * (minute + 1)) for minute in range(0, 150, 10)]
    batch.append(measured(155, 5.0, Outcome.TIMEOUT))
    batch.append(measured(156, None, Outcome.ERROR))

    async def act(pool: asyncpg.Pool) -> None:
        measurements = PostgresMeasurements(pool)
        await measurements.register(SERIES)
        await measurements.append(batch)
        fresh = await measurements.since(["database_queries.a"], START)
        # Two of the three hours are closed.
        assert await measurements.compact(START + timedelta(hours=2, minutes=30)) == 12
        kept = await measurements.since(["database_queries.a"], START)
        for one in (fresh, kept):
            assert [m.outcome for m in one["database_queries.a"]] == [m.outcome for m in batch]
            assert [m.started_at for m in one["database_queries.a"]] == [m.started_at for m in batch]
            assert [m.value for m in one["database_queries.a"]] == [
                pytest.approx(m.value) if m.value is not None else None for m in batch
            ]
            assert one["database_queries.a"][0].lateness_seconds == pytest.approx(0.25)
            assert one["database_queries.a"][-1].reason is Reason.STATEMENT_TIMEOUT
        part = await measurements.since(["database_queries.a"], START + timedelta(minutes=45))
        assert part["database_queries.a"][0].started_at == START + timedelta(minutes=50)
        span = START + timedelta(minutes=50), START + timedelta(minutes=140)  # from a chunk into the head
        inside = (await measurements.since(["database_queries.a"], *span))["database_queries.a"]
        assert [one.started_at for one in inside] == [m.started_at for m in batch[5:14]]

    on_store(store, act)


def test_late_measurements_join_their_hour_and_its_rollup(store: str) -> None:
    """What was spooled while the store was away is in the chunk and in the figures of its hour."""

    async def act(pool: asyncpg.Pool) -> None:
        measurements = PostgresMeasurements(pool)
        await measurements.register(SERIES)
        await measurements.append([measured(1, 0.010), measured(2, 0.020)])
        closed = START + timedelta(hours=1, minutes=5)
        await measurements.compact(closed)
        await measurements.append([measured(3, 0.060), measured(4, None, Outcome.ERROR)])
        await measurements.compact(closed)
        row = await pool.fetchrow("SELECT n, failed, mean, minimum, median, maximum FROM sample_rollup")
        assert row is not None
        assert dict(row) == {
            "n": 4,
            "failed": 1,
            "mean": pytest.approx(0.03),
            "minimum": pytest.approx(0.01),
            "median": pytest.approx(0.02),
            "maximum": pytest.approx(0.06),
        }
        assert await pool.fetchval("SELECT count(*) FROM sample_chunk") == 1
        assert await pool.fetchval("SELECT count(*) FROM sample_head") == 0

    on_store(store, act)


def test_rollups_are_read_by_series_and_hour(store: str) -> None:
    """Those of closed hours since an instant, in the order of time; a series without any has none."""
    batch = [measured(minute, 0.001 * (minute + 1)) for minute in range(0, 240, 20)]

    async def act(pool: asyncpg.Pool) -> None:
        measurements = PostgresMeasurements(pool)
        await measurements.register(SERIES)
        await measurements.append([*batch, measured(61, None, Outcome.ERROR)])
        await measurements.compact(START + timedelta(hours=3, minutes=30))
        rollups = await measurements.rollups(list(SERIES), START + timedelta(hours=1))
        assert rollups["system_resources.cpu"] == []
        first, second = rollups["database_queries.a"]
        assert (first.hour, first.n, first.failed) == (START + timedelta(hours=1), 4, 1)
        assert (first.p20, first.median) == pytest.approx((0.069, 0.081))
        assert (second.hour, second.n, second.failed) == (START + timedelta(hours=2), 3, 0)

    on_store(store, act)


def test_disturbed_measurements_stay_marked(store: str) -> None:
    """A disturbed sample is disturbed when it comes back, and left out of the rollup's figures."""
    disturbed = Measurement(
        series="database_queries.a",
        intended_at=START,
        started_at=START,
        outcome=Outcome.OK,
        value=0.5,
        prober_delay_seconds=0.4,
    )

    async def act(pool: asyncpg.Pool) -> None:
        measurements = PostgresMeasurements(pool)
        await measurements.register(SERIES)
        await measurements.append([disturbed, measured(1, 0.01)])
        await measurements.compact(START + timedelta(hours=2))
        back = (await measurements.since(["database_queries.a"], START))["database_queries.a"]
        assert [one.disturbed for one in back] == [True, False]
        row = await pool.fetchrow("SELECT disturbed, maximum FROM sample_rollup")
        assert row is not None
        assert dict(row) == {"disturbed": 1, "maximum": pytest.approx(0.01)}

    on_store(store, act)


def test_retention_drops_whole_partitions(store: str) -> None:
    """Old weeks go as partitions; what lies in a week that is still kept stays."""

    async def act(pool: asyncpg.Pool) -> None:
        measurements = PostgresMeasurements(pool)
        await measurements.register(SERIES)
        week = 7 * 24 * 60
        await measurements.append([measured(0), measured(week), measured(2 * week)])
        await measurements.compact(START + timedelta(weeks=3))
        horizon = START + timedelta(weeks=1, days=3)
        assert await measurements.prune(horizon, horizon) == 1
        back = (await measurements.since(["database_queries.a"], START))["database_queries.a"]
        assert [one.started_at for one in back] == [START + timedelta(weeks=1), START + timedelta(weeks=2)]

    on_store(store, act)


def test_a_chunk_takes_few_bytes_a_sample(store: str) -> None:
    """Hours of series at 30 s cost at most 20 bytes a sample, indexes included (a row each would be 44 to 118)."""

    async def act(pool: asyncpg.Pool) -> float:
        await pool.execute(
            "INSERT INTO series (name, unit, direction)"
            " SELECT 'q.' || n, 'seconds', 'ceiling' FROM generate_series(1, 20) n"
        )
        await pool.execute(
            "INSERT INTO sample_head"
            " SELECT id, $1::timestamptz + make_interval(secs => 30 * n), exp(random()), 0, false, 1, md5(n::text)"
            " FROM series, generate_series(0, 5999) n",
            START,
        )
        assert await PostgresMeasurements(pool).compact(START + timedelta(days=3)) == 120_000
        size = await pool.fetchval(
            "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'sample_chunk'::regclass"
        )
        return float(size) / 120_000

    assert on_store(store, act) <= 20


def test_the_last_hour_is_read_by_index(store: str) -> None:
    """The query behind `live` and the pages touches only the chunks of its hours, and the head by its index."""

    async def act(pool: asyncpg.Pool) -> str:
        await pool.execute(
            "INSERT INTO series (name, unit, direction)"
            " SELECT 'q.' || n, 'seconds', 'ceiling' FROM generate_series(1, 100) n"
        )
        await pool.execute("SELECT ensure_sample_partitions($1)", START)
        await pool.execute(
            "INSERT INTO sample_chunk"
            " SELECT id, $1::timestamptz + make_interval(hours => h), '{1}', '{1}', '{0}', '{f}', '{0}'"
            " FROM series, generate_series(0, 99) h",
            START,
        )
        await pool.execute(
            "INSERT INTO sample_head"
            " SELECT id, $1::timestamptz + make_interval(hours => 100, secs => s), 1, 0, false, 0, ''"
            " FROM series, generate_series(0, 99) s",
            START,
        )
        await pool.execute("ANALYZE")
        plan = await pool.fetch("EXPLAIN " + statement("select_samples"), ["q.7"], START + timedelta(hours=99), None)
        return "\n".join(row[0] for row in plan)

    plan = on_store(store, act)
    assert "Seq Scan on sample_chunk" not in plan
    assert "Seq Scan on sample_head" not in plan
    assert "sample_chunk_2026w10_pkey" in plan
    assert "sample_head_series" in plan
