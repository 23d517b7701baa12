"""B5: 10,000 probes every 30 s in the product's own probing process, on one core."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import psutil

from baselines import Measurement, Outcome
from monitor.link import read_link
from tests.bench.result import Result

PROBES = 10_000
EVERY_SECONDS = 30
RAMP_SECONDS = 30.0
MEASURED_SECONDS = 90.0
GOAL_LATENESS_SECONDS = 0.1
GOAL_MEMORY_BYTES = 400e6
# Far more than reading the configuration takes.
START_SECONDS = 120.0


@dataclass(slots=True)
class _Taken:
    """What came over the link while it was watched."""

    lateness_seconds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    failed: int = 0
    disturbed: int = 0

    def take(self, one: Measurement) -> None:
        self.lateness_seconds.append(one.lateness_seconds)
        self.disturbed += one.disturbed
        if one.outcome is Outcome.OK and one.value is not None:
            self.values.append(one.value)
        else:
            self.failed += 1


def b5() -> Result:
    """`monitor.probing` on a core of its own; server and reader on another, where there is one."""
    ours, others = _cores()
    with tempfile.TemporaryDirectory(prefix="portalwatch-bench-") as folder, _server(others) as port:
        path = Path(folder) / "portalwatch.yml"
        path.write_text(json.dumps(_configuration(port)), encoding="utf-8")  # JSON is YAML
        near, far = socket.socketpair()
        with near, _probing(path, far, ours) as process:
            far.close()
            figures, well = asyncio.run(_watch(process, near))
    goal = "10,000 probes every 30 s on one core: lateness p99 under 100 ms, memory under 400 MB"
    return Result(id="B5", goal=goal, figures=figures, met=well)


async def _watch(process: psutil.Process, link: socket.socket) -> tuple[dict[str, list[float]], bool]:
    taken: _Taken | None = None
    started = asyncio.Event()

    async def read() -> None:
        async for one in read_link(link, asyncio.Event()):
            if isinstance(one, Measurement):
                started.set()
                if taken is not None:
                    taken.take(one)

    reading = asyncio.create_task(read())
    async with asyncio.timeout(START_SECONDS):
        await started.wait()
    await asyncio.sleep(RAMP_SECONDS)
    taken, before, clock = _Taken(), process.cpu_times(), asyncio.get_running_loop().time()
    await asyncio.sleep(MEASURED_SECONDS)
    seconds = asyncio.get_running_loop().time() - clock
    after, memory = process.cpu_times(), process.memory_full_info().uss
    kept, taken = taken, None
    process.terminate()
    await reading

    cpu = after.user + after.system - before.user - before.system
    runs = len(kept.lateness_seconds)
    late = quantiles(kept.lateness_seconds, n=1000)
    figures = {
        "cpu_percent_of_one_core": [100 * cpu / seconds],
        "cpu_ms_per_probe": [1000 * cpu / runs],
        "memory_mb": [memory / 1e6],
        "lateness_p50_ms": [1000 * late[499]],
        "lateness_p99_ms": [1000 * late[989]],
        "lateness_max_ms": [1000 * max(kept.lateness_seconds)],
        "measurements_per_second": [runs / seconds],
        "failed": [float(kept.failed)],
        "disturbed_percent": [100 * kept.disturbed / runs],
    }
    complete = runs / seconds > 0.99 * PROBES / EVERY_SECONDS and kept.failed == 0
    well = complete and late[989] < GOAL_LATENESS_SECONDS and memory < GOAL_MEMORY_BYTES
    return figures, well


def _configuration(port: int) -> dict[str, object]:
    return {
        "targets": {"portal": {"kind": "http", "url": f"http://127.0.0.1:{port}"}},
        "probes": {
            f"probe_{number}": {
                "kind": "http",
                "target": "portal",
                "category": "api_endpoints",
                "every": EVERY_SECONDS,
                "path": f"/{number}",
            }
            for number in range(PROBES)
        },
    }


@contextmanager
def _server(cores: set[int]) -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.prompt_server"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            os.sched_setaffinity(process.pid, cores)
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


@contextmanager
def _probing(configuration: Path, end: socket.socket, cores: set[int]) -> Iterator[psutil.Process]:
    """The product's probing process, started as its supervisor starts it."""
    command = [sys.executable, "-m", "monitor.probing", "--config", str(configuration), "--link-fd", str(end.fileno())]
    with subprocess.Popen(command, pass_fds=[end.fileno()]) as process:
        try:
            os.sched_setaffinity(process.pid, cores)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def _cores() -> tuple[set[int], set[int]]:
    """One core for the prober, the others for everything else; the same one where there is no other."""
    first, *others = sorted(os.sched_getaffinity(0))
    return {first}, set(others) or {first}
