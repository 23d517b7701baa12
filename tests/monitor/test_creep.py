"""Days until a limit, out of the hours that a real store has."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from baselines import Approval, Measurement, Unit
from baselines.forecast import DaysUntil
from baselines.postgres import PostgresBaselines
from monitor.comparing import Figures
from monitor.configuration import load_configuration
from monitor.creep import PAST, Ahead, Creep, CreepWatch, Forecast
from monitor.database import store_pool
from monitor.exporter import Exporter
from probes import series_of
from tests.clocks import START, ManualClock
from tests.monitor.cli.commands import NOWHERE, configuration, sql_probes
from tests.monitor.cli.stored import SERIES, creeping, hold, in_store, keep, made, save
from thresholds import LimitOverride

SUCCESS, CONFLICTS = "information_items.creation_success_rate", "information_items.update_conflicts"
SECTIONS = {
    "targets": {
        **sql_probes(NOWHERE)["targets"],  # type: ignore[dict-item]
        "portal": {"kind": "http", "url": "http://127.0.0.1:1"},
    },
    "probes": {
        "a": {"kind": "sql", "target": "db", "category": "database_queries", "query": "SELECT 1"},
        "items": {
            "kind": "scrape",
            "target": "portal",
            "category": "information_items",
            "series": {
                "creation_success_rate": {"ratio": "created_total", "of": "tried_total", "direction": "floor"},
                "update_conflicts": {"count": "conflicts_total"},
            },
        },
    },
}


# The limit, and in how many days it is crossed at the earliest.
Looked = dict[Ahead, Any]


@pytest.fixture
def path(store: str, tmp_path: Path) -> Path:
    """A configuration with a duration, a share of which less is worse, and a count by the hour."""
    return configuration(tmp_path, store, **SECTIONS)


@pytest.fixture
def ahead(store: str, path: Path) -> Callable[..., Looked]:
    """What a series will cross: the limit, and in how many days at the earliest."""

    def look(series: str = SERIES, **override: object) -> Looked:
        figures = figures_of(path)
        own = {series: LimitOverride.model_validate(override)} if override else {}
        figures = replace(figures, matrix=figures.matrix.overridden(own))

        async def act(pool: asyncpg.Pool) -> Looked:
            creep = Creep(figures, "test", pool)
            [(_, found)] = [one async for one in creep.forecasts([figures.series[series]], START)]
            return {one.limit: (one.value, one.days.earliest) for one in found}

        return in_store(store, act)

    return look


def crept(level: float, a_day: float, series: str = SERIES) -> list[Measurement]:
    """Four weeks up to the start of the clock."""
    return creeping(series, level, a_day, days=28, end=START)


def test_what_stands_still_is_not_ahead_of_anything(store: str, path: Path, ahead: Callable[..., Looked]) -> None:
    """However near to its limit; and of nothing measured nothing is said."""
    assert ahead() == {}
    keep(store, path, crept(0.49, 0.0))
    assert ahead() == {}


def test_the_limits_of_the_matrix(store: str, path: Path, ahead: Callable[..., Looked]) -> None:
    """log(limit / level) / pace days, for each of them; a limit that is broken already is not ahead."""
    keep(store, path, crept(0.25, 0.02))
    assert ahead(critical="1 s") == {
        Ahead.WARNING: (0.5, pytest.approx(34.7, abs=1)),
        Ahead.CRITICAL: (1.0, pytest.approx(69.3, abs=1)),
    }
    assert ahead(warning="200 ms", critical="1 s").keys() == {Ahead.CRITICAL}


def test_a_floor_is_crossed_downwards(store: str, path: Path, ahead: Callable[..., Looked]) -> None:
    """Of a share of which less is worse, the fall counts, and no tolerance."""
    keep(store, path, [replace(one, value=min(one.value or 0.0, 1.0)) for one in crept(0.85, -0.001, SUCCESS)])
    assert ahead(SUCCESS, warning="at least 80 %") == {Ahead.WARNING: (0.8, pytest.approx(60, abs=2))}


def test_a_count_by_the_hour_has_no_limit_of_a_single_run(store: str, path: Path, ahead: Callable[..., Looked]) -> None:
    """The hours have figures of runs, and the limit is held against their sum."""
    keep(store, path, crept(2.0, 0.02, CONFLICTS))
    assert ahead(CONFLICTS) == {}
    assert ahead(CONFLICTS, warning="5").keys() == {Ahead.WARNING}


def test_the_tolerance_over_the_reference_or_else_the_active_baseline(
    store: str, path: Path, ahead: Callable[..., Looked]
) -> None:
    """The reference speaks where there is one; a baseline that has expired does not."""
    keep(store, path, crept(0.04, 0.01))
    assert Ahead.TOLERANCE not in ahead()
    save(store, made("pre", 50))
    assert ahead()[Ahead.TOLERANCE] == (pytest.approx(0.061, abs=0.001), pytest.approx(42, abs=3))
    approve(store, Approval(by="ann", at=START, expires_at=START))
    assert Ahead.TOLERANCE not in ahead()
    approve(store, Approval(by="ann", at=START))
    hold(store, path, 40)
    assert ahead()[Ahead.TOLERANCE] == (pytest.approx(0.05), pytest.approx(22, abs=2))


def test_below_a_millisecond_the_floor_is_the_tolerance(store: str, path: Path, ahead: Callable[..., Looked]) -> None:
    """As for the watching itself: half a millisecond may become one and a half."""
    keep(store, path, crept(0.0005, 0.02))
    hold(store, path, 0.5)
    assert ahead()[Ahead.TOLERANCE] == (pytest.approx(0.0015), pytest.approx(55, abs=2))


def test_the_service_exports_the_earliest_days(store: str, path: Path) -> None:
    """A limit that is ahead has its days; one that is no more, such as after a quiet month, disappears."""
    keep(store, path, crept(0.25, 0.02))
    figures, clock = figures_of(path), ManualClock()
    exporter = Exporter(figures.series, version="0")
    name = f'portalwatch_series_until_limit_seconds{{limit="warning",series="{SERIES}"}}'

    async def act(pool: asyncpg.Pool) -> None:
        watch = CreepWatch(Creep(figures, "test", pool), figures.series, exporter, clock)
        await watch.look()
        [line] = [one for one in exporter.render()[0].decode().splitlines() if one.startswith(name)]
        assert float(line.split()[-1]) / 86400 == pytest.approx(34.7, abs=1)
        clock.advance(PAST.total_seconds())
        await watch.look()
        assert name not in exporter.render()[0].decode()

    in_store(store, act)


def test_while_the_store_is_away_the_next_round_is_waited_for(path: Path) -> None:
    """Nothing is raised, and nothing is said of any series."""
    figures = figures_of(path)
    exporter = Exporter(figures.series, version="0")

    async def act() -> None:
        async with store_pool(NOWHERE, eager=False) as pool:
            await CreepWatch(Creep(figures, "test", pool), figures.series, exporter, ManualClock()).look()

    asyncio.run(act())
    assert "until_limit_seconds{" not in exporter.render()[0].decode()


def test_a_sentence_for_people() -> None:
    """The limit with its figure in the unit people read, and when."""
    days = DaysUntil(12.3, 29.1)
    assert (
        Forecast(Ahead.CRITICAL, 1.0, days).sentence(Unit.SECONDS)
        == "the critical limit of 1 s in 12 to 30 days at this pace"
    )
    assert Forecast(Ahead.TOLERANCE, 0.05, days).sentence(Unit.SECONDS).startswith("the tolerance of 50 ms in 12")


def figures_of(path: Path) -> Figures:
    """The customer's figures for the series of the configuration."""
    configured = load_configuration(path, {})
    return Figures.load(configured, series_of(configured.settings.probes))


def approve(store: str, approval: Approval) -> None:
    """Approve the baseline `pre`."""

    async def act(pool: asyncpg.Pool) -> None:
        await PostgresBaselines(pool).approve("pre", approval)

    in_store(store, act)
