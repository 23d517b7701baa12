"""Faults that come, clear and are acknowledged, while the sink goes out and the sides are killed: what B8 counts."""

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

from tests.bench.alert_side import Fault, Side, SideDownError, Told
from tests.bench.alert_sink import Sink

# The real times are ten times as long: an alert is sent again every 10 s, and a round takes 50 s.
SCALE = 10.0
RESEND_SECONDS = 10.0 / SCALE
ROUND_SECONDS = 50.0 / SCALE
# Prometheus sends the end of an alert for 15 min.
END_SECONDS = 900.0 / SCALE
# So few of a cause that a message which lists them all lists them by name.
CAUSES = 8
SERIES_OF_A_CAUSE = 3
# What comes back more often than this flaps, and the product tells nobody of its end for a quarter of an hour.
FAULTS_OF_A_SERIES = 3
WELL_SECONDS = (2.0, 12.0)
FAULT_SECONDS = (1.0, 12.0)
BETWEEN_OUTAGES_SECONDS = (5.0, 20.0)
OUTAGE_SECONDS = (2.0, 12.0)
# How many of those who are told take it in hand, and how soon.
ACKNOWLEDGED = 0.3
ACKNOWLEDGED_AFTER_SECONDS = (0.1, 3.0)
# The product resolves after two good evaluations.
ENDS_TO_HEAR = 2
# Longer than the longest wait between two attempts of either side: what hasn't come by then never will.
QUIET_SECONDS = 75.0
_POLL_SECONDS = 0.1

T = TypeVar("T")


@dataclass(slots=True)
class Account:
    """One side's. Instants are seconds of `time.monotonic()`; faults stand by their number.

    `took`: confirmed that it has the fault. `ends`: how often it confirmed that it is over. `nameless`: arrivals of
    alerts of which the side has not said yet which fault they are; `unnamed`: how many a message told without a name.
    """

    side: Side
    path: str
    took: dict[int, float] = field(default_factory=dict)
    ends: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    acknowledged: dict[int, float] = field(default_factory=dict)
    told: defaultdict[int, list[tuple[float, Told]]] = field(default_factory=lambda: defaultdict(list))
    nameless: list[tuple[float, Told]] = field(default_factory=list)
    unnamed: int = 0

    def has_it(self, fault: Fault) -> bool:
        """Whether the side has confirmed that it has the fault."""
        return fault.number in self.took

    def has_its_end(self, fault: Fault) -> bool:
        """Whether it has been told that the fault is over, as often as it takes."""
        return self.ends[fault.number] >= ENDS_TO_HEAR


@dataclass(frozen=True, slots=True)
class Lived:
    """When a fault was there, in seconds of `time.monotonic()`."""

    fault: Fault
    began: float
    ended: float


class Storm:
    """One run: make it, await `run`, and read the accounts.

    `lives`: every fault there was, by its number. `kills`, and `outages` of the sink with their ends, are instants in
    seconds of `time.monotonic()`.
    """

    def __init__(self, sink: Sink, accounts: Sequence[Account], random: Random) -> None:
        self.accounts = accounts
        self.lives: dict[int, Lived] = {}
        self.kills: list[float] = []
        self.outages: list[tuple[float, float]] = []
        self._sink = sink
        self._random = random
        self._states: dict[str, Fault] = {}
        self._heard = asyncio.Condition()
        self._couriers = [_Courier(one, self._states, self._heard) for one in accounts]
        self._numbers = itertools.count()
        self._abating = False

    async def run(self, rounds: int) -> None:
        """So many rounds with a kill each, then until all faults are over and nothing comes any more."""
        for one in self._couriers:
            one.start()
        await asyncio.gather(*(one.ready() for one in self._couriers))
        async with asyncio.TaskGroup() as lasting:
            steady = [lasting.create_task(one.carry()) for one in self._couriers]
            steady.append(lasting.create_task(self._listen()))
            async with asyncio.TaskGroup() as passing:
                for number in range(CAUSES * SERIES_OF_A_CAUSE):
                    passing.create_task(self._live(f"storm_{number % CAUSES}.series_{number}"))
                passing.create_task(self._go_out())
                await self._kill(rounds)
                self._abating = True
            await self._quiet()
            for task in steady:
                task.cancel()

    async def _live(self, name: str) -> None:
        """One series after another: well, then bad until both sides have it, then well until both have heard that."""
        for turn in itertools.count():
            await asyncio.sleep(self._random.uniform(*WELL_SECONDS))
            if self._abating:
                return
            series = f"{name}_{turn // FAULTS_OF_A_SERIES}"
            began, fault = time.monotonic(), Fault(next(self._numbers), series, datetime.now(UTC))
            self._becomes(fault)
            await asyncio.sleep(self._random.uniform(*FAULT_SECONDS))
            await self._until(Account.has_it, fault)
            fault = replace(fault, cleared_at=datetime.now(UTC))
            self.lives[fault.number] = Lived(fault, began, time.monotonic())
            self._becomes(fault)
            await self._until(Account.has_its_end, fault)

    async def _until(self, heard: Callable[[Account, Fault], bool], fault: Fault) -> None:
        """Return once both sides have heard it."""
        async with self._heard:
            await self._heard.wait_for(lambda: all(heard(one, fault) for one in self.accounts))

    def _becomes(self, fault: Fault) -> None:
        self._states[fault.series] = fault
        for one in self._couriers:
            one.changed.put_nowait(fault.series)

    async def _kill(self, rounds: int) -> None:
        """Both at the same moment, and both started again at once."""
        for _ in range(rounds):
            began = time.monotonic()
            await asyncio.sleep(self._random.uniform(0, ROUND_SECONDS))
            self.kills.append(time.monotonic())
            for one in self._couriers:
                one.kill()
            for one in self._couriers:
                one.start()
            await asyncio.gather(*(one.ready() for one in self._couriers))
            await asyncio.sleep(began + ROUND_SECONDS - time.monotonic())

    async def _go_out(self) -> None:
        """The sink confirms nothing to either side for a while, again and again."""
        while not self._abating:
            await asyncio.sleep(self._random.uniform(*BETWEEN_OUTAGES_SECONDS))
            began = time.monotonic()
            for one in self.accounts:
                self._sink.take_out(one.path)
            await asyncio.sleep(self._random.uniform(*OUTAGE_SECONDS))
            self.outages.append((began, time.monotonic()))
            for one in self.accounts:
                self._sink.bring_back(one.path)

    async def _listen(self) -> None:
        """Enter what arrives, and acknowledge some of it as people do who were told."""
        async with asyncio.TaskGroup() as people:
            while True:
                for arrival in self._sink.arrivals():
                    account = next(one for one in self.accounts if one.path == arrival.path)
                    account.nameless += [(arrival.at, told) for told in account.side.read(arrival.body)]
                    account.unnamed += account.side.unnamed(arrival.body)
                for courier in self._couriers:
                    for fault in courier.told():
                        if self._random.random() < ACKNOWLEDGED:
                            people.create_task(self._acknowledge(courier, fault))
                await asyncio.sleep(_POLL_SECONDS)

    async def _acknowledge(self, courier: "_Courier", fault: Fault) -> None:
        await asyncio.sleep(self._random.uniform(*ACKNOWLEDGED_AFTER_SECONDS))
        while self._states[fault.series] == fault:  # it lasts
            with suppress(SideDownError):
                await courier.acknowledge(fault)
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _quiet(self) -> None:
        """Nothing has come for a while, from either side."""
        quiet_since = time.monotonic()
        while time.monotonic() < quiet_since + QUIET_SECONDS:
            await asyncio.sleep(1.0)
            latest = [at for one in self.accounts for told in one.told.values() for at, _ in told]
            quiet_since = max(quiet_since, *latest)


