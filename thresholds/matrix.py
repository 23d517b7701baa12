"""The threshold matrix: which limits hold for which series."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from baselines.series import Series
from thresholds.limit import Limit, LimitOverride, SeriesLimits
from thresholds.profile import Profile, ProfileFigures
from thresholds.shipped import FigureError, parse_figures, read_figures


class CategoryLimits(BaseModel):
    """The lines of one category, by metric, and the default of a series that is not listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: LimitOverride = LimitOverride()
    series: dict[str, LimitOverride] = {}


class ThresholdMatrix(BaseModel):
    """Layers of limits. For a listed series its line stands over `default`; for any other its category's default does.

    `overrides`, by full name, are the user's and stand over everything.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: LimitOverride
    profiles: dict[Profile, ProfileFigures]
    categories: dict[str, CategoryLimits]
    overrides: dict[str, LimitOverride] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_every_default(self) -> Self:
        needed = ("multiplier", "bad_evaluations", "good_evaluations")
        if missing := [name for name in needed if getattr(self.default, name) is None]:
            raise ValueError(f"default: {', '.join(missing)} missing; every series needs one")
        if missing_profiles := [one for one in Profile if one not in self.profiles]:
            raise ValueError(f"profiles: {', '.join(missing_profiles)} missing")
        return self

    def limits_of(self, series: Series) -> SeriesLimits:
        """The limits of a series. A dotted ending (a route, a mount point) has the limits of what it is a part of.

        Raises FigureError where a limit written for the series does not fit its unit or direction. A category's
        default that does not fit is left out instead: it was not written for this series.
        """
        figures: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for source, layer, written_for_it in self._layers(series):
            for name, value in layer.items():
                if isinstance(value, Limit) and (misfit := value.misfit(series)):
                    if written_for_it:
                        raise FigureError(f"{series.name}: {name} {value} {misfit} ({source})")
                    continue
                figures[name] = value
                sources[name] = source
        return SeriesLimits(
            series=series.name,
            multiplier=figures["multiplier"],
            warning=figures.get("warning"),
            critical=figures.get("critical"),
            direction=series.direction,
            bad_evaluations=figures["bad_evaluations"],
            good_evaluations=figures["good_evaluations"],
            action=figures.get("action"),
            sources={name: source for name, source in sources.items() if figures[name] is not None},
        )

    def overridden(self, overrides: Mapping[str, LimitOverride]) -> "ThresholdMatrix":
        """The same matrix with the user's figures on top. Raises FigureError for a name that is no series' name."""
        for name in overrides:
            category, dot, metric = name.partition(".")
            if not (category and dot and metric):
                raise FigureError(f"{name!r}: an override is for one series, named category.metric")
        return self.model_copy(update={"overrides": {**self.overrides, **overrides}})

    def _layers(self, series: Series) -> Iterator[tuple[str, dict[str, Any], bool]]:
        """The layers from the lowest up: what people call it, what it says, whether it was written for this series."""
        yield "default", self.default.figures, False
        category = self.categories.get(series.category, CategoryLimits())
        default = category.default.figures
        metric = next((one for one in _parts(series.metric) if one in category.series), None)
        if metric is None:
            yield f"default of {series.category}", default, False
        else:
            # A line stands for itself: only a series without one gets the limits of its category.
            rest = {name: value for name, value in default.items() if not isinstance(value, Limit)}
            yield f"default of {series.category}", rest, False
            yield f"matrix: {series.category}.{metric}", category.series[metric].figures, True
        name = next((one for one in _parts(series.name) if one in self.overrides), None)
        if name is not None:
            yield f"configuration: {name}", self.overrides[name].figures, True


def _parts(name: str) -> Iterator[str]:
    """The name, then what it is a part of: `a.b.c`, `a.b`, `a`."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def load_matrix() -> ThresholdMatrix:
    """The customer's matrix as shipped."""
    return parse_figures(ThresholdMatrix, read_figures("matrix.yml"), "matrix.yml")
