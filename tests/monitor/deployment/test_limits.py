"""Whether anything is over a critical limit now: what is critical once is looked at again, and nothing is made up."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from baselines import Measurement, Outcome, Reason, Series, SeriesRegistry, Unit
from monitor.comparing import Figures
from monitor.configuration import load_configuration
from monitor.deployment.limits import LOOKS, PAUSE_SECONDS, look_at_limits
from probes import ProbeSet, series_of
from tests.clocks import ManualClock
from tests.monitor.cli.commands import NOWHERE, configuration, sql_probes
from tests.monitor.demo.deployed_portal import ask

A, B, C = (Series(f"system_resources.{name}", Unit.RATIO) for name in ("cpu_usage", "memory_usage", "disk_usage"))
HIGH, LOW, SKIPPED = 0.99, 0.1, None


class Scripted:
    """As much of a `ProbeSet` as is asked of it: at each look, each probe's values by series."""

    def __init__(self, probes: Mapping[str, Sequence[Mapping[Series, float | None]]]) -> None:
        self._looks = {name: list(looks) for name, looks in probes.items()}
        self.names = tuple(probes)
        self._series = {name: tuple(dict.fromkeys(s for look in looks for s in look)) for name, looks in probes.items()}
        self.series = SeriesRegistry([one for of in self._series.values() for one in of])
        self.ran: list[str] = []

    def series_of(self, name: str) -> tuple[Series, ...]:
        return self._series[name]

    async def run(self, name: str, now: datetime) -> list[Measurement]:
        self.ran.append(name)
        return [
            Measurement(
                series=series.name,
                intended_at=now,
                started_at=now,
                outcome=Outcome.SKIPPED if value is None else Outcome.OK,
                reason=Reason.TOO_LITTLE if value is None else None,
                value=value,
            )
            for series, value in self._looks[name].pop(0).items()
        ]


@pytest.fixture
def figures(tmp_path: Path) -> Figures:
    """Those that are shipped: 85, 90 and 85 % are critical."""
    configured = load_configuration(configuration(tmp_path, NOWHERE), {})
    return Figures.load(configured, series_of(configured.settings.probes))


LOOKED: dict[str, tuple[dict[str, list[dict[Series, float | None]]], list[str], int, str]] = {
    "well": ({"a": [{A: LOW}], "b": [{B: LOW}]}, [], 2, "ab"),
    "critical once": ({"a": [{A: HIGH}, {A: LOW}], "b": [{B: LOW}]}, [], 2, "aba"),
    "critical twice": ({"a": [{A: HIGH}, {A: HIGH}, {A: LOW}]}, [], 1, "aaa"),
    "critical": ({"a": [{A: HIGH}] * LOOKS, "b": [{B: LOW}]}, [A.name], 2, "abaa"),
    "one after the other": ({"a": [{A: HIGH, B: LOW, C: LOW}, {A: LOW, B: HIGH, C: LOW}]}, [], 3, "aa"),
    "one of several": ({"a": [{A: HIGH, B: HIGH}, {A: LOW, B: HIGH}, {A: HIGH, B: HIGH}]}, [B.name], 2, "aaa"),
    "says nothing at first": ({"a": [{A: SKIPPED}, {A: LOW}]}, [], 1, "aa"),
    "critical when it says something": ({"a": [{A: SKIPPED}, {A: HIGH}, {A: HIGH}]}, [A.name], 1, "aaa"),
    "never says anything": ({"a": [{A: SKIPPED}] * LOOKS}, [], 0, "aaa"),
    "no probes": ({}, [], 0, ""),
}


@pytest.mark.parametrize("case", LOOKED)
def test_looks(case: str, figures: Figures) -> None:
    """Three at most, of those alone that are critical or have not said anything; which series are critical in all."""
    probes, critical, measured, ran = LOOKED[case]
    scripted, clock = Scripted(probes), ManualClock()
    began = clock.monotonic()
    found, looked_at = asyncio.run(look_at_limits(cast(ProbeSet, scripted), figures, clock))
    assert (sorted({one.series for one in found}), looked_at) == (critical, measured)
    assert "".join(scripted.ran) == ran
    rounds = max((scripted.ran.count(name) for name in probes), default=1)
    assert clock.monotonic() - began == (rounds - 1) * PAUSE_SECONDS


class Interrupted(ManualClock):
    """Between two looks something happens to the database."""

    def __init__(self, dsn: str, *statements: str) -> None:
        super().__init__()
        self._dsn, self._statements = dsn, list(statements)

    async def sleep(self, seconds: float) -> None:
        if seconds == PAUSE_SECONDS and self._statements:
            statement = self._statements.pop(0)
            await asyncio.to_thread(ask, self._dsn, lambda connection: connection.execute(statement))
        await super().sleep(seconds)


@pytest.mark.parametrize(
    ("happens", "critical"),
    [((), 1), (("UPDATE numbers SET v = 1",), 0), (("SELECT 1", "UPDATE numbers SET v = 1"), 0)],
)
def test_a_query_that_fails(
    empty_database: str, tmp_path: Path, figures: Figures, happens: tuple[str, ...], critical: int
) -> None:
    """By real probes of a real database: each time it is critical, and forgiven where it answers meanwhile."""
    ask(empty_database, lambda c: c.execute("CREATE TABLE numbers AS SELECT 0 AS v"))
    path = configuration(tmp_path, NOWHERE, **sql_probes(empty_database, a="SELECT 1 / v FROM numbers", b="SELECT 1"))
    settings: Any = load_configuration(path, {}).settings

    async def act() -> SimpleNamespace:
        clock = Interrupted(empty_database, *happens)
        async with ProbeSet(settings.probes, settings.targets, clock) as probes:
            found, looked_at = await look_at_limits(probes, figures, clock)
        return SimpleNamespace(found=found, looked_at=looked_at)

    looked = asyncio.run(act())
    assert (len(looked.found), looked.looked_at) == (critical, 2)
    assert {one.series for one in looked.found} <= {"database_queries.a"}
