"""What a database says of its indexes, tables, constraints and triggers: probes read it, the checks judge it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """An index as the server counts it. Two of one `definition` on one table do the same; `needed` is one that holds a
    constraint, or makes values unique.
    """

    table: str
    name: str
    definition: str
    scans: int
    size_bytes: int
    valid: bool
    needed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReads:
    """How a table is read: as a whole, and by its indexes; its size without them."""

    name: str
    sequential: int
    by_index: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovedConstraint:
    """A constraint that is NOT VALID: old rows may break it. `orphans` of a foreign key, counted up to a limit, None
    where they were not, and `why` then.
    """

    table: str
    name: str
    foreign_key: bool
    orphans: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisabledTrigger:
    """A trigger that is switched off. `constraint` is the one that it keeps up, empty for a trigger by itself."""

    table: str
    name: str
    constraint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexUse:
    """What the index usage analysis looks at. `observed_seconds`: how long the server has counted, None where its
    counters were never set back.
    """

    indexes: Sequence[IndexState]
    tables: Sequence[TableReads]
    observed_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """What the constraint validation looks at. `constraints`: how many foreign keys and checks there are."""

    constraints: int
    unproved: Sequence[UnprovedConstraint]
    disabled: Sequence[DisabledTrigger]
