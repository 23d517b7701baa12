"""B9: from a clone to the first comparison on screen; service start to first probe; idle CPU and memory."""

import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil
import yaml

from monitor.embedded import EmbeddedServer
from tests.acceptance.running import Service, eventually, free_port, serving
from tests.bench.result import Result

SERVICE_RUNS = 5
IDLE_SECONDS = 20.0
ROOT = Path(__file__).parents[2]


def b9() -> Result:
    """Reported, without a goal: a clone with its whole set-up once, the service five times."""
    figures = defaultdict[str, list[float]](list)
    with tempfile.TemporaryDirectory(prefix="portalwatch-bench-") as folder:
        directory = Path(folder)
        directory.chmod(0o755)
        _from_clone(directory / "clone", figures)
        with EmbeddedServer.start(directory / "watched", durable=False) as watched:
            for run in range(SERVICE_RUNS):
                _service(directory / f"service-{run}", watched.dsn("postgres"), figures)
    return Result(id="B9", goal="reported: first verdict, first probe, idle cost", figures=figures)


def _from_clone(clone: Path, figures: dict[str, list[float]]) -> None:
    """`make demo` in a fresh clone until the verdict stands on the screen, and until it ends."""
    started = time.perf_counter()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    process = subprocess.Popen(["make", "demo"], cwd=clone, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("1. "):
            figures["clone_to_set_up_seconds"].append(time.perf_counter() - started)
        if "slower than tolerance" in line:
            figures["clone_to_first_verdict_seconds"].append(time.perf_counter() - started)
    if process.wait() != 0 or not figures["clone_to_first_verdict_seconds"]:
        raise SystemExit("B9: make demo failed in a fresh clone")
    shutil.rmtree(clone)


def _service(directory: Path, watched: str, figures: dict[str, list[float]]) -> None:
    """Start to first probe with an embedded store, then what it costs while three probes run on their usual beats."""
    directory.mkdir()
    port = free_port()
    query = {"kind": "sql", "target": "db", "category": "database_queries", "query": "SELECT 1"}
    document = {
        "http": {"port": port},
        "store": {"directory": str(directory / "store")},
        "targets": {"db": {"kind": "postgresql", "url": watched}},
        "probes": {
            "first": {**query, "every": 1},
            "usual": query,
            "host": {"kind": "host", "category": "system_resources"},
        },
    }
    path = directory / "portalwatch.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    started = time.perf_counter()
    with serving(path, port, directory / "log") as service:
        runs = 'portalwatch_probe_runs_total{outcome="ok",reason="none",series="database_queries.first"}'
        eventually(lambda: service.metric(runs) >= 1, "the first probe")
        figures["start_to_first_probe_seconds"].append(time.perf_counter() - started)
        _idle(service, figures)
        service.stop()


def _idle(service: Service, figures: dict[str, list[float]]) -> None:
    """CPU of our processes over `IDLE_SECONDS`, and their memory; PostgreSQL's apart."""
    family = service.family()
    ours = [one for one in family if one.name() != "postgres"]
    before, started = _cpu_seconds(ours), time.perf_counter()
    time.sleep(IDLE_SECONDS)
    figures["idle_cpu_percent"].append(100 * (_cpu_seconds(ours) - before) / (time.perf_counter() - started))
    figures["idle_memory_mb"].append(sum(one.memory_full_info().uss for one in ours) / 1e6)
    servers = [one for one in family if one.name() == "postgres"]
    figures["store_memory_mb"].append(sum(one.memory_full_info().uss for one in servers) / 1e6)


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    return sum(times.user + times.system for one in processes for times in [one.cpu_times()])
