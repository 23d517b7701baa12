"""A kind of probe that does what a test tells it to."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from probes import Links, Probe, ProbeRun, ProbeSettings, Reading, probe_kind, registry
from probes.registry import load_probe_kinds


@contextmanager
def own_kinds() -> Iterator[None]:
    """Within the block, registered kinds are forgotten again afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_kinds", dict(load_probe_kinds()))
        yield


def script(run: Callable[[ProbeRun], Awaitable[Sequence[Reading]]]) -> None:
    """Registers the kind "scripted", whose runs are that function."""

    @probe_kind("scripted", ProbeSettings)
    class Scripted(Probe):
        def __init__(self, settings: ProbeSettings, links: Links) -> None:
            pass

        async def run(self, one: ProbeRun) -> Sequence[Reading]:
            return await run(one)
