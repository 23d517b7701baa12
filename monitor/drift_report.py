"""How a watched series stands to its reference, for people and for scripts."""

import math
from datetime import timedelta
from typing import Any

from baselines import Unit
from baselines.reference import ARMED_CALLS
from monitor.drifting import Held, Unarmed
from thresholds import written

NO_REFERENCE = "no reference yet"


def standing_told(watched: Held | Unarmed) -> str:
    """One line: how it stands, since when, and against what."""
    if isinstance(watched, Unarmed):
        return f"none yet: {progress_told(watched)}"
    since = f" since {since_told(watched)}" if watched.since else ""
    taken = f"{_seconds(watched.level)}, {approval_told(watched)}"
    return f"{watched.standing.drift}{since}: {watched.ratio_told} its reference of {taken}"


def progress_told(unarmed: Unarmed) -> str:
    """How far a series is on its way to a reference."""
    there = f"{min(unarmed.calls, ARMED_CALLS):,} of {ARMED_CALLS:,} healthy calls"
    missing = unarmed.armed_in
    if not missing:
        return f"{there}, taken within minutes while the service runs"
    return f"{there}, taken in about {_roughly(missing)} while the service runs"


def reference_told(held: Held) -> str:
    """What a series is held against, and why."""
    frozen = held.frozen
    taken = f"{frozen.taken_from:%Y-%m-%d %H:%M} to {frozen.taken_until:%Y-%m-%d %H:%M} UTC"
    return f"{_seconds(held.level)}, {taken}, {frozen.release}: {frozen.reason}"


def since_told(held: Held) -> str:
    """Since when it is not quiet; empty while it is."""
    return "" if held.since is None else f"{held.since:%Y-%m-%d %H:%M} UTC"


def approval_told(held: Held) -> str:
    """Who vouches for the reference."""
    frozen = held.frozen
    if frozen.approved_at is None:
        return "not approved"
    return f"approved by {frozen.approved_by} on {frozen.approved_at:%Y-%m-%d %H:%M} UTC"


def standing_document(watched: Held | Unarmed) -> dict[str, Any]:
    """The same for a script. `ratio` is null before fifteen calls, and where they timed out."""
    if isinstance(watched, Unarmed):
        return {
            "state": "no_reference",
            "calls": watched.calls,
            "calls_needed": ARMED_CALLS,
            "seconds_left": watched.armed_in.total_seconds(),
        }
    frozen, ratio = watched.frozen, watched.ratio
    return {
        "state": watched.standing.drift,
        "ratio": ratio if ratio is not None and math.isfinite(ratio) else None,
        "since": watched.since and watched.since.isoformat(),
        "tolerance": watched.tolerance,
        "limit": watched.limit,
        "level": watched.level,
        "taken_from": frozen.taken_from.isoformat(),
        "taken_until": frozen.taken_until.isoformat(),
        "release": frozen.release,
        "reason": frozen.reason,
        "approved_by": frozen.approved_by,
        "approved_at": frozen.approved_at and frozen.approved_at.isoformat(),
    }


def _seconds(value: float) -> str:
    return written(value, Unit.SECONDS)


def _roughly(time: timedelta) -> str:
    minutes = math.ceil(time / timedelta(minutes=1))
    return f"{minutes} minutes" if minutes < 120 else f"{math.ceil(minutes / 60)} hours"
