"""`python -m tests.acceptance.soaked_prober CONFIG`: probes on their beats, for as long as standard input is open.

The line `seen` is answered with what was measured since it was asked last; `rest` stops the probes until what is idle
has had time to end, and is answered with what the process still holds, whereupon they go on. Both as JSON.
"""

import asyncio
import ctypes
import gc
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psutil

from baselines import Measurement
from monitor.clock import SystemClock
from monitor.configuration import load_configuration
from monitor.event_loop import run
from monitor.scheduler import Beat, keep_beats
from probes import ProbeSet

# Longer than an idle connection to a web server is kept.
REST_SECONDS = 6.0


async def main(path: Path) -> None:
    """Until standard input ends."""
    settings, clock = load_configuration(path, os.environ).settings, SystemClock()
    beats = [Beat(name, one.interval_seconds) for name, one in settings.probes.items()]
    seen = Counter[str]()

    def hand(measurements: Sequence[Measurement]) -> None:
        seen.update(f"{one.series.partition('.')[0]}:{one.reason or 'ok'}" for one in measurements)

    questions = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    async with ProbeSet(settings.probes, settings.targets, clock) as probes:
        while True:
            beating = asyncio.create_task(keep_beats(beats, probes.run, hand, clock))
            while (question := await questions.readline()) == b"seen\n":
                print(json.dumps(dict(seen)), flush=True)
                seen.clear()
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            if not question:
                return
            await asyncio.sleep(REST_SECONDS)
            print(json.dumps(_held()), flush=True)


def _held() -> dict[str, int]:
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)  # what the C library keeps in store after a burst is not held by us
    process = psutil.Process()
    return {
        "tasks": len(asyncio.all_tasks()),
        "sockets": len(process.net_connections("all")),
        "descriptors": process.num_fds(),
        "bytes": process.memory_full_info().uss,
    }


if __name__ == "__main__":
    run(main(Path(sys.argv[1])))
