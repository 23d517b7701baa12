"""Causes in the parts of a request."""

from baselines.causes.sides import Sides
from baselines.explanation import Explanation, ExplanationKind

# The part of the difference that one phase has to hold.
_MOST = 0.5
_WORDS = {
    "resolve": "resolving the name",
    "connect": "connecting",
    "tls": "the TLS handshake",
    "send": "sending the request",
    "first_byte": "waiting for the first byte",
    "transfer": "transferring the answer",
}


def phase_moved(sides: Sides) -> Explanation | None:
    """One phase holds most of the difference, and of what the median call takes longer."""
    was, is_now = sides.before.phases, sides.after.phases
    if not was or not is_now or sides.one.before is None or sides.one.after is None:
        return None
    longer = {name: each - was.get(name, 0.0) for name, each in is_now.items() if each > was.get(name, 0.0)}
    slower = (sides.one.after.median or 0.0) - (sides.one.before.median or 0.0)
    if not longer or slower <= 0:
        return None
    name = max(longer, key=lambda one: longer[one])
    part = longer[name] / sum(longer.values())
    if part < _MOST or longer[name] < _MOST * slower:
        return None
    before, after = was.get(name, 0.0), is_now[name]
    return Explanation(
        ExplanationKind.PHASE_MOVED,
        f"{_WORDS.get(name, name)} takes {after * 1000:.3g} ms instead of {before * 1000:.3g} ms, "
        f"{part:.0%} of the difference",
        {"seconds_before": before, "seconds_after": after, "share": part},
        [f"{one}: {was.get(one, 0.0) * 1000:.3g} ms → {each * 1000:.3g} ms" for one, each in is_now.items()],
    )
