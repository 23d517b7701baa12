"""Drives phases on a store until it is killed: `python -m tests.monitor.deployment.driver DSN NAME`."""

import asyncio
import random
import sys
from datetime import UTC, datetime

from monitor.database import store_pool
from monitor.deployment.actions import begin_phase, end_phase, judge_gate
from monitor.deployment.deployment import Deployment
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.phase import PhaseStatus
from monitor.deployment.postgres import PostgresDeployments
from tests.monitor.deployment.driven import result
from thresholds.deployment.gate import GateState


def step(deployment: Deployment, by: str) -> list[NewEvent]:
    """The running phase ends, or the gate that is due is judged, or the next phase begins; and a row of a log is read
    that whoever else comes by reads as well.
    """
    now, running, gate = datetime.now(UTC), deployment.running, deployment.due_gate
    row = str(deployment.number // 4)
    logged = NewEvent(kind=EventKind.ADVISED, by=by, source=f"migration_log:{row}", detail={"action": row})
    if running is not None:
        # None is completed, so it never comes to an end.
        status = random.choice([PhaseStatus.FAILED, PhaseStatus.ROLLED_BACK])
        return [logged, *end_phase(deployment, running.name, status, by)]
    assert gate is not None
    if deployment.gate_state(gate, now) is GateState.OPEN:
        return [logged, *begin_phase(deployment, gate.phase, by, now)]
    return [logged, *judge_gate(deployment, result(gate), by, deployment.number)]


async def drive(dsn: str, by: str) -> None:
    """For ever: what it decides on is how the deployment is, so nothing is refused."""
    async with store_pool(dsn) as pool:
        deployments = PostgresDeployments(pool, "test")
        print("driving", flush=True)
        while True:
            await deployments.change(lambda it: step(it, by), datetime.now(UTC))
            await asyncio.sleep(random.uniform(0, 0.02))


if __name__ == "__main__":
    asyncio.run(drive(*sys.argv[1:]))
