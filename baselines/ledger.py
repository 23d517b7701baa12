"""The change ledger: what was true of the watched systems besides their times, and what has changed since."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from baselines.plan_shape import PlanShape

# A side of a change longer than this tells people no more than its beginning.
_SHOWN_CHARACTERS = 160
# In front of a value that is a digest of something too long to keep: a body of a function, a view's definition.
DIGEST_MARK = "#"


class Section(StrEnum):
    """Facts that are read and stored together. `statistics` changes by itself each day and is told apart."""

    RELEASE = "release"
    HOST = "host"
    SETTINGS = "settings"
    EXTENSIONS = "extensions"
    TABLES = "tables"
    INDEXES = "indexes"
    CONSTRAINTS = "constraints"
    TRIGGERS = "triggers"
    FUNCTIONS = "functions"
    VIEWS = "views"
    STATISTICS = "statistics"
    PLANS = "plans"


class State(StrEnum):
    """Values that are no definition but a state of the item: "index x on y is invalid"."""

    INVALID = "invalid"
    DISABLED = "disabled"
    UNPOPULATED = "not populated"


# Sections whose values are lists of parts, one a line: of a change, only the parts that differ are told.
_LISTS = (Section.TABLES, Section.PLANS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One item of one source, before and after; None where there is no such item. `at`: when it was first seen so.

    `item` such as `index valuations_by_date on portfolio_valuations`; in some sections a value is a list of parts, one
    a line.
    """

    source: str
    section: Section
    item: str
    before: str | None
    after: str | None
    at: datetime

    @property
    def is_loss(self) -> bool:
        """Whether the item is gone, or does not work any more."""
        return self.after is None or self.after in tuple(State)

    @property
    def is_new(self) -> bool:
        """Whether there was no such item before; one that came without working is rather a loss."""
        return self.before is None and not self.is_loss

    @property
    def sentence(self) -> str:
        """What happened to the item, for people."""
        item, before, after = self.item, self.before, self.after
        if after is None:
            return f"{item} is gone"
        if after in tuple(State):
            return f"{item} is {after}"
        if self.section is Section.STATISTICS:
            return f"{item}: {after}"
        if before is None:
            return f"{item} is new"
        if before in tuple(State):
            return f"{item} is no longer {before}"
        if after.startswith(DIGEST_MARK):
            return f"{item} has changed"
        if self.section in _LISTS:
            return f"{item}{_parts(before.splitlines(), after.splitlines())}"
        return f"{item} {_shown(before)} → {_shown(after)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """All facts of one section of one source, from item to value, as they were at that instant.

    `source` is the name of a target, `host` with the host's name, `portal`, or a series (for its plan).
    """

    source: str
    section: Section
    at: datetime
    facts: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Equal for equal facts, whenever they were read."""
        text = json.dumps(dict(self.facts), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def changes_since(self, earlier: Mapping[str, str]) -> list[Change]:
        """What differs from earlier facts of the same section, in the order of the items."""
        return [
            Change(
                source=self.source,
                section=self.section,
                item=item,
                before=earlier.get(item),
                after=self.facts.get(item),
                at=self.at,
            )
            for item in sorted({*earlier, *self.facts})
            if earlier.get(item) != self.facts.get(item)
        ]


def release_entry(release: str, at: datetime) -> LedgerEntry:
    """The portal's release as the configuration or the capture says it."""
    return LedgerEntry(source="portal", section=Section.RELEASE, at=at, facts={"release": release})


def plan_entry(series: str, nodes: tuple[str, ...], at: datetime) -> LedgerEntry:
    """The plan of a series, one line a node."""
    return LedgerEntry(source=series, section=Section.PLANS, at=at, facts={f"plan of {series}": "\n".join(nodes)})


def plans_of(entries: Iterable[LedgerEntry]) -> dict[str, PlanShape]:
    """The plans among the entries, by series."""
    plans = (one for one in entries if one.section is Section.PLANS)
    return {one.source: PlanShape(tuple(text.splitlines())) for one in plans for text in one.facts.values()}


def release_of(entries: Iterable[LedgerEntry]) -> str | None:
    """The portal's release among the entries, None where it isn't."""
    return next((one.facts.get("release") for one in entries if one.section is Section.RELEASE), None)


def _parts(before: list[str], after: list[str]) -> str:
    """What the lists of parts do not have in common."""
    gone = ", ".join(part.strip() for part in before if part not in after)
    come = ", ".join(part.strip() for part in after if part not in before)
    if gone and come:
        return f": {_shown(gone)} → {_shown(come)}"
    if gone or come:
        return f": {_shown(gone)} is gone" if gone else f": {_shown(come)} is new"
    return " has changed"


def _shown(value: str) -> str:
    """One line, not too long; an empty value can be seen."""
    line = " ".join(value.split()) or "''"
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[: _SHOWN_CHARACTERS - 1]}…"
