"""What can go wrong in this room.

ProbesError
├── ProbeFailed        a look at the outside world did not end well: a measurement is made of it
├── UnknownProbeError  nobody configured a probe of that name
└── DuplicateKindError two files want to be the same kind
"""

from baselines.measurement import Outcome, Reason

_OUTCOMES = {
    Reason.CONNECT_TIMEOUT: Outcome.TIMEOUT,
    Reason.READ_TIMEOUT: Outcome.TIMEOUT,
    Reason.LOCK_TIMEOUT: Outcome.TIMEOUT,
    Reason.STATEMENT_TIMEOUT: Outcome.TIMEOUT,
    Reason.DEADLINE: Outcome.TIMEOUT,
    Reason.STATUS: Outcome.FAILED_ASSERTION,
    Reason.ASSERTION: Outcome.FAILED_ASSERTION,
    Reason.BODY_TOO_LARGE: Outcome.FAILED_ASSERTION,
    Reason.GAVE_WAY: Outcome.SKIPPED,
    Reason.BACKING_OFF: Outcome.SKIPPED,
    Reason.BUSY: Outcome.SKIPPED,
    Reason.BUDGET: Outcome.SKIPPED,
    Reason.TOO_LITTLE: Outcome.SKIPPED,
    Reason.PAUSED: Outcome.SKIPPED,
}


def outcome_of(reason: Reason) -> Outcome:
    """What a reason means: a time-out, a failed assertion, a run that was skipped, and an error in all else."""
    return _OUTCOMES.get(reason, Outcome.ERROR)


class ProbesError(Exception):
    """The base of all errors of this room."""


class ProbeFailed(ProbesError):  # noqa: N818 (a failure is a measurement, not a mistake)
    """Why a probe has no value: a reason from the closed list and a sentence for people, free of secrets."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnknownProbeError(ProbesError):
    """No probe of that name is configured."""


class DuplicateKindError(ProbesError):
    """Two classes were registered as the same kind of probe."""
