"""What the portal's own log says of the phases: each row once, whenever, however often and by whomever it is read."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from monitor.deployment.actions import decide_rollback
from monitor.deployment.deployment import Deployment
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.following import BY, follow, follow_away, told_by_log
from monitor.deployment.phase import PhaseStatus
from monitor.deployment.postgres import PostgresDeployments
from probes.deployment.migration_log import LoggedOperation, OperationStatus
from tests.clocks import START
from tests.monitor.deployment.driven import BEHIND_ONLY, PLAN, Driven, before, behind, opening
from tests.monitor.deployment.test_postgres import driving
from thresholds.deployment.gate import GateState

STARTED, COMPLETED, FAILED, ROLLED_BACK = OperationStatus
TWO_OPERATIONS = PLAN.model_copy(
    update={"phases": {**PLAN.phases, "copy": PLAN.phases["copy"].model_copy(update={"operations": ("a", "b")})}}
)


def row(
    number: int,
    status: OperationStatus,
    began: float,
    ended: float | None = None,
    *,
    phase: str = "preparation",
    operation: str = "a",
    error: str | None = None,
) -> LoggedOperation:
    """A row of the log; `began` and `ended` in minutes after the start."""
    return LoggedOperation(
        id=number,
        phase=phase,
        operation=operation,
        status=status,
        error=error,
        seconds=None if ended is None else (ended - began) * 60,
        rows=7,
        started_at=at(began),
        finished_at=None if ended is None else at(ended),
    )


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


class Followed(Driven):
    """A deployment that follows a log: `read` is one look at it."""

    def read(self, *rows: LoggedOperation) -> list[EventKind]:
        found = follow(self.deployment, rows, self.now)
        self.keep(found)
        assert follow(self.deployment, rows, self.now) == [], "read again, and something new"
        return [one.kind for one in found]

    def status(self, phase: str = "preparation") -> PhaseStatus:
        return self.deployment.phases[phase].status


BEGINS, ENDS, TOLD = EventKind.PHASE_STARTED, EventKind.PHASE_COMPLETED, EventKind.OPERATION
FAILS, TAKEN_BACK = EventKind.PHASE_FAILED, EventKind.PHASE_ROLLED_BACK

# What each look at the log finds, what follows from it, and how the phase stands in the end, begun so often.
LOGS: dict[str, tuple[list[tuple[list[LoggedOperation], list[EventKind]]], PhaseStatus, int]] = {
    "nothing": ([([], [])], PhaseStatus.PENDING, 0),
    "started in place, then completed": (
        [([row(1, STARTED, 1)], [BEGINS, TOLD]), ([row(1, COMPLETED, 1, 5)], [TOLD, ENDS])],
        PhaseStatus.COMPLETED,
        1,
    ),
    "only completed rows": ([([row(1, COMPLETED, 1, 5)], [BEGINS, TOLD, ENDS])], PhaseStatus.COMPLETED, 1),
    "a row of its own for the end": (
        [([row(1, STARTED, 1), row(2, COMPLETED, 1, 5)], [BEGINS, TOLD, TOLD, ENDS])],
        PhaseStatus.COMPLETED,
        1,
    ),
    "from before the deployment": ([([row(1, COMPLETED, -9, -5), row(2, FAILED, -1, 3)], [])], PhaseStatus.PENDING, 0),
    "a phase the plan has not": ([([row(1, COMPLETED, 1, 2, phase="other")], [])], PhaseStatus.PENDING, 0),
    "failed": ([([row(1, FAILED, 1, 2)], [BEGINS, TOLD, FAILS])], PhaseStatus.FAILED, 1),
    "failed and tried again in a new row": (
        [
            ([row(1, STARTED, 1)], [BEGINS, TOLD]),
            ([row(1, FAILED, 1, 2)], [TOLD, FAILS]),
            ([row(1, FAILED, 1, 2), row(2, STARTED, 3)], [BEGINS, TOLD]),
            ([row(1, FAILED, 1, 2), row(2, COMPLETED, 3, 4)], [TOLD, ENDS]),
        ],
        PhaseStatus.COMPLETED,
        2,
    ),
    "failed and tried again in place": (
        [([row(1, FAILED, 1, 2)], [BEGINS, TOLD, FAILS]), ([row(1, COMPLETED, 1, 4)], [BEGINS, TOLD, ENDS])],
        PhaseStatus.COMPLETED,
        2,
    ),
    "failed twice between two looks": (
        [([row(1, FAILED, 1, 2), row(2, FAILED, 3, 4)], [BEGINS, TOLD, FAILS, BEGINS, TOLD, FAILS])],
        PhaseStatus.FAILED,
        2,
    ),
    "another operation ends after one failed": (
        [
            ([row(1, STARTED, 1), row(2, STARTED, 1, operation="b")], [BEGINS, TOLD, TOLD]),
            ([row(1, FAILED, 1, 2), row(2, COMPLETED, 1, 3, operation="b")], [TOLD, FAILS, TOLD]),
        ],
        PhaseStatus.FAILED,
        1,
    ),
    "rolled back": (
        [([row(1, COMPLETED, 1, 2), row(2, ROLLED_BACK, 3, 4)], [BEGINS, TOLD, ENDS, TOLD, TAKEN_BACK])],
        PhaseStatus.ROLLED_BACK,
        1,
    ),
    "rolled back in place": (
        [([row(1, COMPLETED, 1, 2)], [BEGINS, TOLD, ENDS]), ([row(1, ROLLED_BACK, 1, 4)], [TOLD, TAKEN_BACK])],
        PhaseStatus.ROLLED_BACK,
        1,
    ),
    "rolled back although it never began": ([([row(1, ROLLED_BACK, 1, 2)], [TOLD])], PhaseStatus.PENDING, 0),
    "rolled back twice": (
        [
            ([row(1, COMPLETED, 1, 2), row(2, ROLLED_BACK, 3, 4)], [BEGINS, TOLD, ENDS, TOLD, TAKEN_BACK]),
            ([row(3, ROLLED_BACK, 5, 6)], [TOLD]),
        ],
        PhaseStatus.ROLLED_BACK,
        1,
    ),
    "dropped and made again with the same ids": (
        [
            ([row(1, COMPLETED, 1, 2), row(2, ROLLED_BACK, 3, 4)], [BEGINS, TOLD, ENDS, TOLD, TAKEN_BACK]),
            ([row(1, COMPLETED, 11, 12)], [BEGINS, TOLD, ENDS]),
        ],
        PhaseStatus.COMPLETED,
        2,
    ),
}


@pytest.mark.parametrize("log", LOGS)
def test_a_log(log: str) -> None:
    """One look after the other; each read twice finds nothing new the second time."""
    looks, status, attempts = LOGS[log]
    driven = Followed()
    for number, (rows, kinds) in enumerate(looks):
        driven.now = at(20 + number)
        assert driven.read(*rows) == kinds, f"look {number}"
    assert (driven.status(), driven.deployment.phases["preparation"].attempts) == (status, attempts)


def test_the_times_are_the_logs() -> None:
    """A phase began and ended when the log says, not when somebody read it; who did it is the log."""
    driven = Followed()
    driven.wait(hours=3)
    driven.read(row(1, COMPLETED, 1, 5, error="at 3"))
    phase = driven.deployment.phases["preparation"]
    assert (phase.started_at, phase.ended_at, phase.by) == (at(1), at(5), BY)
    (operation,) = phase.operations
    assert (operation.name, operation.status, operation.seconds, operation.rows) == ("a", "completed", 240, 7)
    assert operation.error == "at 3"


def test_a_phase_of_several_operations() -> None:
    """It is over with the last of those that the plan lists, in whatever order they end."""
    driven = Followed(TWO_OPERATIONS)
    driven.complete("preparation")
    driven.now = at(5)
    assert driven.read(row(1, COMPLETED, 5, 6, phase="copy", operation="b")) == [BEGINS, TOLD]
    assert driven.read(row(2, STARTED, 6, phase="copy")) == [TOLD]
    assert driven.read(row(3, COMPLETED, 7, 8, phase="copy", operation="besides")) == [TOLD]
    assert driven.status("copy") is PhaseStatus.STARTED
    assert driven.read(row(2, COMPLETED, 6, 9, phase="copy")) == [TOLD, ENDS]


def test_an_operation_that_failed_is_all_that_is_done_again() -> None:
    """What was completed before stays done, and the phase is over with the rest."""
    driven = Followed(TWO_OPERATIONS)
    driven.complete("preparation")
    driven.read(row(1, COMPLETED, 5, 6, phase="copy"), row(2, FAILED, 6, 7, phase="copy", operation="b"))
    assert driven.status("copy") is PhaseStatus.FAILED
    assert driven.read(row(3, COMPLETED, 8, 9, phase="copy", operation="b")) == [BEGINS, TOLD, ENDS]
    assert driven.deployment.phases["copy"].failed_operations == 0


def test_what_was_taken_back_has_to_be_done_again() -> None:
    """An operation of before the rollback does not count as done."""
    driven = Followed(TWO_OPERATIONS)
    driven.complete("preparation")
    both = [row(1, COMPLETED, 5, 6, phase="copy"), row(2, COMPLETED, 6, 7, phase="copy", operation="b")]
    driven.read(*both, row(3, ROLLED_BACK, 8, 9, phase="copy", operation="copy"))
    assert driven.read(row(4, COMPLETED, 10, 11, phase="copy")) == [BEGINS, TOLD]
    assert driven.status("copy") is PhaseStatus.STARTED
    assert driven.read(row(5, COMPLETED, 11, 12, phase="copy", operation="b")) == [TOLD, ENDS]


def test_what_a_person_said_already_is_not_counted_twice() -> None:
    """Somebody says that the phase failed before the row that says so is read: still one attempt."""
    driven = Followed()
    driven.begin("preparation")
    driven.read(row(1, STARTED, 1))
    driven.now = at(5)
    driven.end("preparation", PhaseStatus.FAILED)
    driven.now = at(6)
    assert driven.read(row(1, FAILED, 1, 4)) == [TOLD]
    assert driven.deployment.phases["preparation"].attempts == 1
    assert driven.read(row(2, STARTED, 7)) == [BEGINS, TOLD]


@pytest.mark.parametrize("opened", [True, False])
def test_a_gate_that_was_not_open(opened: bool) -> None:
    """The phase began all the same, and that is kept with it."""
    driven = Followed()
    if opened:
        driven.judge()
    driven.read(row(1, STARTED, 1))
    assert driven.deployment.phases["preparation"].ungated is not opened


def test_a_gate_that_was_open_when_the_phase_began() -> None:
    """Read hours later, for the service was away: the opening held then."""
    driven = Followed()
    driven.judge()
    driven.wait(hours=5)
    driven.read(row(1, STARTED, 10))
    assert not driven.deployment.phases["preparation"].ungated


def test_a_gate_that_was_open_for_too_long_when_the_phase_began() -> None:
    """It holds for half an hour."""
    driven = Followed()
    driven.judge()
    driven.wait(hours=5)
    driven.read(row(1, STARTED, 31))
    assert driven.deployment.phases["preparation"].ungated


def test_the_gate_behind_is_one_as_well() -> None:
    """Where there is none before a phase, the one behind the last must be open."""
    driven = Followed(BEHIND_ONLY)
    driven.read(row(1, COMPLETED, 1, 2))
    assert not driven.deployment.phases["preparation"].ungated
    driven.now = at(3)
    assert driven.judge() == behind("preparation")
    driven.read(row(2, COMPLETED, 4, 5, phase="copy"))
    assert not driven.deployment.phases["copy"].ungated
    driven.read(row(3, STARTED, 6, phase="a_check"))
    assert driven.deployment.phases["a_check"].ungated


@pytest.mark.parametrize("plan", [PLAN, BEHIND_ONLY])
def test_a_phase_that_begins_out_of_turn_was_let_in_by_no_gate(plan: object) -> None:
    """While another one runs, or before the one whose turn it is."""
    assert plan in (PLAN, BEHIND_ONLY)
    driven = Followed(BEHIND_ONLY if plan is BEHIND_ONLY else PLAN)
    driven.read(row(1, STARTED, 1), row(2, STARTED, 2, phase="copy"))
    assert driven.deployment.phases["copy"].ungated
    other = Followed(BEHIND_ONLY if plan is BEHIND_ONLY else PLAN)
    other.read(row(1, STARTED, 1, phase="a_check"))
    assert other.deployment.phases["a_check"].ungated


def test_after_going_live_the_log_is_not_followed() -> None:
    """What the portal writes then is no part of the deployment."""
    driven = Followed()
    driven.complete(*PLAN.phases)
    driven.keep([NewEvent(kind=EventKind.WENT_LIVE, by="ann")])
    assert driven.read(row(9, FAILED, 300, 301)) == []


def test_a_log_that_is_gone_in_a_rollback_was_taken_back_with_its_phases() -> None:
    """Taking the first phase back drops the log, and the rows that told of the others with it: the last one first."""
    driven = Followed()
    driven.complete("preparation")
    driven.read(row(1, COMPLETED, 5, 6, phase="copy"), row(2, FAILED, 7, 8, phase="a_check"))
    assert [one.name for one in told_by_log(driven.deployment)] == ["copy"]
    assert follow_away(driven.deployment) == []
    driven.keep(decide_rollback(driven.deployment, "lea", "slow"))
    driven.keep(follow_away(driven.deployment))
    assert [driven.status(one) for one in PLAN.phases] == [
        PhaseStatus.COMPLETED,  # a person told of this one, and has to say so
        PhaseStatus.ROLLED_BACK,
        PhaseStatus.FAILED,
    ]
    assert follow_away(driven.deployment) == []


def test_two_services_that_read_at_once_keep_each_row_once(store: str) -> None:
    """Each on a connection of its own, one behind the other by a row."""
    first = [row(1, STARTED, 1)]
    second = [row(1, FAILED, 1, 2), row(2, COMPLETED, 3, 4)]

    async def look(deployments: PostgresDeployments, rows: Sequence[LoggedOperation]) -> Deployment:
        return await deployments.change(lambda one: follow(one, rows, at(5)), at(5))

    async def drive(one: PostgresDeployments, other: PostgresDeployments) -> None:
        await one.open("v42", opening(), START)
        await asyncio.gather(*(look(each, first) for each in (one, other) * 4))
        await asyncio.gather(*(look(each, second) for each in (one, other) * 4))
        deployment = await one.current()
        kinds = [each.kind for each in deployment.events]
        assert kinds == [EventKind.OPENED, BEGINS, TOLD, TOLD, FAILS, BEGINS, TOLD, ENDS]
        assert deployment.gate_state(before("preparation"), at(5)) is GateState.INCONCLUSIVE

    driving(store, drive)
