"""How long ago something was, in the largest unit that fits."""

from datetime import datetime

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def ago(then: datetime, now: datetime) -> str:
    """Such as `12 s ago`, `3 min ago`, `5 h ago`, `2 d ago`, else `now`."""
    told = lasting((now - then).total_seconds())
    return f"{told} ago" if told else "now"


def lasting(seconds: float) -> str:
    """Such as `12 s`, `3 min`, `5 h`, `2 d`; empty for less than a second."""
    whole = int(seconds)
    return next((f"{whole // length} {unit}" for unit, length in _UNITS if whole >= length), "")
