"""Silences and maintenance windows: what is not told, for how long, and who wanted it so."""

import re
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from alerts.alert import Alert
from alerts.errors import MatcherError

_FIELDS = ("series", "target", "route", "tier", "rule", "level")


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which alerts: every term must fit, as file names fit patterns (`*`, `?`, `[abc]`)."""

    terms: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> "Matcher":
        """From `database_queries.*`, `target=portal` or `route=host level=warning`; a bare pattern is one of a series.

        Raises MatcherError, which says what can be written.
        """
        words = re.split(r"[\s,]+", text.strip())
        terms = tuple(_term(word) for word in words if word)
        if not terms:
            raise MatcherError(f"a matcher says what is silenced, such as 'database_queries.*' or {_EXAMPLE}")
        return cls(terms)

    def matches(self, alert: Alert) -> bool:
        """Whether the alert is one of these."""
        return all(fnmatchcase(str(getattr(alert, name) or ""), pattern) for name, pattern in self.terms)

    def __str__(self) -> str:
        return " ".join(f"{name}={pattern}" for name, pattern in self.terms)


_EXAMPLE = "'target=portal level=warning'"


def _term(word: str) -> tuple[str, str]:
    name, equals, pattern = word.partition("=")
    if not equals:
        return "series", word
    if name not in _FIELDS or not pattern:
        raise MatcherError(f"{word!r} is no matcher: write {', '.join(_FIELDS)} = a pattern, such as {_EXAMPLE}")
    return name, pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """From `starts_at` until before `ends_at` nobody is told of what it matches.

    One that begins later is a maintenance window. `deployment`: it also ends where that deployment does.
    """

    id: str
    matcher: Matcher
    starts_at: datetime
    ends_at: datetime
    by: str
    reason: str
    deployment: str | None = None

    def covers(self, alert: Alert, now: datetime) -> bool:
        """Whether it keeps this alert quiet at that instant."""
        return self.starts_at <= now < self.ends_at and self.matcher.matches(alert)
