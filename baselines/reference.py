"""What a watched series is held against: its own earlier calls at the service's own cadence, frozen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from baselines.measurement import Measurement, Outcome

# Five calls make one value, the fastest of them: on recordings the slow ones tell of the load and the fastest of the
# system (docs/decisions/0015).
GROUP_CALLS = 5
# From so many groups on the reference's own error no longer decides: 2,500 calls, 21 hours at one each 30 s, so that
# every hour of the day is in it.
ARMED_GROUPS = 500
ARMED_CALLS = ARMED_GROUPS * GROUP_CALLS


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The fastest of each five calls, sorted, shape (n,), in any unit; `independent` of them share no call."""

    fastest: NDArray[np.float64]
    independent: int

    def __post_init__(self) -> None:
        if not len(self.fastest) or not self.fastest[0] > 0:
            raise ValueError(f"a reference needs at least {GROUP_CALLS} calls in a row that took some time")

    @classmethod
    def of_sessions(cls, sessions: Sequence[Sequence[float]]) -> "Reference":
        """From healthy calls in the order of time; a group never reaches over the end of a session.

        Raises ValueError where no session has five calls, or where one of them took no time at all.
        """
        long_enough = [np.asarray(one, dtype=np.float64) for one in sessions if len(one) >= GROUP_CALLS]
        groups = [np.lib.stride_tricks.sliding_window_view(one, GROUP_CALLS).min(axis=1) for one in long_enough]
        return cls(
            fastest=np.sort(np.concatenate(groups or [np.empty(0)])),
            independent=sum(len(one) // GROUP_CALLS for one in long_enough),
        )

    @property
    def level(self) -> float:
        """The usual fastest of five calls."""
        return float(np.median(self.fastest))


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenReference:
    """A reference that holds until somebody replaces it: what follows it never becomes a part of it, so that slow drift
    is seen and not absorbed.

    `taken_from` and `taken_until` are the first and the last of its calls. `reason`: why it was taken. Nobody has
    looked at one without `approved_by`; it holds all the same.
    """

    reference: Reference
    taken_from: datetime
    taken_until: datetime
    release: str
    reason: str
    approved_by: str | None = None
    approved_at: datetime | None = None


def healthy(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Those that answered well, took some time and were not disturbed by the prober."""
    return [one for one in measurements if one.outcome is Outcome.OK and one.value and not one.disturbed]


def freeze(
    calls: Sequence[Measurement],
    *,
    release: str,
    reason: str,
    approved_by: str | None = None,
    approved_at: datetime | None = None,
) -> FrozenReference | None:
    """A reference out of the last 2,500 of these healthy calls of one series, None where there are fewer."""
    last = calls[-ARMED_CALLS:]
    values = [one.value for one in last if one.value is not None]
    if len(values) < ARMED_CALLS:
        return None
    return FrozenReference(
        reference=Reference.of_sessions([values[i : i + GROUP_CALLS] for i in range(0, ARMED_CALLS, GROUP_CALLS)]),
        taken_from=last[0].started_at,
        taken_until=last[-1].started_at,
        release=release,
        reason=reason,
        approved_by=approved_by,
        approved_at=approved_at,
    )
