"""The messages of a deployment in pieces, each a text of one line; templates put them together."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from alerts.messages.deployment import Blank, EmergencyNotice, RunningActivity, StatusUpdate, UpcomingActivity
from alerts.messages.telling import DOTS, TITLE_LENGTH
from alerts.messages.wording import fitted, format_duration, format_instant, format_moment, one_line, shortened

# What people wrote is cut to this in a mail, and to what there is room for elsewhere.
TEXT_LENGTH = 1000
_NAME_LENGTH = 30
# Whom to ask is told to the last digit: a short message rather goes without something else.
_CONTACT_LENGTH = 70
_T = TypeVar("_T")


class _Words:
    """Fields as texts, with `(blank: ...)` where something is missing."""

    def __init__(self, missing: Sequence[Blank]) -> None:
        self._blanks = {(one.field, one.place): f"(blank: {one.words})" for one in missing}

    def _of(self, field: str, value: _T | None, write: Callable[[_T], str] | None = None) -> str:
        blank = self._blanks.get((field, None))
        if blank is not None or value is None:
            return blank or ""
        return _written(str(value)) if write is None else write(value)

    def _each(self, field: str, values: Sequence[_T] | None, write: Callable[[_T], str]) -> list[str]:
        blank = self._blanks.get((field, None))
        if blank is not None or values is None:
            return [blank or ""]
        return [self._blanks.get((field, place)) or write(one) for place, one in enumerate(values)] or ["none"]


class StatusWords(_Words):
    """A status update."""

    template = "status"

    def __init__(self, status: StatusUpdate, missing: Sequence[Blank]) -> None:
        super().__init__(missing)
        self._status = status
        self.deployment = self._of("deployment", status.deployment)
        self.time = self._of("at", status.at, format_instant)
        self.day = f"day {self._of('day', status.day)} of {self._of('days', status.days)}"
        self.standing = self._of("standing", status.standing)
        self.completed = self._each("completed", status.completed, _written)
        self.running = self._each("running", status.running, self._running)
        self.upcoming = self._each("upcoming", status.upcoming, self._upcoming)
        self.issues = self._each("issues", status.issues, _written)
        self.mitigation = self._of("mitigation", one_line(status.mitigation or "") or "none needed")
        self.next_update = self._of("next_update_at", status.next_update_at, self._moment)
        self.contact = self._of("contact", status.contact)

    @property
    def heading(self) -> str:
        """`ON TRACK: deployment v42, day 3 of 7`."""
        name = shortened(self.deployment, _NAME_LENGTH)
        return fitted(f"{self.standing}: deployment {name}, {self.day}", TITLE_LENGTH - DOTS)

    @property
    def has_issues(self) -> bool:
        """Whether there is something to say of issues and of what is done about them."""
        return self._status.issues != ()

    @property
    def ending(self) -> str:
        """What the shortest message ends with."""
        return f"Next {self.next_update}, {_short_contact(self.contact)}"

    def _running(self, one: RunningActivity) -> str:
        since, at = one.since, self._status.at
        lasting = f"{format_duration((at - since).total_seconds())} so far" if at is not None and at > since else ""
        told = (_written(one.name), f"since {self._moment(since)}", lasting, _written(one.pace))
        return ", ".join(filter(None, told))

    def _upcoming(self, one: UpcomingActivity) -> str:
        expected = f", expected to be complete by {self._moment(one.expected_at)}" if one.expected_at else ""
        return f"{_written(one.name)}{expected}"

    def _moment(self, at: datetime) -> str:
        return format_moment(at, self._status.at) if self._status.at is not None else format_instant(at)


class NoticeWords(_Words):
    """An emergency notification."""

    template = "emergency"

    def __init__(self, notice: EmergencyNotice, missing: Sequence[Blank]) -> None:
        super().__init__(missing)
        self.deployment = self._of("deployment", notice.deployment)
        self.time = self._of("at", notice.at, format_instant)
        self.issue = self._of("issue", notice.issue)
        self.impact = self._of("impact", notice.impact)
        self.action_taken = self._of("action_taken", notice.action_taken)
        self.expected_resolution = self._of("expected_resolution", notice.expected_resolution)
        self.contact = self._of("contact", notice.contact)

    @property
    def heading(self) -> str:
        """`EMERGENCY, deployment v42: clients get an error 500`, the issue as far as there is room for it."""
        return fitted(
            f"EMERGENCY, deployment {shortened(self.deployment, _NAME_LENGTH)}: {self.issue}", TITLE_LENGTH - DOTS
        )

    @property
    def ending(self) -> str:
        """What the shortest message ends with."""
        return f"Contact: {_short_contact(self.contact)}"


def _short_contact(contact: str) -> str:
    return fitted(contact, _CONTACT_LENGTH)


def _written(text: str) -> str:
    return fitted(one_line(text), TEXT_LENGTH)
