"""What is told of a deployment: a status update and an emergency notification, and what they still lack.

Both follow the customer's communication templates. A field is None while nobody knows it; an empty list is something
that is known.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from alerts.messages.wording import fitted, one_line
from thresholds.deployment.standing import Standing

# The customer's plan of communication: stakeholders hear of a deployment this often.
STATUS_EVERY = timedelta(hours=4)

# What nobody filled in: `{owner}`, `<name>`, `[Time]`, `[...]`, `TODO`, `TBD`, `___`. Figures in square brackets and
# comparisons are none: `[Errno 111]`, `p95 < 300 ms and > 20 ms`.
_LEFTOVER = re.compile(
    r"\{[^{}]*\}|<[^\s\d=<>][^<>]*>|<>|\[[^\W\d][^\[\]\d]*\]|\[[\s.…?]+\]|\bTODO\b|\bTBD\b|_{3,}", re.IGNORECASE
)
_LEFTOVER_LENGTH = 40
_WORDS = {
    "at": "time",
    "completed": "completed activities",
    "running": "running activities",
    "upcoming": "upcoming activities",
    "next_update_at": "next update",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningActivity:
    """What is being done. `pace` is how fast it goes, in a word or two; empty where there is nothing to say of that."""

    name: str
    since: datetime
    pace: str = ""

    def __post_init__(self) -> None:
        _refuse_naive(self.since, f"running activity {self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingActivity:
    """What comes next, and when it is expected to be done; None is a blank."""

    name: str
    expected_at: datetime | None

    def __post_init__(self) -> None:
        _refuse_naive(self.expected_at, f"upcoming activity {self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate:
    """Where a deployment stands on `day` of `days`. Issues are sentences; where there are any, it lacks something
    until `mitigation` says what is done about them.

    Raises ValueError for an instant without a time zone, a day outside of the deployment, and a next update that does
    not come later.
    """

    deployment: str | None
    at: datetime | None
    day: int | None
    days: int | None
    standing: Standing | None
    completed: tuple[str, ...] | None
    running: tuple[RunningActivity, ...] | None
    upcoming: tuple[UpcomingActivity, ...] | None
    issues: tuple[str, ...] | None
    mitigation: str | None
    next_update_at: datetime | None
    contact: str | None

    def __post_init__(self) -> None:
        _refuse_naive(self.at, "time")
        _refuse_naive(self.next_update_at, "next update")
        if self.at is not None and self.next_update_at is not None and self.next_update_at <= self.at:
            raise ValueError(f"the next update at {self.next_update_at} does not come after this one at {self.at}")
        for day, last in ((self.day, self.days), (self.days, None)):
            if day is not None and (day < 1 or (last is not None and day > last)):
                raise ValueError(f"there is no day {self.day} in a deployment of {self.days} days")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyNotice:
    """What is broken in a deployment. `expected_resolution` is a text: when, by what, or when more will be known.

    Raises ValueError for an instant without a time zone.
    """

    deployment: str | None
    at: datetime | None
    issue: str | None
    impact: str | None
    action_taken: str | None
    expected_resolution: str | None
    contact: str | None

    def __post_init__(self) -> None:
        _refuse_naive(self.at, "time")


Announcement = StatusUpdate | EmergencyNotice


@dataclass(frozen=True, slots=True)
class Blank:
    """Something that is missing: in which field, at which place of a list (None: all of it), and what, in words."""

    field: str
    place: int | None
    words: str


def blanks(message: Announcement) -> tuple[str, ...]:
    """What the message still lacks, in words and in the order of its fields; empty where it may be sent.

    A text of nothing but spaces is as good as none, and so is one in which something of a template is left; both say
    so: `mitigation, which still says {owner}`.
    """
    return tuple(one.words for one in find_blanks(message))


def find_blanks(message: Announcement) -> tuple[Blank, ...]:
    """The same, with their places."""
    return tuple(
        Blank(field.name, place, words)
        for field in fields(message)
        for place, words in _lacking(message, field.name, getattr(message, field.name))
    )


def _lacking(message: Announcement, name: str, value: object) -> Iterator[tuple[int | None, str]]:
    words = _WORDS.get(name, name.replace("_", " "))
    if isinstance(message, StatusUpdate):
        if name == "mitigation" and message.issues == () and not one_line(message.mitigation or ""):
            return  # there is nothing to mitigate
        if name == "issues" and value == () and message.standing is Standing.ISSUES:
            yield None, f"{words}, which the standing {Standing.ISSUES} speaks of"
    if value is None:
        yield None, words
    elif isinstance(value, str):
        why = _why_blank(value)
        if why:
            yield None, f"{words}, which {why}"
    elif isinstance(value, tuple):
        yield from ((place, one) for place, item in enumerate(value) for one in _lacking_in(item, words, place + 1))


def _lacking_in(item: object, words: str, number: int) -> Iterator[str]:
    """What one item of a list lacks; nothing, or one thing: the rest is seen once that is there."""
    texts = [item] if isinstance(item, str) else [getattr(item, "name", ""), getattr(item, "pace", "") or "-"]
    why = next(filter(None, map(_why_blank, texts)), "")
    if why:
        yield f"{words} no. {number}, which {why}"
    elif isinstance(item, UpcomingActivity) and item.expected_at is None:
        yield f"expected completion of {one_line(item.name)}"


def _why_blank(text: str) -> str:
    """Why the text says nothing; empty where it does."""
    told = one_line(text)
    if not told:
        return "is only spaces" if text else "is empty"
    found = _LEFTOVER.search(told)
    return f"still says {fitted(found[0], _LEFTOVER_LENGTH)}" if found else ""


def _refuse_naive(at: datetime | None, what: str) -> None:
    if at is not None and at.utcoffset() is None:
        raise ValueError(f"{what}: {at} has no time zone")
