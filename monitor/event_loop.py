"""Runs a coroutine on uvloop where the platform has it: its callbacks cost half as much, which probes feel."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

try:
    import uvloop as loops
except ImportError:  # Windows
    loops = asyncio  # type: ignore[misc]

T = TypeVar("T")


def run(coroutine: Coroutine[object, object, T]) -> T:
    """Like `asyncio.run`."""
    with asyncio.Runner(loop_factory=loops.new_event_loop) as runner:
        return runner.run(coroutine)
