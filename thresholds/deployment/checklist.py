"""The checklist before a deployment: what is read, what a person signs off, and whether all of it says go."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thresholds.deployment.fact import Fact, Wanted
from thresholds.deployment.gate import GateState
from thresholds.deployment.requirement import AtLeast, AtMost, Check, FactName, NoneOf, Present, wanted_by
from thresholds.shipped import parse_figures, read_figures


class ItemStatus(StrEnum):
    """Of one item. Manual: it is for a person to say."""

    PASS = "PASS"
    WARNING = "WARNING"
    FAIL = "FAIL"
    MANUAL = "MANUAL"


class Outcome(StrEnum):
    """Of the whole checklist. Waiting: somebody has to sign something off, or too little could be read."""

    GO = "go"
    ABORT = "abort"
    WAITING = "waiting"

    @property
    def gate(self) -> GateState:
        """What it means to a gate."""
        return _GATES[self]


_GATES = {Outcome.GO: GateState.OPEN, Outcome.ABORT: GateState.CLOSED, Outcome.WAITING: GateState.INCONCLUSIVE}


class Manual(BaseModel):
    """No machine knows: a person signs it off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["manual"]


class ChecklistItem(BaseModel):
    """One item: what is required, and whether a deployment aborts where it does not hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1, description="what must be so, in a few words")
    critical: bool = Field(False, description="whether the deployment aborts where it does not hold")
    requires: Annotated[Manual | AtMost | AtLeast | NoneOf | Present, Field(discriminator="kind")]


class Checklist(BaseModel):
    """The items in their order, by name, and how many warnings are let pass."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most_warnings: int = Field(3, ge=0, description="more warnings than this abort")
    items: dict[FactName, ChecklistItem] = Field(min_length=1, description="the items in their order, by name")

    @model_validator(mode="after")
    def _one_question_a_fact(self) -> Self:
        self.wanted()
        return self

    def wanted(self) -> Wanted:
        """What has to be read for it to be judged."""
        required = (one.requires for one in self.items.values())
        return wanted_by(one for one in required if not isinstance(one, Manual))


@dataclass(frozen=True, slots=True)
class SignOff:
    """What a named person says of an item that is for a person to say. Raises ValueError where it says nothing."""

    by: str
    status: ItemStatus
    note: str
    at: datetime

    def __post_init__(self) -> None:
        if self.status not in (ItemStatus.PASS, ItemStatus.FAIL):
            raise ValueError(f"an item is signed off as PASS or FAIL, not as {self.status}")
        if not self.by.strip() or not self.note.strip():
            raise ValueError("whoever signs an item off gives a name, and a note of what was looked at")


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One item as it stands; `told` is the figure with its limit, or what the person said, in words. `is_known` is
    False while nobody could read what it looks at."""

    name: str
    title: str
    status: ItemStatus
    critical: bool
    told: str
    is_known: bool = True
    sign_off: SignOff | None = None

    @property
    def sentence(self) -> str:
        """The line for people."""
        return f"{self.title}: {self.told}"


@dataclass(frozen=True, slots=True)
class ChecklistResult:
    """The checklist as it stands, and what follows from it, each reason a sentence; a go has none."""

    lines: tuple[ChecklistLine, ...]
    outcome: Outcome
    reasons: tuple[str, ...]

    @property
    def state(self) -> GateState:
        """What it means to a gate."""
        return self.outcome.gate


def judge(items: Checklist, facts: Mapping[str, Fact], sign_offs: Mapping[str, SignOff]) -> ChecklistResult:
    """Each item held against what is known, sign-offs by name of item.

    - what holds is a PASS; what does not, a FAIL where it is critical and a WARNING where not
    - a manual item is MANUAL until somebody signs it off; the person's FAIL counts as any other that does not hold
    - what could not be read is never a PASS: a WARNING, and where it is critical MANUAL, because then a person has to
      look; a sign-off is heard while it can't be read, and no longer once it can
    - abort: a critical FAIL, or more warnings than are let pass, those about what could not be read not counted
    - waiting: a critical item is MANUAL, or there are too many warnings with those about what could not be read
    - go: else
    """
    lines = tuple(_line(name, item, facts, sign_offs.get(name)) for name, item in items.items.items())
    if against := list(_against(lines, items.most_warnings)):
        return ChecklistResult(lines, Outcome.ABORT, tuple(against))
    if open_still := list(_open_still(lines, items.most_warnings)):
        return ChecklistResult(lines, Outcome.WAITING, tuple(open_still))
    return ChecklistResult(lines, Outcome.GO, ())


def load_checklist() -> Checklist:
    """The customer's checklist as shipped."""
    return parse_figures(Checklist, read_figures("checklist.yml"), "checklist.yml")


def _line(name: str, item: ChecklistItem, facts: Mapping[str, Fact], sign_off: SignOff | None) -> ChecklistLine:
    is_manual = isinstance(item.requires, Manual)
    check = Check(None, "nobody has signed it off") if isinstance(item.requires, Manual) else item.requires.check(facts)
    if check.holds is not None:
        return ChecklistLine(name, item.title, _status(check.holds, item), item.critical, check.told)
    if not (is_manual or item.critical):
        return ChecklistLine(name, item.title, ItemStatus.WARNING, item.critical, check.told, is_known=False)
    if sign_off is None:
        told = check.told if is_manual else f"{check.told}; somebody must look and sign it off"
        return ChecklistLine(name, item.title, ItemStatus.MANUAL, item.critical, told, is_known=False)
    status = _status(sign_off.status is ItemStatus.PASS, item)
    told = f"{sign_off.status} by {sign_off.by}: {sign_off.note}"
    return ChecklistLine(name, item.title, status, item.critical, told, sign_off=sign_off)


def _status(holds: bool, item: ChecklistItem) -> ItemStatus:
    if holds:
        return ItemStatus.PASS
    return ItemStatus.FAIL if item.critical else ItemStatus.WARNING


def _against(lines: tuple[ChecklistLine, ...], most: int) -> Iterator[str]:
    yield from (one.sentence for one in lines if one.status is ItemStatus.FAIL)
    warnings = [one for one in lines if one.status is ItemStatus.WARNING and one.is_known]
    if len(warnings) > most:
        yield f"{len(warnings)} warnings, at most {most}"
        yield from (one.sentence for one in warnings)


def _open_still(lines: tuple[ChecklistLine, ...], most: int) -> Iterator[str]:
    yield from (one.sentence for one in lines if one.status is ItemStatus.MANUAL and one.critical)
    warnings = [one for one in lines if one.status is ItemStatus.WARNING]
    if len(warnings) > most:
        yield f"{len(warnings)} warnings, at most {most}, some of them because too little could be read"
        yield from (one.sentence for one in warnings)
