"""What happened in a deployment, told as sentences."""

from collections.abc import Callable, Mapping
from typing import Any

from dashboards.deployment.wording import duration
from monitor.deployment.deployment import gate_of
from monitor.deployment.event import Event, EventKind

_MOST_NAMES = 3


def sentence(event: Event) -> str:
    """One event with who did it, without its time."""
    return _TOLD[event.kind](event)


def _opened(event: Event) -> str:
    return f"{event.by} opened the deployment; everything is held against {event.detail['before']}."


def _began(event: Event) -> str:
    without = ", although its gate was not open" if event.detail.get("ungated") else ""
    return f"{event.by} began {event.phase}{without}."


def _ended(word: str) -> Callable[[Event], str]:
    return lambda event: f"{event.by} told that {event.phase} {word}."


def _operation(event: Event) -> str:
    detail = event.detail
    told = f"The operation {detail['name']} of {event.phase} is {str(detail['status']).replace('_', ' ')}"
    if detail.get("seconds") is not None:
        told += f" after {duration(detail['seconds'])}"
    if detail.get("rows") is not None:
        told += f", {detail['rows']:,} rows"
    return f"{told}: {detail['error']}." if detail.get("error") else f"{told}."


def _judged(event: Event) -> str:
    against = [
        reason
        for one in event.detail["conditions"]
        if one["state"] == event.detail["state"] and one["state"] != "open"
        for reason in one["reasons"]
    ]
    told = f"{event.by} evaluated the gate {gate_of(event)}: {event.detail['state']}"
    return f"{told}, because {_first(against)}." if against else f"{told}."


def _overridden(event: Event) -> str:
    return f"{event.by} overrode the gate {gate_of(event)}: {_stopped(event.detail['reason'])}"


def _broken(event: Event) -> str:
    return f"While the gate {gate_of(event)} was waiting, a limit broke: {_first(event.detail['reasons'])}."


def _signed(event: Event) -> str:
    note = f": {_stopped(event.detail['note'])}" if event.detail["note"] else "."
    return f"{event.by} signed {event.detail['item']} off as {'passed' if event.detail['passed'] else 'failed'}{note}"


def _advised(event: Event) -> str:
    why = event.detail.get("reason")
    return f"{event.by} advised: {event.detail['action']}{f', {_stopped(why)}' if why else '.'}"


def _rollback(event: Event) -> str:
    minutes, tier = event.detail.get("within_minutes"), event.detail.get("tier")
    how = [f"tier {tier}"] if tier is not None else []
    how += [f"within {minutes} min"] if minutes is not None else []
    told = f" ({', '.join(how)})" if how else ""
    return f"{event.by} decided to roll back{told}: {_stopped(event.detail['reason'])}"


def _live(event: Event) -> str:
    return f"{event.by} went live; from here on it is watched."


def _watched(event: Event) -> str:
    detail = event.detail
    degraded = [*detail.get("degraded", ()), *(f"{one} is missing" for one in detail.get("missing", ()))]
    told = f"An hour of the watch against {detail.get('against', 'the baseline')} is {detail['verdict']}"
    return f"{told}: {_first(degraded, ', ')}." if degraded else f"{told}."


def _message(event: Event) -> str:
    kind = str(event.detail.get("kind", "message")).replace("_", " ")
    channels, failed = ", ".join(channels_of(event.detail)), ", ".join(event.detail.get("failed", ()))
    told = f"{event.by} sent: {kind}{f' to {channels}' if channels else ''}"
    return f"{told}; it did not arrive at {failed}." if failed else f"{told}."


def channels_of(sent: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a message arrived; of one that fell to another channel both."""
    delivered: Mapping[str, str] = sent.get("delivered", {})
    return tuple(name if name == channel else f"{name} (by {channel})" for name, channel in delivered.items())


def _finished(event: Event) -> str:
    why = event.detail.get("reason")
    outcome = str(event.detail["outcome"]).replace("_", " ")
    return f"{event.by} closed the deployment: {outcome}{f', {_stopped(why)}' if why else '.'}"


def _first(ones: list[str], between: str = "; ") -> str:
    more = len(ones) - _MOST_NAMES
    return between.join(ones[:_MOST_NAMES]).rstrip(".") + (f" and {more} more" if more > 0 else "")


def _stopped(text: str) -> str:
    """With one full stop at its end."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


_TOLD: Mapping[EventKind, Callable[[Event], str]] = {
    EventKind.OPENED: _opened,
    EventKind.PHASE_STARTED: _began,
    EventKind.PHASE_COMPLETED: _ended("is completed"),
    EventKind.PHASE_FAILED: _ended("failed"),
    EventKind.PHASE_ROLLED_BACK: _ended("is rolled back"),
    EventKind.OPERATION: _operation,
    EventKind.GATE_JUDGED: _judged,
    EventKind.GATE_OVERRIDDEN: _overridden,
    EventKind.GATE_BROKEN: _broken,
    EventKind.SIGNED_OFF: _signed,
    EventKind.ADVISED: _advised,
    EventKind.ROLLBACK_DECIDED: _rollback,
    EventKind.WENT_LIVE: _live,
    EventKind.WATCHED: _watched,
    EventKind.MESSAGE_SENT: _message,
    EventKind.FINISHED: _finished,
}
