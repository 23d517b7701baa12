"""What a kind of probe is made of: a Probe, run by a runner, over Links that outlive its runs."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

from baselines.clock import Clock
from baselines.inspection import Inspection
from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.reading import Reading
from probes.stopwatch import Stopwatch
from probes.targets import HttpTarget, PostgresTarget


class Link(Protocol):
    """The way to a target that stays open between runs: a connection, or a client with its pool."""

    async def close(self) -> None:
        """Close what is open and leave nothing behind; a later use opens anew. Nothing is in flight meanwhile."""
        ...


L = TypeVar("L", bound=Link)


class Links:
    """The links of a set of probes: one of each type and target, however many probes use it."""

    def __init__(self, targets: Mapping[str, PostgresTarget | HttpTarget], clock: Clock) -> None:
        self._targets = targets
        self._clock = clock
        self._links: dict[tuple[object, str], Link] = {}

    def to(self, target: str | None, make: Callable[[Any, Clock], L]) -> L:
        """The link of that type to the target of that name, made (not opened) where there is none yet."""
        if target is None:
            raise ValueError("a probe without a target has no link")
        if (make, target) not in self._links:
            self._links[make, target] = make(self._targets[target], self._clock)
        return cast("L", self._links[make, target])

    def shared(self, make: Callable[[Clock], L]) -> L:
        """The one link of that type that belongs to no target: what all probes of a kind look through."""
        if (make, "") not in self._links:
            self._links[make, ""] = make(self._clock)
        return cast("L", self._links[make, ""])

    async def close(self) -> None:
        """Close them all. No probe may be running."""
        for link in self._links.values():
            await link.close()


@dataclass(frozen=True, slots=True)
class Assertion:
    """One thing that must hold of an answer: `expected` and `found` in words, free of secrets and of bodies."""

    expected: str
    holds: bool
    found: str


@dataclass(slots=True)
class ProbeRun:
    """One run of one probe. What it fills in is kept however the run ends, also past the deadline.

    `number` counts the runs of this probe from 0. `stopwatch` runs while the target is being timed; the delay of the
    event loop is measured by it as well. `phases` are seconds by name, in the order in which they ended. A probe
    replaces `correlation_id` by the one the target answers that it logged. `details` are what an engineer wants to see
    of this one run (status, address, arguments), free of secrets.
    """

    number: int
    correlation_id: str
    clock: Clock
    stopwatch: Stopwatch
    phases: dict[str, float] = field(default_factory=dict)
    assertions: list[Assertion] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)

    def require(self, holds: bool, expected: str, found: str, reason: Reason = Reason.ASSERTION) -> None:
        """Keep an assertion. Raises ProbeFailed with that reason where it does not hold."""
        self.assertions.append(Assertion(expected, holds, found))
        if not holds:
            raise ProbeFailed(reason, f"expected {expected}, found {found}")

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times the block as that phase, also where it fails."""
        started = self.clock.monotonic()
        try:
            yield
        finally:
            self.add_phase(name, self.clock.monotonic() - started)

    def add_phase(self, name: str, seconds: float) -> None:
        """A phase that occurs again adds up."""
        self.phases[name] = self.phases.get(name, 0.0) + seconds


class Probe(ABC):
    """One configured probe: made once without any I/O, run many times, never twice at the same time."""

    def turn(self) -> asyncio.Lock | None:
        """What must be waited for before a run may start: a link that serves one at a time. It counts as lateness.

        None where nothing is.
        """
        return None

    @abstractmethod
    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """One look. The runner enforces the deadline by cancelling it.

        Raises ProbeFailed where the probe failed as a whole.
        """

    async def inspect(self, run: ProbeRun) -> Inspection | None:  # noqa: ARG002
        """How the target carries out the probe; None for a kind that can't be looked into. Raises ProbeFailed."""
        return None
