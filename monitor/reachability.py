"""Whether anything of the core functionality answers at all."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence

from baselines import Clock, Outcome, Reason
from probes import Observation, ProbeSet

LOOKS = 4
PAUSE_SECONDS = 2.0

# Somebody answered, if only to refuse us; and what is wrong with ourselves says nothing of a target.
_SAYS_NOT_AWAY = frozenset(
    {Reason.SQL_ERROR, Reason.PERMISSION, Reason.LOGIN, Reason.ADDRESS, Reason.CANCELLED, Reason.INTERNAL}
)
_SERVER_ERROR = 500


async def nothing_answers(probes: ProbeSet, names: Sequence[str], clock: Clock) -> tuple[str, ...]:
    """Why these probes together show that nothing is there, a sentence a probe; empty as soon as anything is there.

    All are run at once, and up to three times more, two seconds apart. A call finds nobody there where it ends in an
    error or a time-out, or in a 5xx. Where a probe held back each time, nothing is claimed.
    """
    failures = defaultdict[str, list[str]](list)
    for look in range(LOOKS if names else 0):
        if look:
            await clock.sleep(PAUSE_SECONDS)
        looks = await asyncio.gather(*(probes.observe(name, clock.now()) for name in names))
        for name, observation in zip(names, looks, strict=True):
            if all(one.outcome is Outcome.SKIPPED for one in observation.measurements):
                continue
            failure = _failure(observation)
            if failure is None:
                return ()
            failures[name].append(failure)
    if len(failures) < len(names):
        return ()
    return tuple(f"{_series(probes, name)}: {_told(failures[name])}" for name in names)


def _failure(observation: Observation) -> str | None:
    """How the call failed to find anybody; None where somebody was there."""
    first = observation.measurements[0]
    # A portal that answers part of a journey is there.
    if any(one.outcome is Outcome.OK for one in observation.measurements):
        return None
    status = observation.run.details.get("status") if observation.run is not None else None
    if status is not None:
        return f"answered {status}" if int(status) >= _SERVER_ERROR else None
    if first.outcome not in (Outcome.ERROR, Outcome.TIMEOUT) or first.reason in _SAYS_NOT_AWAY:
        return None
    return str(first.reason).replace("_", " ")


def _told(failures: Sequence[str]) -> str:
    kinds = ", ".join(kind for kind, _ in Counter(failures).most_common())
    return f"{len(failures)} of {len(failures)} calls failed ({kinds})"


def _series(probes: ProbeSet, name: str) -> str:
    return probes.series_of(name)[0].name
