"""B1: what a probe over HTTP adds to the target's own time, and what it costs, against blackbox_exporter."""

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Protocol
from urllib.parse import quote
from urllib.request import urlopen

from monitor.event_loop import run
from probes.targets import HttpTarget
from probes.web.exchange import PreparedRequest
from probes.web.link import HttpLink
from probes.web.transport import untimed
from tests.acceptance.running import free_port
from tests.bench.result import Result
from tests.probes.watched import SystemClock

PEER = "prometheus-blackbox-exporter"
RATES = (50, 200, 500)
PAIRS = 5
SECONDS = 3.0
BURST = 200
GOAL = 0.5
ROOT = Path(__file__).parents[2]
CONFIGURATION = "modules: {http_2xx: {prober: http, http: {preferred_ip_protocol: ip4}}}\n"


class Prober(Protocol):
    """Something that probes the target, in a process of its own."""

    name: str
    pid: int

    def probe(self, rate: int | None, runs: int) -> Sequence[float]:
        """The seconds each of the probes took by its own account; all at once where the rate is None."""
        ...


class Ours:
    """The product, by `tests.bench.prober`."""

    def __init__(self, name: str, connection: str, process: "subprocess.Popen[str]") -> None:
        self.name = name
        self.pid = process.pid
        self._connection = connection
        self._process = process

    def probe(self, rate: int | None, runs: int) -> Sequence[float]:
        order = {"connection": self._connection, "rate": rate, "runs": runs}
        print(json.dumps(order), file=_there(self._process.stdin), flush=True)
        seconds: list[float] = json.loads(_there(self._process.stdout).readline())
        return seconds


class Blackbox:
    """blackbox_exporter, asked at /probe as Prometheus asks it. The asking is not counted as its CPU."""

    name = "blackbox"

    def __init__(self, port: int, target: str, pid: int) -> None:
        self.pid = pid
        self._target = HttpTarget(kind="http", url=f"http://127.0.0.1:{port}")
        self._path = f"/probe?module=http_2xx&target={quote(target)}"

    def probe(self, rate: int | None, runs: int) -> Sequence[float]:
        return run(self._probe(rate, runs))

    async def _probe(self, rate: int | None, runs: int) -> Sequence[float]:
        link = HttpLink(self._target, SystemClock())
        request = link.prepare("GET", self._path, {}, None)
        loop = asyncio.get_running_loop()
        started, asked = loop.time(), []
        for number in range(runs):
            if rate is not None:
                await asyncio.sleep(started + number / rate - loop.time())
            asked.append(asyncio.create_task(_duration(link, request)))
        seconds = await asyncio.gather(*asked)
        await link.close()
        return seconds


async def _duration(link: HttpLink, request: PreparedRequest) -> float:
    exchange = await link.transport.exchange(request, {}, 1024 * 1024, untimed(SystemClock()))
    found = dict(line.split(" ") for line in exchange.body.decode().splitlines() if line.startswith("probe_"))
    if found.get("probe_success") != "1":
        raise SystemExit("B1: a probe of blackbox_exporter failed")
    return float(found["probe_duration_seconds"])


def b1() -> Result:
    """Interleaved, a new connection for each request as blackbox_exporter does it; kept alive is reported."""
    figures = defaultdict[str, list[float]](list)
    ratios: list[float] = []
    with ExitStack() as stack:
        url = stack.enter_context(_target())
        ours, kept, blackbox = stack.enter_context(_probers(url))
        for prober in (ours, kept, blackbox):
            prober.probe(200, 100)
        for _ in range(PAIRS):
            for rate in RATES:
                for prober in (ours, blackbox, kept):
                    _at_rate(prober, rate, url, figures)
            for prober in (ours, blackbox, kept):
                _burst(prober, url, figures)
            ratios.append(max(_compare(figures)))
    limits = [statistics.median(values) for name, values in figures.items() if name.endswith("_ratio")]
    return Result(
        id="B1",
        goal=f"bias and CPU per probe at most {GOAL} of blackbox_exporter's at {RATES} a second; a burst no slower",
        figures=figures,
        ratio=ratios,
        met=max(limits) <= GOAL and statistics.median(figures["burst_p99"]) <= 1.0,
    )


