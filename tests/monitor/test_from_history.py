"""A baseline out of three weeks in a real store, with busy days and quiet nights."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import pytest

from baselines import Baseline, Measurement, Outcome, PlanShape, Reason, Series, SeriesRegistry, Spacing, Unit
from baselines.from_history import Match
from baselines.ledger import plan_entry, release_entry
from baselines.live import CONNECTION_MODE
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from monitor.cli.progress import TerminalProgress
from monitor.configuration import load_configuration
from monitor.errors import ConfigurationError, UndecidedError
from monitor.from_history import FromHistory, Made, Wish
from tests.clocks import START
from tests.monitor.cli.commands import configuration
from tests.monitor.cli.stored import in_store

QUERY, RARE = "database_queries.a", "database_queries.rare"
TRAFFIC = "api_performance.requests_per_minute"
CPU = "system_resources.cpu_usage"
SERIES = SeriesRegistry(
    [Series(QUERY), Series(RARE), Series(TRAFFIC, Unit.COUNT, comparable=False), Series(CPU, Unit.RATIO)]
)
# Deployed on a Monday at 14:05, and looked at 35 minutes later.
DEPLOYED = START + timedelta(weeks=3, hours=5, minutes=5)
NOW = DEPLOYED + timedelta(minutes=35)
NIGHT = DEPLOYED.replace(hour=5, minute=0)
DAY_MS, NIGHT_MS = 20.0, 10.0


def is_busy(at: datetime) -> bool:
    """By day there is four times the traffic, and the query takes twice as long."""
    return 8 <= at.hour < 20


def measured(series: str, at: datetime, value: float | None) -> Measurement:
    """One value, or a refusal."""
    outcome, reason = (Outcome.OK, None) if value is not None else (Outcome.ERROR, Reason.REFUSED)
    return Measurement(series=series, intended_at=at, started_at=at, outcome=outcome, value=value, reason=reason)


def three_weeks() -> Iterator[Measurement]:
    """The query every two minutes, load every ten; the rare one for the last quarter of an hour only."""
    noise = np.random.default_rng(5)
    for minute in range(0, int((NOW - START) / timedelta(minutes=1)), 2):
        at = START + timedelta(minutes=minute)
        level = (DAY_MS if is_busy(at) else NIGHT_MS) * (1.5 if at > DEPLOYED else 1.0)
        refused = at == DEPLOYED - timedelta(minutes=7)
        yield measured(QUERY, at, None if refused else level / 1000 * noise.lognormal(0, 0.05))
        if minute % 10 == 0:
            yield measured(TRAFFIC, at, (400.0 if is_busy(at) else 100.0) * noise.lognormal(0, 0.05))
            yield measured(CPU, at, 0.6 if is_busy(at) else 0.2)


@pytest.fixture
def made(store: str, tmp_path: Path) -> Callable[..., Made]:
    """Makes a baseline of the three weeks, with a release a week ago; one that was made is stored."""
    settled = load_configuration(configuration(tmp_path, store), {})

    async def fill(pool: asyncpg.Pool) -> None:
        measurements, ledger = PostgresMeasurements(pool), PostgresLedger(pool)
        await measurements.register(SERIES)
        await measurements.append(list(three_weeks()))
        await measurements.append(
            [measured(RARE, DEPLOYED - timedelta(seconds=20 * number), 0.01) for number in range(1, 46)]
        )
        await measurements.compact(NOW)
        for release, weeks in (("v40", 3), ("v41", 1)):
            await ledger.append("test", release_entry(release, DEPLOYED - timedelta(weeks=weeks)))
        await ledger.append("test", release_entry("v42", DEPLOYED + timedelta(seconds=40)))
        await ledger.append("test", plan_entry(QUERY, ("Index Scan on t",), START))
        await ledger.append("test", plan_entry(QUERY, ("Seq Scan on t",), DEPLOYED + timedelta(minutes=3)))

    in_store(store, fill)

    def make(
        *matched: Match, until: datetime = DEPLOYED, like: datetime = NOW, series: SeriesRegistry = SERIES
    ) -> Made:
        async def act(pool: asyncpg.Pool) -> Made:
            history = FromHistory(settled, series, PostgresMeasurements(pool), PostgresLedger(pool), TerminalProgress())
            one = await history.make(Wish(name="before", by="ann", until=until, like=like, matched=matched), NOW)
            await PostgresBaselines(pool).save(one.baseline)
            return one

        return in_store(store, act)

    return make


def level_ms(baseline: Baseline) -> float:
    """The median of the query."""
    return float(np.nanmedian(np.concatenate([one.values for one in baseline.samples_of(QUERY)]))) * 1000


def test_the_same_hour_of_the_last_weeks(made: Callable[..., Made], store: str) -> None:
    """Mondays between 13:40 and 15:40 of three weeks and nothing since the deployment, each with what held then; and it
    comes back from the store as it was made."""
    one = made(Match.HOUR_OF_WEEK)
    baseline = one.baseline
    assert [f"{each.started_at:%a}" for each in baseline.sessions] == ["Mon"] * len(baseline.sessions)
    assert all(13 <= each.started_at.hour < 16 and each.finished_at < DEPLOYED for each in baseline.sessions)
    assert {round((DEPLOYED - each.started_at) / timedelta(weeks=1)) for each in baseline.sessions} == {1, 2, 3}
    assert level_ms(baseline) == pytest.approx(DAY_MS, rel=0.1)
    assert (baseline.release, baseline.environment) == ("v41", "test")
    assert {each.conditions.release for each in baseline.sessions} == {"v40", "v41"}
    assert {each.conditions.spacing for each in baseline.sessions} == {Spacing.SPREAD}
    assert {each.conditions.connection_mode for each in baseline.sessions} == {CONNECTION_MODE}
    assert {each.plans[QUERY] for each in baseline.sessions} == {PlanShape(("Index Scan on t",))}
    assert one.left_out == {RARE: 2}

    async def load(pool: asyncpg.Pool) -> Baseline:
        return await PostgresBaselines(pool).load("before")

    loaded = in_store(store, load)
    assert [each.conditions for each in loaded.sessions] == [each.conditions for each in baseline.sessions]
    for mine, theirs in zip(baseline.samples_of(QUERY), loaded.samples_of(QUERY), strict=True):
        np.testing.assert_array_equal(mine.values, theirs.values)


def test_a_similar_load(made: Callable[..., Made]) -> None:
    """After a night's deployment the last sessions are those of the night; by load they are those of the day before."""
    of_the_day = made(Match.LOAD, until=NIGHT)
    assert of_the_day.band is not None
    assert of_the_day.band.low < 400 < of_the_day.band.high
    assert level_ms(of_the_day.baseline) == pytest.approx(DAY_MS, rel=0.1)
    assert all(is_busy(one.started_at) for one in of_the_day.baseline.sessions)
    assert [one.conditions.host_load for one in of_the_day.baseline.sessions] == pytest.approx([0.6] * 12)


