"""Baselines that the service captures by itself, in a real process and a real store."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import asyncpg
import pytest

from baselines.postgres import PostgresBaselines
from monitor.configuration import load_configuration
from monitor.database import store_pool
from monitor.errors import ConfigurationError
from monitor.exporter import Exporter
from monitor.scheduled_captures import CAPTURED_BY, ScheduledCaptures, due_at
from probes import series_of
from tests.baselines.made import baseline
from tests.clocks import START, ManualClock
from tests.monitor.cli.commands import NOWHERE, configuration, sql_probes
from tests.monitor.cli.stored import in_store, names_in, save

QUICKLY = ("--quick", "--force", "a test")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant in March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "since", "due"),
    [
        (None, at(2, 1), at(2, 2, 30)),
        (None, at(2, 9), at(3, 2, 30)),
        (None, at(2, 2, 30), at(3, 2, 30)),
        (at(2, 2, 31), at(2, 2, 30), at(9, 2, 30)),
        (at(2, 23, 59), at(2, 1), at(9, 2, 30)),
        (at(2, 2, 31), at(12, 9), at(13, 2, 30)),
    ],
    ids=["first-today", "first-tomorrow", "after-a-failure", "a-week-later", "by-day", "missed"],
)
def test_a_capture_is_due_by_the_day_and_the_hour(last: datetime | None, since: datetime, due: datetime) -> None:
    """A week after the day of the last one, never by day; what was missed waits for the next night."""
    assert due_at(time(2, 30), 7, last, since) == due


async def never() -> bool:
    """No phase keeps anybody away."""
    return False


def run_through(
    store: str,
    path: Path,
    clock: ManualClock,
    hours: Sequence[float],
    monkeypatch: pytest.MonkeyPatch,
    *,
    quiet_until: float = 0.0,
) -> tuple[list[list[str]], str]:
    """The names in the store after looking at each of these hours from the start of the service, and the metrics."""
    configured = load_configuration(path, {})
    exporter = Exporter(series_of(configured.settings.probes), version="0")
    command = ScheduledCaptures._command
    monkeypatch.setattr(ScheduledCaptures, "_command", lambda self, name: [*command(self, name), *QUICKLY])

    async def quiet() -> bool:
        return clock.now() < begun + timedelta(hours=quiet_until)

    begun = clock.now()

    async def act() -> list[list[str]]:
        names = []
        async with store_pool(store, eager=False) as pool:
            kept = PostgresBaselines(pool)
            scheduled = ScheduledCaptures(configured, kept, quiet, exporter, clock)
            for hour in hours:
                clock.advance((begun + timedelta(hours=hour) - clock.now()).total_seconds())
                await scheduled.capture_if_due()
                names.append(sorted(one.name for one in await kept.summaries()))
        return names

    return asyncio.run(act()), exporter.render()[0].decode()


def test_a_capture_is_taken_when_it_is_due_and_once(
    store: str, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named by environment and day, as the command takes it; the next look finds nothing to do."""
    path = configuration(
        tmp_path,
        store,
        capture={"every_days": 7, "at": "11:00", "sessions": 2, "samples": 3},
        **sql_probes(empty_database, a="SELECT 1"),
    )
    names, metrics = run_through(store, path, ManualClock(), [1, 2, 2.1], monkeypatch)
    assert names == [[], ["test-2026-03-02"], ["test-2026-03-02"]]
    assert 'portalwatch_scheduled_captures_total{outcome="kept"} 1.0' in metrics

    async def summary(pool: asyncpg.Pool) -> tuple[str, int, int]:
        (one,) = await PostgresBaselines(pool).summaries()
        return one.captured_by, one.sessions, one.series

    assert in_store(store, summary) == (CAPTURED_BY, 2, 1)


def test_nothing_is_captured_while_nobody_may_work(
    store: str, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when it is due, nor as soon as the phase is over, which may be by day; the next day."""
    path = configuration(
        tmp_path,
        store,
        capture={"every_days": 7, "at": "11:00", "sessions": 1, "samples": 1},
        **sql_probes(empty_database, a="SELECT 1"),
    )
    names, metrics = run_through(store, path, ManualClock(), [2, 7, 26], monkeypatch, quiet_until=6)
    assert names == [[], [], ["test-2026-03-03"]]
    assert 'portalwatch_scheduled_captures_total{outcome="failed"} 0.0' in metrics


def test_a_capture_that_fails_is_tried_again_the_next_day(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is counted and logged with the command's own words, and nothing is kept."""
    path = configuration(tmp_path, store, capture={"every_days": 1, "at": "11:00"}, **sql_probes(NOWHERE, a="SELECT 1"))
    names, metrics = run_through(store, path, ManualClock(), [2, 3, 26], monkeypatch)
    assert names == [[], [], []]
    assert 'portalwatch_scheduled_captures_total{outcome="failed"} 2.0' in metrics
    assert "target db can't be measured" in capsys.readouterr().out


def test_old_ones_make_room(store: str, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those of the schedule and of this environment, and never the active one."""
    days = {name: START - timedelta(days=age) for name, age in {"active": 30, "old": 20, "new": 10}.items()}
    own = [
        replace(baseline(name, [{"database_queries.a": [0.04]}], at=day), captured_by=CAPTURED_BY)
        for name, day in days.items()
    ]
    save(store, *own, baseline("mine", [{"database_queries.a": [0.04]}], at=START - timedelta(days=40)))
    save(store, replace(own[0], name="elsewhere", environment="other"))
    path = configuration(
        tmp_path,
        store,
        capture={"every_days": 7, "at": "11:00", "keep": 2, "sessions": 1, "samples": 1},
        **sql_probes(empty_database, a="SELECT 1"),
    )
    # What the process captures has the machine's own time, and may be older or newer than the test's.
    run_through(store, path, ManualClock(datetime.now(UTC).replace(hour=10, minute=0)), [1.1], monkeypatch)
    left = set(names_in(store))
    assert {"active", "mine", "elsewhere", "new"} <= left
    assert "old" not in left


def test_without_the_setting_nothing_is_captured(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the service runs."""
    names, _ = run_through(store, configuration(tmp_path, store), ManualClock(), [24, 24 * 30], monkeypatch)
    assert names == [[], []]


def test_a_store_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """What is due is not taken where it could not be kept."""
    path = configuration(tmp_path, NOWHERE, capture={"every_days": 1, "at": "10:00"})
    configured, clock = load_configuration(path, {}), ManualClock()
    exporter = Exporter(series_of(configured.settings.probes), version="0")

    async def act() -> None:
        async with store_pool(NOWHERE, eager=False) as pool:
            scheduled = ScheduledCaptures(configured, PostgresBaselines(pool), never, exporter, clock)
            clock.advance(2 * 3600)
            await scheduled.capture_if_due()

    asyncio.run(act())
    assert 'scheduled_captures_total{outcome="failed"} 0.0' in exporter.render()[0].decode()


def test_a_time_of_day_needs_its_quotes(tmp_path: Path) -> None:
    """Without them YAML takes it for a number of seconds, and the capture would begin at some other time."""
    path = tmp_path / "portalwatch.yml"
    path.write_text("capture: {every_days: 7, at: 11:30}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"capture\.at: a time of day is a text in quotes"):
        load_configuration(path, {})
    path.write_text('capture: {every_days: 7, at: "11:30"}\n', encoding="utf-8")
    assert load_configuration(path, {}).settings.capture.at == time(11, 30)
