"""Kept runs of checks on their way: metrics, findings that begin and end, and a store that is away."""

import asyncio
from datetime import timedelta
from pathlib import Path

from monitor.checks.postgres import PostgresCheckRuns
from monitor.database import store_pool
from tests.monitor.checks.made import report
from tests.monitor.test_pipeline import House, opened
from thresholds import CheckKind, CheckStatus

HEALTH = CheckKind.SYSTEM_HEALTH
FAILS = {"security": CheckStatus.FAIL}


def told(house: House) -> dict[str, str]:
    """The lines of the metrics on checks."""
    lines = house.exporter.render()[0].decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if line.startswith("portalwatch_check_"))


def test_a_run_that_fails_is_an_alert_until_one_does_not(store: str, tmp_path: Path) -> None:
    """Looked at again and again, whoever kept it; a warning is shown in the metrics and ends the alert."""

    async def run() -> None:
        async with opened(store, tmp_path) as house, store_pool(store) as pool:
            runs = PostgresCheckRuns(pool)
            await runs.append("test", "v1", report(HEALTH, house.clock.now(), FAILS))
            for _ in range(5):
                house.clock.advance(60)
                await house.pipeline.tell_checks()
            (record,) = await house.alerts.list_alerts()
            assert (record.alert.series, record.alert.state) == ("checks.system_health_check", "firing")
            assert record.alert.tier in ("support_level_1", "tier_3_critical")
            assert "security, portal.certificate" in record.alert.summary
            security = 'portalwatch_check_status{check="system_health_check",component="security"}'
            assert told(house)[security] == "2.0"
            at = house.clock.now()
            await runs.append("test", "v1", report(HEALTH, at, {"security": CheckStatus.WARNING}))
            for _ in range(8):
                house.clock.advance(60)
                await house.pipeline.tell_checks()
            (record,) = await house.alerts.list_alerts()
            assert record.alert.state == "resolved"
            assert told(house)[security] == "1.0"
            ran = 'portalwatch_check_run_timestamp_seconds{check="system_health_check"}'
            assert float(told(house)[ran]) == at.timestamp()

    asyncio.run(run())


def test_after_a_restart_the_latest_runs_are_there(store: str, tmp_path: Path) -> None:
    """They come out of the store; a component that a run no longer has is gone."""

    async def run() -> None:
        async with store_pool(store) as pool:
            async with opened(store, tmp_path) as house:
                start = house.clock.now()
                await PostgresCheckRuns(pool).append("test", "v1", report(CheckKind.INDEX_USAGE, start))
            async with opened(store, tmp_path) as house:
                assert told(house) == {}
                await house.pipeline.tell_checks()
                assert len(told(house)) == 5
                fewer = report(CheckKind.INDEX_USAGE, start + timedelta(hours=6))
                fewer = type(fewer)(fewer.kind, fewer.at, fewer.lines[:1])
                await PostgresCheckRuns(pool).append("test", "v1", fewer)
                await house.pipeline.tell_checks()
                assert len(told(house)) == 2

    asyncio.run(run())


def test_old_runs_go_with_the_housekeeping(store: str, tmp_path: Path) -> None:
    """As long as hourly figures are kept."""

    async def run() -> None:
        async with opened(store, tmp_path) as house, store_pool(store) as pool:
            runs, now = PostgresCheckRuns(pool), house.clock.now()
            for days in (401, 399, 0):
                await runs.append("test", "v1", report(HEALTH, now - timedelta(days=days)))
            await house.pipeline.keep_house()
            assert len(await runs.since("test", now - timedelta(days=500))) == 2

    asyncio.run(run())
