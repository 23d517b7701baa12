"""B7: from a bad evaluation to the message that has arrived, of one alert and of 500 at once, with a channel dead."""

import asyncio
import itertools
import socket
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Self

from monitor.database import migrate
from monitor.embedded import EmbeddedServer
from tests.bench.alert_room import AlertRoom
from tests.bench.alert_side import Fault, Side, running
from tests.bench.alert_sink import Sink
from tests.bench.alertmanager import Alertmanager, alertmanager_version
from tests.bench.result import Result

PAIRS = 5
LIVE = "/live"
# Of one alert alone, in a run.
SINGLES = 10
MANY = 500
GOAL = 1.0
# A dead channel that delays another does so by a wait or a time-out, of which the shortest takes a second. What is less
# is the processor's share of a busy machine, of which the many need more.
DELAY_GOALS_MS = {"one": 250.0, f"last_of_{MANY}": 1000.0}
# About as short as anybody has it (5 min as shipped): what came too late for a group's first message waits that long.
GROUP_INTERVAL_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
_BESIDE_DEAD = ("beside_refusing", "beside_hanging")
POLL_SECONDS = 0.02


def b7() -> Result:
    """Five pairs; each run with a new process and a new store, and a warm-up that doesn't count."""
    peer = f"Alertmanager {alertmanager_version('B7')}"
    figures = defaultdict[str, list[float]](list)
    with _House.open() as house, _dead_ports() as dead:
        # A second channel takes its share of the processor, dead or not: dead ones are held against a live one.
        second = {"live": f"http://127.0.0.1:{house.sink.port}/second", **dead}
        others: dict[str, Sequence[str]] = {"alone": (), **{f"beside_{name}": (url,) for name, url in second.items()}}
        for _ in range(PAIRS):
            for beside, urls in others.items():
                house.measure(house.ours(urls), f"ours_{beside}", figures)
                house.measure(house.theirs(urls, group_by="cause"), f"theirs_{beside}", figures)
                house.measure(house.theirs(urls, group_by="..."), f"theirs_ungrouped_{beside}", figures)
    return _judged(figures, peer)


def _judged(figures: dict[str, list[float]], peer: str) -> Result:
    """Like against like: both tell the many in few messages. Alertmanager with a message each is reported."""

    def pairs(one: str, other: str) -> Iterator[tuple[float, float]]:
        return zip(figures[one], figures[other], strict=True)

    counts = tuple(DELAY_GOALS_MS)
    ratios: dict[str, list[float]] = {}
    reported: dict[str, list[float]] = {}
    undelayed = True
    for name in (f"{beside}_{count}" for beside in ("alone", *_BESIDE_DEAD) for count in counts):
        ours = f"ours_{name}_ms"
        ratios[f"ratio_{name}"] = [a / b for a, b in pairs(ours, f"theirs_{name}_ms")]
        reported[f"ratio_to_ungrouped_{name}"] = [a / b for a, b in pairs(ours, f"theirs_ungrouped_{name}_ms")]
    for side, beside, count in itertools.product(("ours", "theirs"), _BESIDE_DEAD, counts):
        both = pairs(f"{side}_{beside}_{count}_ms", f"{side}_beside_live_{count}_ms")
        delays = reported[f"delay_of_{side}_{beside}_{count}_ms"] = [dead - live for dead, live in both]
        undelayed = undelayed and (side != "ours" or median(delays) <= DELAY_GOALS_MS[count])
    figures.update(ratios | reported)
    fast = all(median(one) <= GOAL for one in ratios.values())
    limits = DELAY_GOALS_MS.values()
    goal = (
        f"one alert and {MANY} of one cause told no later than by {peer} with group_wait 0 (ratio at most "
        f"{GOAL:g}), and a dead channel delays no other (by at most {' or '.join(map('{:g}'.format, limits))} ms)"
    )
    worst = [max(several) for several in zip(*ratios.values(), strict=True)]
    return Result(id="B7", goal=goal, figures=figures, ratio=worst, met=fast and undelayed)


@dataclass(slots=True)
class _House:
    """What every run has: the sink, the server of the stores, and numbers that are used once."""

    directory: Path
    server: EmbeddedServer
    sink: Sink
    numbers: Iterator[int]

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Self]:
        with TemporaryDirectory(prefix="portalwatch-bench-") as folder, ExitStack() as running:
            directory = Path(folder)
            directory.chmod(0o755)
            server = running.enter_context(EmbeddedServer.start(directory / "server"))
            yield cls(directory, server, running.enter_context(Sink.running()), itertools.count())

    def ours(self, others: Sequence[str]) -> Side:
        """The alert room on a new store."""
        directory = self._new_directory()
        self.server.create_database(directory.name)
        dsn = self.server.dsn(directory.name)
        asyncio.run(migrate(dsn))
        return AlertRoom(directory, dsn, [self._live, *others])

    def theirs(self, others: Sequence[str], *, group_by: str) -> Side:
        """Alertmanager with nothing kept."""
        urls = [self._live, *others]
        interval = GROUP_INTERVAL_SECONDS
        return Alertmanager(self._new_directory(), urls, group_by=group_by, group_interval_seconds=interval)

    def measure(self, side: Side, name: str, figures: dict[str, list[float]]) -> None:
        """One run of a side; `figures` get the median of the single alerts, and the first and last of the many."""
        with running(side):
            self._told_after_ms(side, 1)
            figures[f"{name}_one_ms"].append(median(self._told_after_ms(side, 1)[0] for _ in range(SINGLES)))
            told = self._told_after_ms(side, MANY)
            figures[f"{name}_first_of_{MANY}_ms"].append(told[0])
            figures[f"{name}_last_of_{MANY}_ms"].append(told[-1])
        self.sink.arrivals()  # nothing of this run is left for the next

    @property
    def _live(self) -> str:
        return f"http://127.0.0.1:{self.sink.port}{LIVE}"

    def _new_directory(self) -> Path:
        directory = self.directory / f"run_{next(self.numbers)}"
        directory.mkdir()
        return directory

    def _told_after_ms(self, side: Side, count: int) -> list[float]:
        """When each of so many faults of one new cause was told first, after they were handed in, in order."""
        cause = f"cause_{next(self.numbers)}"
        faults = [Fault(number, f"{cause}.series_{number}", datetime.now(UTC)) for number in self._next(count)]
        began = side.hand_in(faults)
        wanted = {side.alert_of(one) for one in faults}
        named: set[str] = set()
        told: list[float] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(told) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"B7: {side.name} told {len(told)} of {count} within {PATIENCE_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
            for arrival in self.sink.arrivals():
                if arrival.path != LIVE:
                    continue
                new = {one.alert for one in side.read(arrival.body)} & wanted - named
                more = side.unnamed(arrival.body) if new else 0
                told += [1000 * (arrival.at - began)] * (len(new) + more)
                named |= new
        return told

    def _next(self, count: int) -> list[int]:
        return list(itertools.islice(self.numbers, count))


@contextmanager
def _dead_ports() -> Iterator[dict[str, str]]:
    """URLs of a port that nobody listens on, and of one that takes connections and never answers."""
    with socket.socket() as refusing, socket.create_server(("127.0.0.1", 0), backlog=4096) as hanging:
        refusing.bind(("127.0.0.1", 0))  # so that nobody else gets it
        yield {
            "refusing": f"http://127.0.0.1:{refusing.getsockname()[1]}/dead",
            "hanging": f"http://127.0.0.1:{hanging.getsockname()[1]}/dead",
        }
