"""The customer's classes of errors: which pattern, how bad, who must know, what to do."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import re2
from pydantic import BaseModel, ConfigDict, Field, field_validator

from baselines.series import Unit
from thresholds.finding import Finding, Level, Rule
from thresholds.quantity import written
from thresholds.shipped import parse_figures, read_figures

# What no pattern is found in: shown, and nobody is told.
UNCLASSIFIED = "unclassified"
# A class is over when none of its errors arrived for so long.
QUIET_SECONDS = 900.0
# A pattern needs no more of a text; it keeps a hostile one from costing much.
_LONGEST_TEXT = 2_000
_NAME = r"^[a-z][a-z0-9_]{0,39}$"


def _readable(pattern: str) -> str:
    """Raises ValueError for what RE2 does not take."""
    try:
        re2.compile(pattern, _options())
    except re2.error as error:
        told = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"this pattern can't be read: {told}") from None
    return pattern


def _options() -> "re2.Options":
    options = re2.Options()
    options.case_sensitive = False
    options.dot_nl = True
    options.log_errors = False
    options.max_mem = 1 << 20
    return options


class ErrorClass(BaseModel):
    """One class. `route` is an alert category; `action` is the customer's label, never carried out by us."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    pattern: str = Field(min_length=1, max_length=500)
    level: Level
    action: str = Field("", max_length=80)
    route: str

    _pattern_is_readable = field_validator("pattern")(_readable)

    @field_validator("level")
    @classmethod
    def _is_a_fault(cls, level: Level) -> Level:
        if level is Level.OK:
            raise ValueError("an error is a warning or critical")
        return level


class ErrorClassOverride(BaseModel):
    """What differs of a shipped class, or all of a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    pattern: str | None = Field(None, min_length=1, max_length=500, description="RE2 pattern, found anywhere")
    level: Level | None = Field(None, description="warning or critical")
    action: str | None = Field(None, max_length=80, description="label of what to do; nothing is carried out")
    route: str | None = Field(None, description="alert category of the class")

    @field_validator("pattern")
    @classmethod
    def _pattern_is_readable(cls, pattern: str | None) -> str | None:
        return None if pattern is None else _readable(pattern)


class ErrorClasses(BaseModel):
    """The table, in the order in which it is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    classes: dict[str, ErrorClass]

    @field_validator("classes")
    @classmethod
    def _named_like_series(cls, classes: dict[str, ErrorClass]) -> dict[str, ErrorClass]:
        wrong = [name for name in classes if name == UNCLASSIFIED or not re2.search(_NAME, name)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} can't be the name of a class: small letters, digits and _, at most 40")
        return classes

    @cached_property
    def _compiled(self) -> Mapping[str, "re2._Regexp"]:
        options = _options()
        return {name: re2.compile(one.pattern, options) for name, one in self.classes.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """Every class, and that of what is none."""
        return (*self.classes, UNCLASSIFIED)

    def class_of(self, name: str, message: str) -> str:
        """The first class whose pattern is found in `name: message`."""
        text = f"{name}: {message}"[:_LONGEST_TEXT]
        return next((known for known, one in self._compiled.items() if one.search(text)), UNCLASSIFIED)

    def overridden(self, by: Mapping[str, ErrorClassOverride]) -> "ErrorClasses":
        """The table with what a user says differently; new classes are asked first. Raises ValidationError where one of
        them lacks something."""
        given = {name: one.model_dump(mode="json", exclude_none=True) for name, one in by.items()}
        new = {name: one for name, one in given.items() if name not in self.classes}
        known = {name: one.model_dump(mode="json") | given.get(name, {}) for name, one in self.classes.items()}
        return ErrorClasses.model_validate({"classes": {**new, **known}})

    def finding(self, name: str, count: int, last_at: datetime | None, now: datetime) -> Finding:
        """What is told of a class: its level while one of its errors came within 15 minutes, then ok.

        `count` is how many there were in that time. Raises KeyError for a class that is not told.
        """
        one = self.classes[name]
        open_ = last_at is not None and (now - last_at).total_seconds() < QUIET_SECONDS
        errors = f"{count} error{'' if count == 1 else 's'} of the class {name} in 15 minutes"
        return Finding(
            series=series_of_class(name),
            route=one.route,
            rule=Rule.ABSOLUTE,
            level=one.level if open_ else Level.OK,
            unit=Unit.COUNT,
            summary=errors if open_ else f"no error of the class {name} for {written(QUIET_SECONDS, Unit.SECONDS)}",
            since=now,
            value=float(count) if open_ else 0.0,
            limit=0.0,
            action=(one.action or None) if open_ else None,
        )


def series_of_class(name: str) -> str:
    """Under which name a class is told."""
    return f"errors.{name}"


def load_error_classes() -> ErrorClasses:
    """The customer's table as shipped."""
    return parse_figures(ErrorClasses, read_figures("error_classes.yml"), "error_classes.yml")
