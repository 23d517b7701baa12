"""What a suspicion takes before anybody is told, on a clock that tests move."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from baselines import Measurement, Outcome
from monitor.further_calls import CALLS, PAUSE_SECONDS, make_further_calls
from tests.clocks import START, ManualClock
from tests.probes.watched import watched

PROBES = watched(
    {"db": {"kind": "postgresql", "url": "postgresql://u@localhost/portal"}},
    {
        name: {"kind": "sql", "target": "db", "category": "database_queries", "query": "SELECT 1", "control": control}
        for name, control in {"a": False, "b": False, "select_1": True, "fixed": True}.items()
    },
).probes


@dataclass(slots=True)
class Prober:
    """Runs every probe at once and writes down which, and when, in seconds after the start."""

    clock: ManualClock = field(default_factory=ManualClock)
    seconds: float = 0.0
    running: int = 0
    ran: list[tuple[str, float]] = field(default_factory=list)
    handed: list[Measurement] = field(default_factory=list)

    async def run(self, probe: str, intended_at: datetime) -> Sequence[Measurement]:
        """One run, which takes `seconds`; never two at a time."""
        assert self.running == 0
        self.running += 1
        self.ran.append((probe, (intended_at - START).total_seconds()))
        await self.clock.sleep(self.seconds)
        self.running -= 1
        name, at = f"database_queries.{probe}", self.clock.now()
        return [Measurement(series=name, intended_at=intended_at, started_at=at, outcome=Outcome.OK, value=1.0)]

    def serve(self, *requests: str | float) -> None:
        """Serve requests in that order; a number lets so many seconds pass before the next."""

        async def arriving() -> AsyncIterator[str]:
            for one in requests:
                if isinstance(one, str):
                    yield one
                else:
                    self.clock.advance(one)

        asyncio.run(make_further_calls(arriving(), PROBES, self.run, self.handed.extend, self.clock))

    def runs_of(self, probe: str) -> list[float]:
        """When it ran."""
        return [at for name, at in self.ran if name == probe]


def test_twenty_calls_over_a_minute_with_the_controls_beside_them() -> None:
    """Three seconds apart each, the suspect before its controls; nothing else runs, and all of it is handed on."""
    prober = Prober()
    prober.serve("a")
    for name in ("a", "select_1", "fixed"):
        assert prober.runs_of(name) == [3.0 * turn for turn in range(CALLS)]
    assert [name for name, _ in prober.ran] == ["a", "select_1", "fixed"] * CALLS
    assert [one.series for one in prober.handed] == [f"database_queries.{name}" for name, _ in prober.ran]


def test_a_control_that_is_suspected_runs_once_a_turn() -> None:
    """It is its own suspect, and a control beside it only once."""
    prober = Prober()
    prober.serve("fixed")
    assert [name for name, _ in prober.ran] == ["fixed", "select_1"] * CALLS


def test_slow_calls_keep_the_beat_or_come_later() -> None:
    """Three runs of half a second fit into three seconds; three of two seconds follow one after the other."""
    quick, slow = Prober(seconds=0.5), Prober(seconds=2.0)
    quick.serve("a")
    slow.serve("a")
    assert quick.runs_of("a") == [3.0 * turn for turn in range(CALLS)]
    assert slow.runs_of("a") == [6.0 * turn for turn in range(CALLS)]


def test_one_request_after_the_other() -> None:
    """Two suspicions of the same moment are served in turn: never two runs at once."""
    prober = Prober(seconds=0.1)
    prober.serve("a", "b")
    assert [name for name, _ in prober.ran if name in "ab"] == ["a"] * CALLS + ["b"] * CALLS


def test_not_again_within_a_quarter_of_an_hour() -> None:
    """Of the same probe; another one is served meanwhile, and the first again when the time has passed."""
    prober = Prober()
    prober.serve("a", "a", PAUSE_SECONDS - 1, "a", "b")
    assert [len(prober.runs_of(name)) for name in "ab"] == [CALLS, CALLS]
    again = Prober()
    again.serve("a", PAUSE_SECONDS, "a")
    assert len(again.runs_of("a")) == 2 * CALLS


def test_a_probe_nobody_knows_is_passed_over() -> None:
    """A service of another configuration asks for what is gone, and what comes after it is served."""
    prober = Prober()
    prober.serve("gone", "", "a")
    assert prober.runs_of("gone") == []
    assert len(prober.runs_of("a")) == CALLS
