"""B4: /metrics with 1,000 to 100,000 series against prometheus_client, and what a scrape does to a probe."""

import json
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from urllib.request import Request, urlopen

from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics

from monitor.exporter import OPENMETRICS
from tests.bench.exposed import Exposed
from tests.bench.result import Result

SIZES = (1_000, 10_000, 100_000)
PAIRS = 7
GOAL = 20.0
# A scrape comes every 15 s at most; here it comes every second.
SCRAPE_EVERY_SECONDS = 1.0
RATE = 100
SECONDS = 5.0
# Medians of two stretches without any scrape differ by as much on a machine with two cores.
BIAS_GOAL_RATIO = 1.1


def b4() -> Result:
    """Both formats of the same state, of which a tenth has changed since the scrape before; then probes, with and
    without scrapes of the largest exposition.
    """
    figures = defaultdict[str, list[float]](list)
    ratios = list[float]()
    for size in SIZES:
        exposed = Exposed.of(size)
        figures[f"series_{size}"].append(exposed.series)
        for accept in ("text/plain", OPENMETRICS):
            exposed.render(accept)
            ratios += [_pair(exposed, size, accept, figures) for _ in range(PAIRS)]
    for name, value in _probes():
        figures[name].append(value)
    medians = [statistics.median(values) for name, values in figures.items() if name.startswith("times_faster")]
    bias = statistics.median(figures["scraped_to_quiet_p50"])
    return Result(
        id="B4",
        goal=f"at least {GOAL:.0f} times faster than prometheus_client in both formats at each size; a probe's median "
        f"under a scrape a second of {SIZES[-1]} series at most {BIAS_GOAL_RATIO} times as long",
        figures=figures,
        ratio=ratios,
        met=min(medians) >= GOAL and bias <= BIAS_GOAL_RATIO,
    )


def _pair(exposed: Exposed, size: int, accept: str, figures: dict[str, list[float]]) -> float:
    """How many times faster one scrape was."""
    registry, name = exposed.exporter.registry, "openmetrics" if accept == OPENMETRICS else "text"
    peer = openmetrics.generate_latest if accept == OPENMETRICS else exposition.generate_latest
    exposed.change()
    ours_ms, ours = _timed(lambda: exposed.render(accept))
    theirs_ms, theirs = _timed(lambda: peer(registry))
    if ours != theirs:
        raise SystemExit(f"B4: {name} of {size} series is not what prometheus_client writes")
    figures[f"ours_{name}_{size}_ms"].append(ours_ms)
    figures[f"theirs_{name}_{size}_ms"].append(theirs_ms)
    figures[f"times_faster_{name}_{size}"].append(theirs_ms / ours_ms)
    return theirs_ms / ours_ms


def _timed(call: Callable[[], bytes]) -> tuple[float, bytes]:
    """Milliseconds of processor time: others are at work on this machine too."""
    started = time.process_time()
    content = call()
    return (time.process_time() - started) * 1000, content


def _probes() -> Iterator[tuple[str, float]]:
    """Probes of the product in a process of their own, as in the service, quiet and scraped in turn."""
    with ExitStack() as stack:
        port = stack.enter_context(_server("prompt_server"))
        metrics = stack.enter_context(_server("exposed", str(SIZES[-1])))
        prober = stack.enter_context(_Prober.running(f"http://127.0.0.1:{port}"))
        prober.probe()
        for _ in range(PAIRS):
            quiet = prober.probe()
            with _scraping(f"http://127.0.0.1:{metrics}/metrics") as scrapes:
                scraped = prober.probe()
            yield "scrapes", len(scrapes)
            yield "scrape_ms", statistics.median(scrapes) * 1000
            for name, at in (("p50", 49), ("p95", 94), ("p99", 98)):
                one, other = (statistics.quantiles(values, n=100)[at] for values in (quiet, scraped))
                yield f"quiet_{name}_ms", one * 1000
                yield f"scraped_{name}_ms", other * 1000
                yield f"scraped_to_quiet_{name}", other / one


class _Prober:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @classmethod
    @contextmanager
    def running(cls, url: str) -> "Iterator[_Prober]":
        command = [sys.executable, "-m", "tests.bench.prober", url]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield cls(process)
            finally:
                process.kill()

    def probe(self) -> Sequence[float]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"connection": "kept_alive", "rate": RATE, "runs": round(RATE * SECONDS)}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        seconds: list[float] = json.loads(self._process.stdout.readline())
        return seconds


@contextmanager
def _server(module: str, *arguments: str) -> Iterator[int]:
    """The port of one of this folder's servers."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


@contextmanager
def _scraping(url: str) -> Iterator[list[float]]:
    """Scrapes until left; the list fills with the seconds each took."""
    done, seconds = threading.Event(), list[float]()

    def scrape() -> None:
        while not done.is_set():
            started = time.perf_counter()
            with urlopen(Request(url, headers={"Accept": OPENMETRICS})) as answer:
                answer.read()
            seconds.append(time.perf_counter() - started)
            done.wait(SCRAPE_EVERY_SECONDS)

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield seconds
    finally:
        done.set()
        thread.join()
