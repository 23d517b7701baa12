"""One timed look at the outside world, as it walks through the house."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

# A sample whose event-loop delay exceeds a tenth of its value, or this, whichever is more, says more about the
# prober than about the target (specification of the probes, rule 2).
DISTURBED_SHARE = 0.1
DISTURBED_FLOOR_SECONDS = 0.001


class Outcome(StrEnum):
    """How a probe ended. A timeout is a measurement (at least this long), never a gap.

    A skipped run says nothing of the target: the probe held back so as not to harm it, or there was nothing to judge.
    The order is that of the stored codes: new ones go to the end.
    """

    OK = "ok"
    FAILED_ASSERTION = "failed_assertion"
    TIMEOUT = "timeout"
    ERROR = "error"
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why a probe did not end well: a closed list, because it is a metric label and a log key.

    The order is that of the stored codes: new ones go to the end.
    """

    REFUSED = "refused"
    DNS = "dns"
    TLS = "tls"
    CONNECT_TIMEOUT = "connect_timeout"
    READ_TIMEOUT = "read_timeout"
    PROTOCOL = "protocol"
    STATUS = "status"
    ASSERTION = "assertion"
    BODY_TOO_LARGE = "body_too_large"
    LOGIN = "login"
    SQL_ERROR = "sql_error"
    LOCK_TIMEOUT = "lock_timeout"
    STATEMENT_TIMEOUT = "statement_timeout"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    PERMISSION = "permission"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    INTERNAL = "internal"
    ADDRESS = "address"
    GAVE_WAY = "gave_way"
    BACKING_OFF = "backing_off"
    BUSY = "busy"
    BUDGET = "budget"
    TOO_LITTLE = "too_little"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One value of one series, or the way in which there came to be none.

    `value` is in the series' base unit: always there where the outcome is ok, the time waited where it is a timeout,
    None where the probe failed. `intended_at` comes from the schedule, `started_at` from the clock; their
    difference is the prober's lateness. `prober_delay_seconds` is the longest event-loop delay during the probe.
    `correlation_id` is the one the portal logged. `detail` says in a sentence what went wrong, free of secrets.
    """

    series: str
    intended_at: datetime
    started_at: datetime
    outcome: Outcome
    value: float | None = None
    reason: Reason | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    prober_delay_seconds: float = 0.0
    correlation_id: str = ""
    detail: str = ""

    def __post_init__(self) -> None:
        if self.outcome in (Outcome.OK, Outcome.TIMEOUT):
            if self.value is None or not math.isfinite(self.value):
                raise ValueError(f"{self.series}: a measurement that is {self.outcome} needs a finite value")
        elif self.value is not None:
            raise ValueError(f"{self.series}: a measurement that is {self.outcome} has no value")
        if (self.outcome is Outcome.OK) != (self.reason is None):
            raise ValueError(f"{self.series}: a reason goes with every outcome but ok, and only with those")

    @property
    def lateness_seconds(self) -> float:
        """How much later than intended the probe started."""
        return max(0.0, (self.started_at - self.intended_at).total_seconds())

    @property
    def disturbed(self) -> bool:
        """Whether the prober's own delay is too large a part of the value for it to be judged."""
        limit = max(DISTURBED_SHARE * (self.value or 0.0), DISTURBED_FLOOR_SECONDS)
        return self.prober_delay_seconds > limit

    @property
    def says_something(self) -> bool:
        """Whether it says something of the target: the probe ran, and the prober did not disturb it."""
        return self.outcome is not Outcome.SKIPPED and not self.disturbed
