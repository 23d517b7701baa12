"""What must not get lost: questions with one answer each, asked before a deployment and again at its gates."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self, TypeGuard

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thresholds.deployment.gate import GateState

# A figure, a text (a digest), or nothing: NULL.
Value = float | str | None

_TABLE = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$"
_COLUMN = r"^[A-Za-z_][A-Za-z0-9_]*$"
# How a statement that reads begins; what it may call is the business of whoever asks it.
READING = re.compile(r"\s*(SELECT|WITH|VALUES|TABLE)\b", re.IGNORECASE)
# Sums of floating-point columns differ by the order in which the server adds them up; at this precision a sum of ten
# thousand million still shows a lost cent.
_RELATIVE_PRECISION = 1e-12


class Expectation(StrEnum):
    """What an answer must be: what it was before, no less than that, no more than that, zero, or true (not zero)."""

    UNCHANGED = "unchanged"
    NOT_FEWER = "not_fewer"
    NOT_MORE = "not_more"
    ZERO = "zero"
    TRUE = "true"

    @property
    def needs_before(self) -> bool:
        """Whether the answer is held against the one from before the deployment."""
        return self in (Expectation.UNCHANGED, Expectation.NOT_FEWER, Expectation.NOT_MORE)


class Assertion(BaseModel):
    """A question in SQL with one row of one value. `after`: the phase from whose end on it is asked, because it is
    about something that is not there before."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sql: str = Field(description="one reading statement that answers one value")
    expect: Expectation = Field(Expectation.UNCHANGED, description="what the answer must be")
    after: str | None = Field(None, description="the phase after which it is asked; from the beginning without it")

    @model_validator(mode="after")
    def _can_be_held(self) -> Self:
        if not READING.match(self.sql):
            raise ValueError("sql: a statement that reads begins with SELECT, WITH, VALUES or TABLE")
        if self.after is not None and self.expect.needs_before:
            raise ValueError(f"after: what is asked from a phase on has no answer from before to be {self.expect}")
        return self


class Reference(BaseModel):
    """A column that must point at a row: `client_products.client_id` at `client_groups.id`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str = Field(pattern=_TABLE, description="the table that points")
    column: str = Field(pattern=_COLUMN, description="its column")
    to: str = Field(pattern=_TABLE, description="the table that is pointed at")
    key: str = Field("id", pattern=_COLUMN, description="the column that is pointed at")
    after: str | None = Field(None, description="the phase after which it is asked")


class IntegrityPlan(BaseModel):
    """What a plan asks: tables whose rows are counted, references without orphans, and assertions of one's own.

    `rows`: rows may come while people work, and none may go. Use an assertion where that is not so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: tuple[Annotated[str, Field(pattern=_TABLE)], ...] = Field((), description="tables that may lose no row")
    references: tuple[Reference, ...] = Field((), description="columns that must point at a row")
    assertions: dict[str, Assertion] = Field({}, description="questions in SQL, by name")

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [one.name for one in self.checks()]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name}: asked twice, and an answer is known by its name")
        return self

    def checks(self) -> "Sequence[IntegrityCheck]":
        """All questions, in the order of the plan."""
        rows = [
            IntegrityCheck(f"rows of {table}", f"SELECT count(*) FROM {table}", Expectation.NOT_FEWER)
            for table in self.rows
        ]
        orphans = [
            IntegrityCheck(
                f"orphans of {one.table}.{one.column}",
                f"SELECT count(*) FROM {one.table} AS a WHERE a.{one.column} IS NOT NULL"
                f" AND NOT EXISTS (SELECT FROM {one.to} AS b WHERE b.{one.key} = a.{one.column})",
                Expectation.ZERO if one.after else Expectation.NOT_MORE,
                one.after,
            )
            for one in self.references
        ]
        own = [IntegrityCheck(name, one.sql, one.expect, one.after) for name, one in self.assertions.items()]
        return [*rows, *orphans, *own]


@dataclass(frozen=True, slots=True)
class IntegrityCheck:
    """One question with what its answer must be; `after` as in `Assertion`."""

    name: str
    sql: str
    expect: Expectation
    after: str | None = None


@dataclass(frozen=True, slots=True)
class IntegrityFigure:
    """An answer, or why there is none."""

    value: Value = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class IntegrityResult:
    """One question held against its answers: whether it holds, and the sentence for people."""

    name: str
    state: GateState
    sentence: str


def hold(
    checks: Sequence[IntegrityCheck],
    before: Mapping[str, IntegrityFigure],
    now: Mapping[str, IntegrityFigure],
) -> list[IntegrityResult]:
    """Every question whose answer `now` has, held: closed where it does not hold, inconclusive where one is missing."""
    return [_held(one, before.get(one.name), now[one.name]) for one in checks if one.name in now]


def _held(check: IntegrityCheck, before: IntegrityFigure | None, now: IntegrityFigure) -> IntegrityResult:
    def result(state: GateState, sentence: str) -> IntegrityResult:
        return IntegrityResult(check.name, state, f"{check.name}: {sentence}")

    if now.trouble:
        return result(GateState.INCONCLUSIVE, f"could not be asked: {now.trouble}")
    if not check.expect.needs_before:
        holds = _is_zero(now.value) if check.expect is Expectation.ZERO else _is_true(now.value)
        return result(
            GateState.OPEN if holds else GateState.CLOSED,
            f"{_told(now.value)}" if holds else f"{_told(now.value)}, must be {check.expect}",
        )
    if before is None or before.trouble:
        why = before.trouble if before is not None else "it was not asked then"
        return result(GateState.INCONCLUSIVE, f"{_told(now.value)} now, and nothing from before: {why}")
    if _fits(check.expect, before.value, now.value):
        same = "as before" if _same(before.value, now.value) else f"{_told(before.value)} before"
        return result(GateState.OPEN, f"{_told(now.value)}, {same}")
    must = str(check.expect).replace("_", " ")
    return result(GateState.CLOSED, f"{_told(before.value)} before, {_told(now.value)} now, must be {must}")


def _fits(expect: Expectation, before: Value, now: Value) -> bool:
    if _same(before, now):
        return True
    if expect is Expectation.NOT_FEWER and before is None:
        return True  # the sum of an empty table is no value, and anything is more
    if expect is Expectation.UNCHANGED or not _is_number(before) or not _is_number(now):
        return False
    return now > before if expect is Expectation.NOT_FEWER else now < before


def _same(before: Value, now: Value) -> bool:
    if _is_number(before) and _is_number(now):
        return math.isclose(before, now, rel_tol=_RELATIVE_PRECISION)
    return before == now


def _is_zero(value: Value) -> bool:
    return _is_number(value) and value == 0


def _is_true(value: Value) -> bool:
    return _is_number(value) and value != 0


def _is_number(value: Value) -> TypeGuard[float]:
    """A whole number too: a large figure comes back as one from a document."""
    return isinstance(value, int | float)


def _told(value: Value) -> str:
    if value is None:
        return "no value"
    if isinstance(value, str):
        return value if len(value) <= 40 else f"{value[:40]}…"
    if math.isfinite(value) and value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if 1000 <= abs(value) < math.inf else f"{value:,.6g}"