def _at_rate(prober: Prober, rate: int, url: str, figures: dict[str, list[float]]) -> None:
    _service_seconds(url)
    before = _cpu_seconds(prober.pid)
    seconds = prober.probe(rate, round(rate * SECONDS))
    cpu = _cpu_seconds(prober.pid) - before
    bias = statistics.median(seconds) - statistics.median(_service_seconds(url))
    figures[f"{prober.name}_{rate}_bias_ms"].append(bias * 1000)
    figures[f"{prober.name}_{rate}_cpu_us"].append(cpu / len(seconds) * 1e6)


def _burst(prober: Prober, url: str, figures: dict[str, list[float]]) -> None:
    _service_seconds(url)
    seconds = prober.probe(None, BURST)
    service = statistics.median(_service_seconds(url))
    figures[f"{prober.name}_burst_p50_bias_ms"].append((statistics.median(seconds) - service) * 1000)
    figures[f"{prober.name}_burst_p99_bias_ms"].append((statistics.quantiles(seconds, n=100)[98] - service) * 1000)


def _compare(figures: dict[str, list[float]]) -> Iterator[float]:
    """The ratios of the last pair."""
    for rate in RATES:
        for what in ("bias_ms", "cpu_us"):
            ratio = figures[f"ours_{rate}_{what}"][-1] / figures[f"blackbox_{rate}_{what}"][-1]
            figures[f"{rate}_{what.partition('_')[0]}_ratio"].append(ratio)
            yield ratio
    figures["burst_p99"].append(figures["ours_burst_p99_bias_ms"][-1] / figures["blackbox_burst_p99_bias_ms"][-1])


def _service_seconds(url: str) -> Sequence[float]:
    """What the target itself took for each request since it was last asked."""
    with urlopen(f"{url}/service-times") as answer:
        seconds: list[float] = json.load(answer)
    return seconds


def _cpu_seconds(pid: int) -> float:
    """CPU of all threads of another process, to the nanosecond: the clock of clock_getcpuclockid(3) on Linux."""
    return time.clock_gettime(~pid << 3 | 2)


@contextmanager
def _target() -> Iterator[str]:
    """The URL of a server with a known service time."""
    with _running([sys.executable, "-m", "tests.bench.timed_server"], stdout=subprocess.PIPE) as process:
        yield f"http://127.0.0.1:{int(_there(process.stdout).readline())}"


@contextmanager
def _probers(url: str) -> Iterator[tuple[Ours, Ours, Blackbox]]:
    """Ours with new and with kept connections, and the peer."""
    peer = shutil.which(PEER)
    if peer is None:
        raise SystemExit(f"B1: {PEER} is not installed; it is a package of Debian")
    with ExitStack() as stack:
        pipe = subprocess.PIPE
        process = stack.enter_context(
            _running([sys.executable, "-m", "tests.bench.prober", url], stdin=pipe, stdout=pipe)
        )
        file = Path(stack.enter_context(TemporaryDirectory(prefix="portalwatch-bench-"))) / "blackbox.yml"
        file.write_text(CONFIGURATION, encoding="utf-8")
        port = free_port()
        arguments = [peer, f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        blackbox = stack.enter_context(_running(arguments))
        _wait_for(port)
        yield Ours("ours", "new", process), Ours("kept", "kept_alive", process), Blackbox(port, url, blackbox.pid)


@contextmanager
def _running(
    arguments: Sequence[str], stdin: int | None = None, stdout: int | None = None
) -> "Iterator[subprocess.Popen[str]]":
    with subprocess.Popen(arguments, cwd=ROOT, text=True, stdin=stdin, stdout=stdout) as process:
        try:
            yield process
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            with urlopen(f"http://127.0.0.1:{port}/-/healthy"):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("B1: blackbox_exporter does not start")


def _there(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
