"""What the pages read, on a real store."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import asyncpg

from baselines import Measurement, Outcome, PlanShape, Reason, Series, SeriesRegistry
from baselines.ledger import plan_entry
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_history import PostgresHistory, Work
from baselines.postgres_ledger import PostgresLedger
from baselines.rollup import Hour
from baselines.sql import statement
from monitor.database import store_pool
from tests.clocks import START
from tests.pages.scenes import NOW, PORTAL
from tests.pages.shown import captured

T = TypeVar("T")
SERIES = SeriesRegistry([Series("q.a", cadence_seconds=30.0), Series("q.b", cadence_seconds=30.0)])
HOUR = timedelta(hours=1)


def on_store(dsn: str, action: Callable[[asyncpg.Pool], Awaitable[T]]) -> T:
    """What the action gives on a pool of connections to the store."""

    async def run() -> T:
        async with store_pool(dsn) as pool:
            return await action(pool)

    return asyncio.run(run())


def measured(minute: float, value: float | None, outcome: Outcome = Outcome.OK, series: str = "q.a") -> Measurement:
    """A measurement so many minutes after the start."""
    at = START + timedelta(minutes=minute)
    return Measurement(
        series=series,
        intended_at=at,
        started_at=at,
        outcome=outcome,
        value=value,
        reason=None if outcome is Outcome.OK else Reason.READ_TIMEOUT,
        correlation_id=f"c{minute:g}",
    )


# Two closed hours, and a running one; a call that was skipped is none.
MEASURED = [
    *(measured(minute, 0.01 + minute / 10_000) for minute in range(0, 60, 10)),
    measured(70, 0.05),
    measured(80, 30.0, Outcome.TIMEOUT),
    measured(81, None, Outcome.ERROR),
    measured(82, None, Outcome.SKIPPED),
    measured(125, 0.02),
    measured(126, None, Outcome.ERROR),
    measured(127, 0.04, series="q.b"),
]


async def filled(pool: asyncpg.Pool, *late: Measurement) -> PostgresHistory:
    """A store with those measurements, its closed hours compacted, and then those that came late."""
    store = PostgresMeasurements(pool)
    await store.register(SERIES)
    await store.append(MEASURED)
    await store.compact(START + timedelta(minutes=128))
    await store.append(late)
    return PostgresHistory(pool)


def test_hours_are_closed_ones_and_the_running_one(store: str) -> None:
    """Counts, failures and medians of each, out of the rollups and out of the head."""

    async def act(pool: asyncpg.Pool) -> dict[str, list[Hour]]:
        return await (await filled(pool)).hours(list(SERIES), START)

    told = on_store(store, act)
    hours = sorted(told["q.a"], key=lambda one: one.at)
    assert [(one.at, one.n, one.failed) for one in hours] == [
        (START, 6, 0),
        (START + HOUR, 3, 2),
        (START + 2 * HOUR, 2, 1),
    ]
    assert [round(one.median or 0, 4) for one in hours] == [0.0125, 0.05, 0.02]
    assert [one.n for one in told["q.b"]] == [1]


def test_samples_that_came_late_are_added_to_their_hour(store: str) -> None:
    """An hour that is closed and has samples in the head is one hour, with the median of the most calls."""

    async def act(pool: asyncpg.Pool) -> list[Hour]:
        history = await filled(pool, measured(5, None, Outcome.ERROR), measured(6, 9.0))
        return (await history.hours(["q.a"], START))["q.a"]

    (first,) = [one for one in on_store(store, act) if one.at == START]
    assert (first.n, first.failed, round(first.median or 0, 4)) == (8, 1, 0.0125)


def test_a_course_is_cut_into_stretches_of_any_length(store: str) -> None:
    """Figures of calls that answered, counts of all that ran, nothing where none did; chunks and head alike."""

    async def act(pool: asyncpg.Pool) -> None:
        history = await filled(pool)
        end = START + timedelta(minutes=128)
        stretches = await history.course("q.a", START + timedelta(minutes=65), end, timedelta(minutes=15))
        assert [((one.at - START).total_seconds() / 60, one.n, one.failed) for one in stretches] == [
            (65, 1, 0),
            (80, 2, 2),
            (125, 2, 1),
        ]
        assert [one.median and round(one.median, 3) for one in stretches] == [0.05, None, 0.02]
        closed = await history.closed_hours("q.a", START)
        assert [(one.at, one.n, round(one.maximum or 0, 4)) for one in closed] == [
            (START, 6, 0.015),
            (START + HOUR, 3, 0.05),
        ]

    on_store(store, act)


def test_failures_are_told_the_newest_first(store: str) -> None:
    """With their reason, how long was waited where it timed out, and the id."""

    async def act(pool: asyncpg.Pool) -> None:
        history = await filled(pool)
        failures = await history.failures("q.a", START, 10)
        assert [(one.outcome, one.waited_seconds, one.correlation_id) for one in failures] == [
            (Outcome.ERROR, None, "c126"),
            (Outcome.ERROR, None, "c81"),
            (Outcome.TIMEOUT, 30.0, "c80"),
        ]
        assert {one.reason for one in failures} == {Reason.READ_TIMEOUT}
        assert len(await history.failures("q.a", START, 1)) == 1
        assert [one.correlation_id for one in await history.failures("q.a", START + 2 * HOUR, 10)] == ["c126"]

    on_store(store, act)


def test_plans_are_told_with_the_instant_they_came(store: str) -> None:
    """The newest first; nothing of a series that has none."""

    async def act(pool: asyncpg.Pool) -> None:
        ledger, history = PostgresLedger(pool), PostgresHistory(pool)
        for number, nodes in enumerate([("Index Scan on t using i",), ("Seq Scan on t",)]):
            await ledger.append("test", plan_entry("q.a", nodes, START + number * HOUR))
        told = await history.plans("test", "q.a")
        assert [(one.at, one.plan) for one in told] == [
            (START + HOUR, PlanShape(("Seq Scan on t",))),
            (START, PlanShape(("Index Scan on t using i",))),
        ]
        assert await history.plans("test", "q.b") == []
        assert await history.plans("elsewhere", "q.a") == []

    on_store(store, act)


def test_phases_are_those_of_the_active_baseline(store: str) -> None:
    """The median over its sessions; nothing where no baseline is active, or it has none of the series."""

    async def act(pool: asyncpg.Pool) -> None:
        history = PostgresHistory(pool)
        assert await history.baseline_phases("production", "api_endpoints.client_groups") == {}
        await PostgresBaselines(pool).save(captured(PORTAL, "before", NOW, "v1"))
        phases = await history.baseline_phases("production", "api_endpoints.client_groups")
        assert set(phases) == {"resolve", "connect", "send", "first_byte", "body"}
        assert abs(phases["first_byte"] - 0.8 * 0.043) < 1e-9
        assert await history.baseline_phases("production", "database_queries.client_groups_list") == {}

    on_store(store, act)


def test_the_work_of_an_hour_is_that_of_all_series(store: str) -> None:
    """Calls, failures and series of each closed hour."""

    async def act(pool: asyncpg.Pool) -> list[Work]:
        return await (await filled(pool)).work(START)

    assert on_store(store, act) == [Work(START, 6, 0, 0, 1), Work(START + HOUR, 3, 2, 0, 1)]


def test_hours_of_many_series_read_no_single_sample_of_a_closed_hour(store: str) -> None:
    """The plan of the statement behind the status page has rollups and the head in it, and no chunk."""

    async def act(pool: asyncpg.Pool) -> str:
        await filled(pool)
        rows = await pool.fetch("EXPLAIN " + statement("select_hours"), list(SERIES), START)
        return "\n".join(row[0] for row in rows)

    plan = on_store(store, act)
    assert "sample_rollup" in plan
    assert "sample_chunk" not in plan


def test_calls_worth_a_look_are_those_that_failed_then_the_slowest(store: str) -> None:
    """Within the time asked for, skipped ones left out, each with its id."""

    async def read(pool: asyncpg.Pool) -> list[tuple[float, Outcome, str]]:
        history = await filled(pool, measured(100, 60.0))
        start, end = START + timedelta(minutes=60), START + timedelta(minutes=127)
        return [
            ((one.at - START).total_seconds() / 60, one.outcome, one.correlation_id)
            for one in await history.calls("q.a", start, end, 5)
        ]

    assert on_store(store, read) == [
        (81.0, Outcome.ERROR, "c81"),
        (126.0, Outcome.ERROR, "c126"),
        (80.0, Outcome.TIMEOUT, "c80"),
        (100.0, Outcome.OK, "c100"),
        (70.0, Outcome.OK, "c70"),
    ]


def test_a_closed_hour_keeps_the_ids_of_its_slowest_calls_and_of_the_first_that_failed(store: str) -> None:
    """Three and ten, also of those that come when the hour has a chunk already; all others are calls without an id."""
    slow = [measured(1 + number, 0.01 * (number + 1)) for number in range(5)]
    failed = [measured(20 + number, None, Outcome.ERROR) for number in range(12)]

    async def read(pool: asyncpg.Pool) -> list[str]:
        measurements = PostgresMeasurements(pool)
        await measurements.register(SERIES)
        await measurements.append([*slow, *failed, measured(50, None, Outcome.SKIPPED)])
        await measurements.compact(START + timedelta(minutes=65))
        await measurements.append([measured(40, 0.001), measured(41, 9.0)])
        await measurements.compact(START + timedelta(minutes=65))
        calls = await PostgresHistory(pool).calls("q.a", START, START + HOUR, 100)
        return [one.correlation_id for one in calls]

    ids = on_store(store, read)
    assert ids[:12] == [*(f"c{20 + number}" for number in range(10)), "", ""]
    assert ids[12:] == ["c41", "c5", "c4", "c3", "", "", "c40"]