class _Courier:
    """Hands a side what changed at once, and everything on the beat; what was not confirmed goes with the next."""

    def __init__(self, account: Account, states: dict[str, Fault], heard: asyncio.Condition) -> None:
        self.account = account
        self.changed: asyncio.Queue[str] = asyncio.Queue()
        self._states = states
        self._heard = heard
        self._faults: dict[str, Fault] = {}
        self._up = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    def start(self) -> None:
        self.account.side.start()

    async def ready(self) -> None:
        async with self._one_at_a_time:
            await asyncio.to_thread(self.account.side.wait_until_ready)
            self._up.set()

    def kill(self) -> None:
        self._up.clear()
        self.account.side.kill()

    async def carry(self) -> None:
        """Until cancelled."""
        beat = time.monotonic()
        while True:
            names: set[str] = set(self._states)
            with suppress(TimeoutError):
                async with asyncio.timeout(beat - time.monotonic()):
                    names = {await self.changed.get()}
            while not self.changed.empty():
                names.add(self.changed.get_nowait())
            if time.monotonic() >= beat:
                beat += RESEND_SECONDS
            await self._up.wait()
            with suppress(SideDownError):
                await self._hand_in([self._states[name] for name in names])

    async def acknowledge(self, fault: Fault) -> None:
        await self._call(self.account.side.acknowledge, fault)
        self.account.acknowledged[fault.number] = time.monotonic()

    def told(self) -> list[Fault]:
        """Enter what has arrived; the faults that were told for the first time."""
        first, nameless = [], []
        for at, told in self.account.nameless:
            fault = self._faults.get(told.alert)
            if fault is None:
                nameless.append((at, told))
                continue
            if fault.number not in self.account.told:
                first.append(fault)
            self.account.told[fault.number].append((at, told))
        self.account.nameless = nameless
        return first

    async def _hand_in(self, faults: Sequence[Fault]) -> None:
        now = datetime.now(UTC)
        telling = [
            one for one in faults if one.cleared_at is None or (now - one.cleared_at).total_seconds() < END_SECONDS
        ]
        if not telling:
            return
        await self._call(self.account.side.hand_in, telling)
        for one in telling:
            if one.cleared_at:
                self.account.ends[one.number] += 1
            else:
                self.account.took.setdefault(one.number, time.monotonic())
                alert = self.account.side.alert_of(one)
                assert alert is not None
                self._faults[alert] = one
        async with self._heard:
            self._heard.notify_all()

    async def _call(self, order: Callable[[T], object], value: T) -> None:
        """Raises SideDownError, also for a side that was killed while the order waited for the one before."""
        async with self._one_at_a_time:
            if not self._up.is_set():
                raise SideDownError(f"{self.account.side.name} is being started")
            await asyncio.to_thread(order, value)
