"""The host probe against this very machine."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest

from baselines.measurement import Measurement, Outcome, Reason
from baselines.series import Unit
from probes import ProbeSet, series_of
from tests.probes.watched import watched, with_probes


def probe_host(runs: int = 1, **entry: Any) -> list[dict[str, Measurement]]:
    """The measurements of each run by series."""
    configuration = watched({}, {"host": {"kind": "host", "category": "system_resources", **entry}})

    async def use(probes: ProbeSet) -> list[dict[str, Measurement]]:
        return [{one.series: one for one in await probes.run("host", datetime.now(UTC))} for _ in range(runs)]

    return asyncio.run(with_probes(configuration, use))


def test_three_ratios_agree_with_the_host(tmp_path: Any) -> None:
    """Processor, memory and disk are ratios from 0 to 1, the latter two as psutil has them."""
    (measured,) = probe_host(disk=str(tmp_path))
    assert list(measured) == [f"system_resources.{metric}" for metric in ("cpu_usage", "memory_usage", "disk_usage")]
    values = [one.value for one in measured.values()]
    assert all(value is not None and 0 <= value <= 1 for value in values)
    assert values[1] == pytest.approx(psutil.virtual_memory().percent / 100, abs=0.1)
    assert values[2] == pytest.approx(psutil.disk_usage(str(tmp_path)).percent / 100, abs=0.05)


def test_processor_use_is_that_since_the_run_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten seconds of which three were idle and one waited for the disk, six tenths were busy."""
    times = [(100.0, 50.0, 5.0, 2.0), (106.0, 53.0, 6.0, 4.0), (106.0, 63.0, 6.0, 4.0)]
    fields = ("user", "idle", "iowait", "guest")
    counters = [psutil.cpu_times()._replace(**dict.fromkeys(psutil.cpu_times()._fields, 0.0)) for _ in times]
    readings = iter(
        counter._replace(**dict(zip(fields, one, strict=True))) for counter, one in zip(counters, times, strict=True)
    )
    monkeypatch.setattr("probes.kinds.host.psutil.cpu_times", lambda: next(readings))
    first, second = probe_host(2)
    assert first["system_resources.cpu_usage"].value == pytest.approx(0.6)
    assert second["system_resources.cpu_usage"].value == pytest.approx(0.0)


def test_a_disk_that_is_not_there_fails_alone() -> None:
    """A path that does not exist is an error of the one series; the others are measured."""
    (measured,) = probe_host(disk="/no/such/mount")
    assert measured["system_resources.disk_usage"].outcome is Outcome.ERROR
    assert measured["system_resources.disk_usage"].reason is Reason.INTERNAL
    assert measured["system_resources.memory_usage"].outcome is Outcome.OK


def test_the_series_are_known_beforehand() -> None:
    """The registry has the three series as ratios with the probe's cadence before anything has run."""
    probes = watched({}, {"host": {"kind": "host", "category": "system_resources", "every": "10s"}}).probes
    known = [(one.metric, one.unit, one.cadence_seconds) for one in series_of(probes).values()]
    assert known == [(metric, Unit.RATIO, 10.0) for metric in ("cpu_usage", "memory_usage", "disk_usage")]
