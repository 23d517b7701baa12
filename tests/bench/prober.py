"""The product's probes in a process of their own: `python -m tests.bench.prober URL`.

Reads orders from standard input, one JSON object a line: `connection` (kept_alive or new), `rate` (runs a second, null
for all at once) and `runs`. Answers each with the seconds that the runs took, connecting included, as a JSON list.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from baselines.measurement import Measurement, Outcome
from monitor.event_loop import run, settle
from probes import ProbeSet
from tests.probes.watched import SystemClock, watched

PROBES = 200


async def main(url: str) -> None:
    """Carry out orders until there are no more."""
    targets = {one: {"kind": "http", "url": url, "connection": one} for one in ("kept_alive", "new")}
    configuration = watched(
        targets,
        {
            f"{connection}_{number}": {"kind": "http", "target": connection, "category": "bench", "path": "/"}
            for connection in targets
            for number in range(PROBES)
        },
    )
    async with ProbeSet(configuration.probes, configuration.targets, SystemClock()) as probes:
        loop = asyncio.get_running_loop()
        settle()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await _carry_out(json.loads(line), probes)), flush=True)


async def _carry_out(order: Mapping[str, object], probes: ProbeSet) -> Sequence[float]:
    loop, rate = asyncio.get_running_loop(), order["rate"]
    started, runs = loop.time(), []
    for number in range(int(str(order["runs"]))):
        if rate is not None:
            await asyncio.sleep(started + number / float(str(rate)) - loop.time())
        name = f"{order['connection']}_{number % PROBES}"
        runs.append(asyncio.create_task(probes.run(name, datetime.now(UTC))))
    return [_seconds(measured) for (measured,) in await asyncio.gather(*runs)]


def _seconds(measured: Measurement) -> float:
    if measured.outcome is not Outcome.OK or measured.value is None:
        raise SystemExit(f"a probe failed: {measured}")
    return measured.value + sum(measured.phases.get(phase, 0.0) for phase in ("resolve", "connect", "tls"))


if __name__ == "__main__":
    run(main(sys.argv[1]))
