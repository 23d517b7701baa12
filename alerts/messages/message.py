"""What people read: the title alone says what is wrong, and fits into an SMS."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.alert import Alert
from alerts.notification import Notification, Reason
from baselines.series import Unit
from thresholds.finding import Level, Rule

# One SMS in the alphabet that any letter may force it into (3GPP TS 23.038, UCS-2).
TITLE_LENGTH = 70


class Tone(StrEnum):
    """What colour or icon a service gives the message."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where a message leads to; whoever composes messages knows the addresses. None: no such line."""

    alert: str | None = None
    series: str | None = None
    runbook: str | None = None
    acknowledge: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """`title` has at most TITLE_LENGTH characters and no line break; `body` is plain text."""

    title: str
    body: str
    tone: Tone


def compose(alert: Alert, notification: Notification, links: Links) -> Message:
    """The message of a notification, from the alert as it is now.

    The last line holds the alert's id and the sequence `occurrence.step`: a message that came before has both.
    """
    figures = _against_limit(alert)
    lines = [
        alert.summary,
        _history(alert),
        f"Value: {figures}" if figures else "",
        f"Tier: {alert.tier}" + (f", action: {alert.action}" if alert.action else ""),
        *_link_lines(links),
        f"Alert {alert.id}, message {notification.occurrence}.{notification.step} ({notification.reason})",
    ]
    return Message(_title(alert, notification), "\n".join(line for line in lines if line), _tone(alert, notification))


def format_figure(value: float, unit: Unit, rule: Rule) -> str:
    """A figure as people write it: `1250 ms`, `12 s`, `81 %`, `1.32 × the baseline`, `3.1 GB`, `7`."""
    if rule is Rule.BASELINE:
        return f"{value:.2f} × the baseline"
    match unit:
        case Unit.SECONDS:
            return f"{_plain(value * 1000)} ms" if value < 10 else f"{_plain(value)} s"
        case Unit.RATIO:
            return f"{_plain(value * 100)} %"
        case Unit.BYTES:
            return f"{_plain(value / 1e9)} GB" if value >= 1e9 else f"{_plain(value / 1e6)} MB"
        case Unit.COUNT:
            return _plain(value)


def format_duration(seconds: float) -> str:
    """A length of time in its two largest units: `45 s`, `12 min 5 s`, `3 h 20 min`, `2 d 4 h`."""
    sizes = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    rest, parts = round(seconds), []
    for unit, size in sizes:
        count, rest = divmod(rest, size)
        parts.append((count, unit))
    first = next((at for at, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = parts[first : first + 2]
    return " ".join(f"{count} {unit}" for count, unit in shown if count or len(shown) == 1) or "0 s"


def _plain(value: float) -> str:
    """Four digits, or all of those before the point."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _title(alert: Alert, notification: Notification) -> str:
    word = "RESOLVED" if notification.reason is Reason.RESOLVED else alert.level.upper()
    # A long name leaves less room for figures: the value goes last.
    told = [f"{alert.series} {figures}" for figures in (_against_limit(alert), _value(alert), _brief(alert)) if figures]
    titles = [" ".join(f"{word}: {one}".split()) for one in told or [alert.summary]]
    fitting = next((one for one in titles if len(one) <= TITLE_LENGTH), None)
    return fitting or f"{titles[-1][: TITLE_LENGTH - 1]}…"


def _against_limit(alert: Alert) -> str:
    figures = {"": alert.value, "limit ": alert.value_limit}
    shown = [f"{name}{format_figure(one, alert.unit, alert.rule)}" for name, one in figures.items() if one is not None]
    return ", ".join(shown) if alert.value is not None else ""


def _value(alert: Alert) -> str:
    return "" if alert.value is None else format_figure(alert.value, alert.unit, alert.rule)


def _brief(alert: Alert) -> str:
    return f"×{alert.value:.3g}" if alert.value is not None and alert.rule is Rule.BASELINE else _value(alert)


def _history(alert: Alert) -> str:
    since = f"since {_instant(alert.opened_at)}"
    if alert.resolved_at is not None:
        lasted = format_duration(alert.duration_seconds)
        return f"Fired and cleared: {since}, until {_instant(alert.resolved_at)}, lasted {lasted}"
    return f"{alert.level.capitalize()} {since}, for {format_duration(alert.duration_seconds)} so far"


def _link_lines(links: Links) -> list[str]:
    named = {
        "Acknowledge": links.acknowledge,
        "Alert": links.alert,
        "Series": links.series,
        "Runbook": links.runbook,
    }
    return [f"{name}: {url}" for name, url in named.items() if url]


def _tone(alert: Alert, notification: Notification) -> Tone:
    if notification.reason is Reason.RESOLVED:
        return Tone.SUCCESS
    return Tone.FAILURE if alert.level is Level.CRITICAL else Tone.WARNING


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
