"""Figures, lengths of time and cut texts, as people write and read them."""

import unicodedata
from datetime import UTC, datetime

from baselines.series import Unit
from thresholds.finding import Rule

_SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
# Line and paragraph separators, what controls a terminal or the direction of writing, and halves of letters.
_UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def format_figure(value: float, unit: Unit, rule: Rule, digits: int = 4) -> str:
    """A figure as people write it: `1250 ms`, `12 s`, `81 %`, `1.32 × the baseline`, `3.1 GB`, `7`.

    It has so many `digits`, a ratio to the baseline one less, or all of those before the point.
    """
    if rule is Rule.BASELINE:
        return f"{_plain(value, digits - 1)} × the baseline"
    match unit:
        case Unit.SECONDS:
            return f"{_plain(value * 1000, digits)} ms" if value < 10 else f"{_plain(value, digits)} s"
        case Unit.RATIO:
            # Between 99 and 100 % the third nine is what is being looked at.
            return f"{_plain(value * 100, max(digits, 5) if 0.99 < value < 1 else digits)} %"
        case Unit.BYTES:
            size, name = next((one for one in _SIZES if value >= one[0]), (1.0, "B"))
            return f"{_plain(value / size, digits)} {name}"
        case Unit.COUNT:
            return _plain(value, digits)


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


def format_instant(at: datetime) -> str:
    """An instant to the second: `2026-03-02 14:03:05 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def format_moment(at: datetime, now: datetime) -> str:
    """An instant to the minute, with the day where that is another one: `14:03 UTC`, `1 March 23:50 UTC`."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    return (f"{at.day} {at:%B} " if at.date() != now.date() else "") + f"{at:%H:%M} UTC"


def one_line(text: str) -> str:
    """The text without line breaks and control characters, and otherwise as it is."""
    if not text.isprintable():  # seldom: the rest is for hundreds of names in one message
        text = "".join(" " if unicodedata.category(one) in _UNPRINTABLE else one for one in text)
    return " ".join(text.split())


def fitted(text: str, length: int, ellipsis: str = "…") -> str:
    """At most so many characters from the beginning of the text. They end where a word does if that is near; without an
    ellipsis always, unless it is all one word.
    """
    if len(text) <= length:
        return text
    room = max(0, length - len(ellipsis))
    cut = text[:room]
    words = cut if text[room : room + 1] == " " else cut.rpartition(" ")[0]
    kept = words if len(words) > length // 2 or (words and not ellipsis) else cut
    return f"{kept.rstrip(' ,;:(')}{ellipsis}"[:length]


def shortened(name: str, length: int, ellipsis: str = "…") -> str:
    """A name without its middle: its category and its end tell more than what stands between."""
    if len(name) <= length:
        return name
    kept = max(0, length - len(ellipsis))
    return f"{name[: kept - kept // 2]}{ellipsis}{name[len(name) - kept // 2 :]}"[:length]


def sentence(text: str) -> str:
    """With a capital letter and a full stop; nothing of nothing."""
    stop = "" if text.endswith((".", "…", "?", "!")) else "."
    return f"{text[:1].upper()}{text[1:]}{stop}" if text else ""


def _plain(value: float, digits: int) -> str:
    return f"{value:.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"
