"""What can be required of a database: at most, at least or none of a figure, or that things are there by name."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thresholds.deployment.fact import Fact, Figure, Names, Wanted, unit_of
from thresholds.deployment.integrity import READING
from thresholds.quantity import Quantity, written

FactName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
_NAME = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$"


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a requirement holds (None: not known), and the figure and its limit, or why it is not known, in words.

    `amount`: how many there are that should not be, or are missing; 0 where it holds or is not known.
    """

    holds: bool | None
    told: str
    amount: float = 0


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _OfFigure(_Closed):
    """Looks at one figure: one that is read of any database, or the answer to a question in SQL."""

    fact: FactName = Field(description="the figure it looks at; one of your own comes with `sql`")
    sql: str | None = Field(None, description="one reading statement that answers the figure")

    @model_validator(mode="after")
    def _has_an_answer(self) -> Self:
        known = [str(one) for one in Figure]
        if self.sql is None and self.fact not in known:
            raise ValueError(f"fact: {self.fact} needs a question (sql); without one there are {', '.join(known)}")
        if self.sql is not None and self.fact in (*known, *Names):
            raise ValueError(f"fact: {self.fact} is read without a question; give yours another name")
        if self.sql is not None and not READING.match(self.sql):
            raise ValueError("sql: a statement that reads begins with SELECT, WITH, VALUES or TABLE")
        return self

    def wanted(self) -> Wanted:
        """What has to be read for it."""
        nothing: frozenset[str] = frozenset()
        return Wanted(nothing, nothing, nothing, {} if self.sql is None else {self.fact: self.sql})

    def check(self, facts: Mapping[str, Fact]) -> Check:
        """Held against what is known."""
        fact = facts.get(self.fact)
        if fact is None:
            return Check(None, "not known: it was not read")
        if fact.value is None:
            return Check(None, f"not known: {fact.why_unknown}")
        if not isinstance(fact.value, int | float) or not math.isfinite(fact.value):
            return Check(None, "not known: the answer is no number")
        return self._held(float(fact.value))

    def _held(self, value: float) -> Check:
        raise NotImplementedError

    def _written(self, value: float) -> str:
        unit = unit_of(self.fact)
        return f"{value:,.0f}" if unit is None and value == int(value) else written(value, unit)


class _Limited(_OfFigure):
    limit: float = Field(ge=0, description="the limit, with its unit where the fact has one: 50 GB")

    @model_validator(mode="before")
    @classmethod
    def _in_its_unit(cls, given: object) -> object:
        """A limit in the unit of its fact, as a plain number."""
        if not isinstance(given, dict) or "limit" not in given or not isinstance(given.get("fact"), str):
            return given
        quantity = Quantity.parse(given["limit"])
        unit = unit_of(given["fact"])
        if quantity.unit not in (None, unit):
            raise ValueError(f"limit: {given['fact']} is a number of {unit or 'things'}, not {given['limit']}")
        return {**given, "limit": quantity.value}


class AtMost(_Limited):
    """A ceiling: the figure itself may be reached."""

    kind: Literal["at_most"]

    def _held(self, value: float) -> Check:
        told = f"{self._written(value)}, at most {self._written(self.limit)}"
        return Check(value <= self.limit, told, max(0.0, value - self.limit))


class AtLeast(_Limited):
    """A floor."""

    kind: Literal["at_least"]

    def _held(self, value: float) -> Check:
        told = f"{self._written(value)}, at least {self._written(self.limit)}"
        return Check(value >= self.limit, told, max(0.0, self.limit - value))


class NoneOf(_OfFigure):
    """There must be none."""

    kind: Literal["none"]

    def _held(self, value: float) -> Check:
        return Check(value == 0, "none" if value == 0 else f"{self._written(value)}, must be none", value)


class Present(_Closed):
    """Tables, functions or triggers that must be there; a name with its schema is looked for there alone."""

    kind: Literal["present"]
    what: Names = Field(description="tables, functions or triggers")
    names: tuple[Annotated[str, Field(pattern=_NAME)], ...] = Field(min_length=1, description="their names")

    def wanted(self) -> Wanted:
        """What has to be read for it."""
        asked = {names: frozenset(self.names if names is self.what else ()) for names in Names}
        return Wanted(asked[Names.TABLES], asked[Names.FUNCTIONS], asked[Names.TRIGGERS], {})

    def check(self, facts: Mapping[str, Fact]) -> Check:
        """Held against what is known."""
        fact = facts.get(self.what)
        if fact is None:
            return Check(None, "not known: it was not read")
        if not isinstance(fact.value, frozenset):
            return Check(None, f"not known: {fact.why_unknown}")
        there = fact.value
        missing = [one for one in self.names if one not in there]
        count = len(self.names)
        if not missing:
            return Check(True, f"{self.names[0]} is there" if count == 1 else f"all {count} {self.what} are there")
        whole = "" if count == 1 else f"{len(missing)} of {count} {self.what} missing: "
        return Check(False, f"{whole}{', '.join(missing)}{' is missing' if count == 1 else ''}", len(missing))


Requirement = Annotated[AtMost | AtLeast | NoneOf | Present, Field(discriminator="kind")]


def wanted_by(requirements: "Iterable[AtMost | AtLeast | NoneOf | Present]") -> Wanted:
    """What has to be read for all of them. Raises ValueError where two ask differently for a fact of one name."""
    return Wanted.union(one.wanted() for one in requirements)
