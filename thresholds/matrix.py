"""The threshold matrix: which limits hold for which series."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from baselines.series import Series
from thresholds.limit import Limit, LimitOverride, SeriesLimits
from thresholds.profile import Profile, ProfileFigures
from thresholds.shipped import FigureError, parse_figures, read_figures
from thresholds.source import Source

FILE = "matrix.yml"


class CategoryLimits(BaseModel):
    """The lines of one category, by metric, and the default of a series that is not listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: LimitOverride = LimitOverride()
    series: dict[str, LimitOverride] = {}


class ThresholdMatrix(BaseModel):
    """Layers of limits. For a listed series its line stands over `default`; for any other its category's default does.

    `overrides` are the user's: by full name they stand over everything; under `category.*` they change the default of a
    category. `own_profiles` are those whose figures the user gave.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: LimitOverride
    profiles: dict[Profile, ProfileFigures]
    categories: dict[str, CategoryLimits]
    overrides: dict[str, LimitOverride] = Field(default_factory=dict)
    own_profiles: frozenset[Profile] = frozenset()

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
        sources: dict[str, Source] = {}
        for layer in self._layers(series):
            for name, value in layer.figures.items():
                source = layer.source_of(name)
                if isinstance(value, Limit) and (misfit := value.misfit(series)):
                    if layer.written_for_it:
                        raise FigureError(f"{series.name}: {name} {value} {misfit} ({source})", source)
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
            dry_run=figures.get("dry_run", False),
            sources={name: source for name, source in sources.items() if figures[name] is not None},
        )

    def tolerance_of(self, series: Series, profile: Profile) -> tuple[float, Source]:
        """The tolerated ratio of a series to its baseline under a profile, and which figure decides it."""
        limits, at_most = self.limits_of(series), self.profiles[profile].at_most
        if at_most is None or limits.multiplier <= at_most:
            return limits.multiplier, limits.sources["multiplier"]
        return at_most, Source(f"profile {profile}", ("profiles", profile, "at_most"), profile not in self.own_profiles)

    def overridden(
        self, overrides: Mapping[str, LimitOverride], profiles: Mapping[Profile, ProfileFigures] | None = None
    ) -> "ThresholdMatrix":
        """The same matrix with the user's figures on top.

        Raises FigureError for a name that is neither that of a series nor `category.*`.
        """
        for name, override in overrides.items():
            category, dot, metric = name.partition(".")
            if not (category and dot and metric):
                raise FigureError(f"{name!r}: an override is for one series, named category.metric, or for category.*")
            if metric == "*":
                default = self.categories.get(category, CategoryLimits()).default
                _require_agreement(name, {**default.figures, **override.figures})
        return self.model_copy(
            update={
                "overrides": {**self.overrides, **overrides},
                "profiles": {**self.profiles, **(profiles or {})},
                "own_profiles": self.own_profiles | frozenset(profiles or ()),
            }
        )

    def _layers(self, series: Series) -> Iterator["_Layer"]:
        """The layers from the lowest up."""
        yield _Layer("default", self.default.figures, ("default",))
        name = series.category
        category = self.categories.get(name, CategoryLimits())
        metric = next((one for one in _parts(series.metric) if one in category.series), None)
        defaults = [_Layer(f"default of {name}", category.default.figures, ("categories", name, "default"))]
        if own := self.overrides.get(f"{name}.*"):
            defaults.append(_Layer(f"configuration: {name}.*", own.figures, ("thresholds", f"{name}.*"), shipped=False))
        if metric is None:
            yield from defaults
        else:
            # A line stands for itself: only a series without one gets the limits of its category.
            yield from (one.without_limits for one in defaults)
            line = category.series[metric].figures
            at = ("categories", name, "series", metric)
            yield _Layer(f"matrix: {name}.{metric}", line, at, written_for_it=True)
        named = next((one for one in _parts(series.name) if one in self.overrides), None)
        if named is not None:
            own = self.overrides[named]
            yield _Layer(
                f"configuration: {named}", own.figures, ("thresholds", named), shipped=False, written_for_it=True
            )


@dataclass(frozen=True, slots=True)
class _Layer:
    """What people call it, what it says, and where it stands. `written_for_it`: for this very series."""

    name: str
    figures: Mapping[str, Any]
    key: tuple[str, ...]
    shipped: bool = True
    written_for_it: bool = False

    @property
    def without_limits(self) -> "_Layer":
        rest = {name: value for name, value in self.figures.items() if not isinstance(value, Limit)}
        return replace(self, figures=rest)

    def source_of(self, figure: str) -> Source:
        return Source(self.name, (*self.key, figure), self.shipped)


def _require_agreement(name: str, figures: Mapping[str, Any]) -> None:
    """Raises FigureError where the limits of a category's default contradict each other."""
    warning, critical = figures.get("warning"), figures.get("critical")
    if warning and critical and (contradiction := warning.contradiction(critical)):
        raise FigureError(f"{name}: {contradiction}", Source(f"configuration: {name}", ("thresholds", name), False))


def _parts(name: str) -> Iterator[str]:
    """The name, then what it is a part of: `a.b.c`, `a.b`, `a`."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def load_matrix() -> ThresholdMatrix:
    """The customer's matrix as shipped."""
    return parse_figures(ThresholdMatrix, read_figures(FILE), FILE)
