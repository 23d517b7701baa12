"""The host probe against this very machine."""

import asyncio
import re
import sys
import threading
import uuid
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest
from pydantic import ValidationError

from baselines.measurement import Measurement, Outcome, Reason
from baselines.series import Direction, Unit
from probes import ProbeSet, series_of
from probes.host import machine
from probes.host.container import ContainerTime
from tests.probes.watched import watched, with_probes

ALL_GROUPS = ["cpu", "memory", "disk", "swap", "load", "network", "disk_io"]


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
    monkeypatch.setattr("probes.host.machine.psutil.cpu_times", lambda: next(readings))
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


def test_every_group_is_measured() -> None:
    """All that can be chosen has a value; rates are bytes of a second."""
    (measured,) = probe_host(measure=ALL_GROUPS)
    assert {series.removeprefix("system_resources.") for series in measured} == {
        *("cpu_usage", "memory_usage", "disk_usage", "swap_usage", "load_per_processor"),
        *("network_in", "network_out", "disk_read", "disk_written"),
    }
    assert all(one.outcome is Outcome.OK for one in measured.values())


def counters(monkeypatch: pytest.MonkeyPatch, name: str, readings: list[Any]) -> None:
    """What psutil will answer, one after the other."""
    remaining = iter(readings)
    monkeypatch.setattr(f"probes.host.machine.psutil.{name}", lambda **_: next(remaining))


def test_bytes_of_the_network_are_those_of_a_second_without_the_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """All cards are added up; what the machine says to itself is no traffic."""

    def cards(received: int) -> dict[str, Any]:
        card = psutil._ntuples.snetio(0, 0, 0, 0, 0, 0, 0, 0)
        return {
            "lo": card._replace(bytes_recv=received * 1000),
            "eth0": card._replace(bytes_recv=received, bytes_sent=7),
            "wlan0": card._replace(bytes_recv=received, bytes_sent=7),
        }

    counters(monkeypatch, "net_io_counters", [cards(0), cards(10_000)])
    (measured,) = probe_host(measure=["network"])
    received = measured["system_resources.network_in"].value
    # A tenth of a second and a little lies between the two looks of a first run.
    assert received is not None
    assert 100 < received <= 200_000
    assert measured["system_resources.network_out"].value == 0


def test_a_host_without_disks_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A counter that the host does not have fails alone, with what to do."""
    monkeypatch.setattr("probes.host.machine.psutil.disk_io_counters", lambda: None)
    (measured,) = probe_host(measure=["disk_io", "memory"])
    assert measured["system_resources.disk_read"].detail == "this host has no such counter; leave it out"
    assert measured["system_resources.memory_usage"].outcome is Outcome.OK


def test_in_a_container_its_limits_are_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares are those of what the container may use: a container at its limit is full on an idle host."""
    times = iter([ContainerTime(5.0, 0.5), ContainerTime(1000.0, 0.5)])
    monkeypatch.setattr(machine, "container_time", lambda: next(times))
    monkeypatch.setattr(machine, "container_memory_usage", lambda: 0.97)
    (measured,) = probe_host(measure=["cpu", "memory"])
    assert [one.value for one in measured.values()] == [1.0, 0.97]


def test_a_mount_that_hangs_fails_alone_and_keeps_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again only when it has answered: no thread is added by a further run."""
    release = threading.Event()
    asked = []

    def hang(path: str) -> Any:
        asked.append(path)
        release.wait(30)
        return psutil._ntuples.sdiskusage(4, 1, 3, 25.0)

    monkeypatch.setattr("probes.kinds.host.psutil.disk_usage", hang)
    monkeypatch.setattr("probes.kinds.host.DISK_PATIENCE_SECONDS", 0.05)
    configuration = watched({}, {"host": {"kind": "host", "category": "system_resources"}})

    async def use(probes: ProbeSet) -> list[Measurement]:
        disk = [list(await probes.run("host", datetime.now(UTC)))[-1] for _ in range(2)]
        release.set()
        await asyncio.sleep(0.2)
        return [*disk, list(await probes.run("host", datetime.now(UTC)))[-1]]

    disk = asyncio.run(with_probes(configuration, use))
    assert [one.reason for one in disk] == [Reason.DEADLINE, Reason.DEADLINE, None]
    assert disk[0].outcome is Outcome.ERROR
    assert len(asked) == 1


def test_processes_are_series_of_their_own() -> None:
    """Number, share of the processors, memory and open files, by the name that the configuration gives."""
    child = f"import sys; print(1, flush=True); sys.stdin.read()  # {uuid.uuid4().hex}"

    async def main() -> dict[str, Measurement]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", child), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        await process.stdout.readline()
        entry = {
            "kind": "host",
            "category": "system_resources",
            "measure": ["open_files"],
            "processes": {"portal": re.escape(child)},
        }

        async def use(probes: ProbeSet) -> dict[str, Measurement]:
            return {one.series.partition(".")[2]: one for one in await probes.run("host", datetime.now(UTC))}

        measured = await with_probes(watched({}, {"host": entry}), use)
        await process.communicate(b"")
        return measured

    measured = asyncio.run(main())
    assert list(measured) == ["portal_processes", "portal_cpu_usage", "portal_memory", "portal_open_files"]
    number, cpu, memory, files = (one.value for one in measured.values())
    assert (number, cpu is not None and 0 <= cpu <= 1) == (1, True)
    assert memory is not None
    assert memory > 1024 * 1024
    assert files is not None
    assert files >= 3


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"measure": ["weather"]}, "measure.0"),
        ({"measure": []}, "at least 1 item"),
        ({"measure": ["open_files"]}, "name some in processes"),
        ({"processes": {"portal": "("}}, "processes.portal"),
    ],
)
def test_a_mistake_is_found_at_its_place(entry: dict[str, Any], message: str) -> None:
    """A group nobody knows, none at all, files of nobody, and a pattern that is none."""
    with pytest.raises(ValidationError, match=message):
        watched({}, {"host": {"kind": "host", "category": "system_resources", **entry}})


def test_fewer_processes_are_worse() -> None:
    """A program whose processes have gone breaks a floor."""
    entry = {"kind": "host", "category": "system_resources", "measure": ["cpu"], "processes": {"portal": "uvicorn"}}
    known = {one.metric: one.direction for one in series_of(watched({}, {"host": entry}).probes).values()}
    assert known["portal_processes"] is Direction.FLOOR
    assert known["portal_memory"] is Direction.CEILING
