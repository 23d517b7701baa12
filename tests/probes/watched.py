"""A configuration, its probe set and a clock: what every test of this room runs probes with."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator

from baselines.clock import Clock
from baselines.measurement import Measurement
from probes import Probes, ProbeSet, Target, check_probes

T = TypeVar("T")


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.perf_counter()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Watched(BaseModel):
    """The two sections of a configuration, nested as the product nests them."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    targets: dict[str, Target]
    probes: Probes

    @model_validator(mode="after")
    def _fit(self) -> Self:
        check_probes(self.probes, self.targets)
        return self


def watched(targets: Mapping[str, Any], probes: Mapping[str, Any]) -> Watched:
    """Validated as from a file."""
    return Watched.model_validate({"targets": dict(targets), "probes": dict(probes)})


async def with_probes(configuration: Watched, use: Callable[[ProbeSet], Awaitable[T]]) -> T:
    """What `use` returns; proves that nothing is left running when the set has been left."""
    clock: Clock = SystemClock()
    async with ProbeSet(configuration.probes, configuration.targets, clock) as probe_set:
        result = await use(probe_set)
    for _ in range(100):
        if all(map(_is_of_tests, asyncio.all_tasks())):
            return result
        await asyncio.sleep(0.01)  # the server's side of a broken handshake ends a moment later
    raise AssertionError(f"left running: {asyncio.all_tasks()}")


def _is_of_tests(task: asyncio.Task[Any]) -> bool:
    """Whether it runs a coroutine of a file under tests: the test itself, or a server of its own."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and Path(__file__).parent in Path(code.co_filename).parents


async def look(probe_set: ProbeSet, name: str = "probe") -> Measurement:
    """The one measurement of a probe with one series."""
    (measurement,) = await probe_set.run(name, datetime.now(UTC))
    return measurement
