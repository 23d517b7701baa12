"""What is known of a database that a deployment changes: figures and names, each by the name of the fact."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from baselines.series import Unit


class Figure(StrEnum):
    """The figures that can be read of any database. A fact of any other name needs a question in SQL.

    `failed_operations` are those of the portal's own log; a database without one has logged none.
    """

    SIZE_BYTES = "size_bytes"
    CONNECTIONS = "connections"
    ACTIVE_CONNECTIONS = "active_connections"
    FOREIGN_KEYS = "foreign_keys"
    CONSTRAINTS = "constraints"
    INDEXES = "indexes"
    PERFORMANCE_INDEXES = "performance_indexes"
    FAILED_OPERATIONS = "failed_operations"
    CONSTRAINT_ERRORS = "constraint_errors"


class Names(StrEnum):
    """Things that are there by name, or not; `present` asks for them."""

    TABLES = "tables"
    FUNCTIONS = "functions"
    TRIGGERS = "triggers"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known: a figure in its base unit, a text, or the names that are there; or why it is not.

    Without a value it is not known, whether there is a trouble or not.
    """

    value: float | str | frozenset[str] | None = None
    trouble: str = ""

    @property
    def why_unknown(self) -> str:
        """The reason in words, also where nobody gave one."""
        return self.trouble or "there is no value"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What has to be read for requirements to be judged: the names to look for, and questions in SQL by fact."""

    tables: frozenset[str]
    functions: frozenset[str]
    triggers: frozenset[str]
    questions: dict[str, str]

    @classmethod
    def union(cls, several: "Iterable[Wanted]") -> "Wanted":
        """All of them together. Raises ValueError where two ask differently for a fact of one name."""
        parts = list(several)
        questions: dict[str, str] = {}
        for name, sql in (pair for one in parts for pair in one.questions.items()):
            if questions.setdefault(name, sql) != sql:
                raise ValueError(f"{name}: two questions in SQL for one fact, give one of them another name")
        return cls(
            tables=frozenset().union(*(one.tables for one in parts)),
            functions=frozenset().union(*(one.functions for one in parts)),
            triggers=frozenset().union(*(one.triggers for one in parts)),
            questions=questions,
        )


def unit_of(name: str) -> Unit | None:
    """The unit of a fact, which its name ends in; None for what is counted."""
    endings = {"_bytes": Unit.BYTES, "_seconds": Unit.SECONDS, "_ratio": Unit.RATIO}
    return next((unit for ending, unit in endings.items() if name.endswith(ending)), None)
