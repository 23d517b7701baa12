"""Performance grades of the customer's benchmark queries."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thresholds.quantity import Duration
from thresholds.shipped import parse_figures, read_figures

FILE = "grades.yml"


class Grade(StrEnum):
    """The customer's words for how fast a benchmark query is."""

    EXCELLENT = "EXCELLENT"
    GOOD = "GOOD"
    ACCEPTABLE = "ACCEPTABLE"
    POOR = "POOR"


class GradeBands(BaseModel):
    """Each grade holds under its figure, in seconds; POOR from the last one on."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    excellent_seconds: Duration = Field(alias="excellent")
    good_seconds: Duration = Field(alias="good")
    acceptable_seconds: Duration = Field(alias="acceptable")

    @model_validator(mode="after")
    def _bands_rise(self) -> Self:
        if not self.excellent_seconds < self.good_seconds < self.acceptable_seconds:
            raise ValueError("excellent must be below good, and good below acceptable")
        return self

    def grade(self, seconds: float) -> Grade:
        """The grade of a duration."""
        if seconds < self.excellent_seconds:
            return Grade.EXCELLENT
        if seconds < self.good_seconds:
            return Grade.GOOD
        return Grade.ACCEPTABLE if seconds < self.acceptable_seconds else Grade.POOR


class Grades(BaseModel):
    """The bands of each benchmark query, and what JSON operations stay under, in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queries: dict[str, GradeBands]
    json_benchmarks: dict[str, Duration]

    def overridden(self, queries: Mapping[str, GradeBands]) -> "Grades":
        """The same grades, with the user's bands for these queries."""
        return self.model_copy(update={"queries": {**self.queries, **queries}})


def load_grades() -> Grades:
    """The customer's grades as shipped."""
    return parse_figures(Grades, read_figures(FILE), FILE)
