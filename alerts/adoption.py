"""Two views of one alert, made one: that of the store, and that of an instance that went on without it."""

from dataclasses import replace

from alerts.alert import UNANSWERED, Alert, AlertState
from alerts.transition import without_steps


def merge(stored: Alert | None, decided: Alert) -> Alert:
    """What is kept of an alert that was decided without the store.

    - what the store does not know: as decided
    - the end counts, whoever saw it
    - in the same occurrence, an acknowledgement counts: somebody has it in hand
    - else whoever is further on the ladder, then the later evaluation; and everybody who was told stays so
    """
    if stored is None:
        return decided
    channels = tuple(dict.fromkeys([*stored.channels, *decided.channels]))
    return replace(_winner(stored, decided), channels=channels)


def _winner(stored: Alert, decided: Alert) -> Alert:
    ended = [one for one in (stored, decided) if one.state is AlertState.RESOLVED]
    if ended:
        return min(ended, key=lambda one: one.resolved_at or one.updated_at)
    if stored.occurrence == decided.occurrence:
        in_hand = [one for one in (stored, decided) if one.state is AlertState.ACKNOWLEDGED]
        others_wait = any(one.state in UNANSWERED for one in (stored, decided))
        if len(in_hand) == 1 and others_wait:
            return in_hand[0]
    return max(stored, decided, key=lambda one: (one.occurrence, one.step, one.updated_at))


def ended_in_favour_of(decided: Alert, other: Alert) -> Alert:
    """An alert whose fault the store knows by another id already: closed, and told on under that one."""
    return replace(
        without_steps(decided),
        state=AlertState.RESOLVED,
        resolved_at=decided.updated_at,
        summary=f"{decided.summary} (goes on as alert {other.id})",
    )