def test_the_latest_sessions(made: Callable[..., Made]) -> None:
    """Matched by nothing: the twelve before the instant, here those of the night; a call that was refused stays."""
    one = made(until=NIGHT)
    assert len(one.baseline.sessions) == 12
    assert one.baseline.finished_at > NIGHT - timedelta(minutes=10)
    assert level_ms(one.baseline) == pytest.approx(NIGHT_MS, rel=0.1)
    assert one.band is None


def test_failures_stay(made: Callable[..., Made]) -> None:
    """A baseline is what was: the call that was refused before the deployment is in it."""
    assert sum(int(one.failed.sum()) for one in made().baseline.samples_of(QUERY)) == 1


def only(*names: str) -> SeriesRegistry:
    """These of the series."""
    return SeriesRegistry([SERIES[name] for name in names])


def test_load_that_nothing_tells_is_wrong_usage(made: Callable[..., Made]) -> None:
    """The message names the probes that would."""
    with pytest.raises(ConfigurationError, match=r"kind scrape with the series requests_per_minute.*kind host"):
        made(Match.LOAD, series=only(QUERY))


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"series": only(RARE)}, rf"{RARE} 2$"),
        ({"series": only(RARE), "matched": Match.HOUR_OF_WEEK}, r"leave hour-of-week out of --match"),
        ({"matched": Match.LOAD, "like": START}, r"was not measured in the hour before 2026-03-02 09:00 UTC"),
        ({"until": START - timedelta(weeks=9)}, r"35 days \(store.samples_days\)"),
        ({"series": only(CPU)}, r"no probe measures a time"),
    ],
    ids=["two sessions", "two, matched", "load not measured", "too old", "no durations"],
)
def test_too_little_is_undecided(made: Callable[..., Made], wish: dict[str, Any], message: str) -> None:
    """With what there is of each series, and what would help."""
    matched = [wish.pop("matched")] if "matched" in wish else []
    with pytest.raises(UndecidedError, match=message):
        made(*matched, **wish)
