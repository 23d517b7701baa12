"""Who must know: the customer's alert tiers, and which finding goes to which of them."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from baselines.series import Series
from thresholds.finding import Level, Rule
from thresholds.quantity import Duration
from thresholds.shipped import parse_figures, read_figures


class Tier(BaseModel):
    """One rung of the ladder. Written with units (`escalates_after: 1 h`), held in seconds.

    `channels` are told all at once. `escalates_after_seconds` counts from the first notification without an
    acknowledgement; None: never. `reminder_seconds` None: told once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    name: str
    meaning: str
    channels: tuple[str, ...]
    escalates_after_seconds: Duration | None = Field(default=None, alias="escalates_after")
    escalates_to: str | None = None
    reminder_seconds: Duration | None = Field(default=None, alias="reminder")
    acknowledgement_expires_seconds: Duration = Field(alias="acknowledgement_expires")

    @model_validator(mode="after")
    def _escalation_is_whole(self) -> Self:
        if (self.escalates_after_seconds is None) != (self.escalates_to is None):
            raise ValueError("escalates_after and escalates_to belong together: give both or neither")
        if self.escalates_to is not None and not self.channels:
            raise ValueError("a tier that escalates needs a channel, or nobody could acknowledge before it does")
        return self


class Unrouted(BaseModel):
    """The alert categories the customer gave no tier: they go by level."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    categories: tuple[str, ...]
    warning: str
    critical: str


class Routing(BaseModel):
    """The ladder and the ways onto it.

    `tiers` stand from the mildest to the gravest. `routes`: alert category → tier. `categories`: series category (or
    one series by its full name) → the alert category of a broken limit; `failures`: the same for the availability
    rule. A critical finding never goes below `critical_at_least`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tiers: dict[str, Tier]
    routes: dict[str, str]
    unrouted: Unrouted
    critical_at_least: str
    categories: dict[str, str]
    failures: dict[str, str]

    @field_validator("tiers", mode="before")
    @classmethod
    def _named_by_key(cls, tiers: object) -> object:
        if not isinstance(tiers, Mapping):
            return tiers
        return {name: {"name": name, **one} if isinstance(one, Mapping) else one for name, one in tiers.items()}

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        mistakes = [*self._unknown_tiers(), *self._broken_escalations(), *self._unknown_alert_categories()]
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    @property
    def alert_categories(self) -> frozenset[str]:
        """Every alert category there is, routed by the customer or not: what `Series.route` may say."""
        return frozenset(self.routes) | frozenset(self.unrouted.categories)

    def tier_of(self, route: str, level: Level) -> Tier:
        """The tier a finding of this alert category and level starts in.

        - a category the customer routed: its tier; any other: by level
        - a critical one goes to `critical_at_least` where that is graver

        Raises ValueError for the level ok, which nobody is told of.
        """
        if level is Level.OK:
            raise ValueError(f"{route}: a finding that is ok has no tier")
        critical = level is Level.CRITICAL
        name = self.routes.get(route, self.unrouted.critical if critical else self.unrouted.warning)
        if critical and self._rank(name) < self._rank(self.critical_at_least):
            name = self.critical_at_least
        return self.tiers[name]

    def route_of(self, series: Series, rule: Rule) -> str:
        """The alert category of a finding: the series' own, else that of its name, else that of its category.

        Where nothing is written it is the series' category itself, which then goes by level.
        """
        if series.route is not None:
            return series.route
        maps = [self.failures, self.categories] if rule is Rule.AVAILABILITY else [self.categories]
        keys = (series.name, series.category)
        return next((one[key] for one in maps for key in keys if key in one), series.category)

    def _rank(self, tier: str) -> int:
        return list(self.tiers).index(tier)

    def _unknown_tiers(self) -> list[str]:
        named = {
            **{f"routes.{category}": tier for category, tier in self.routes.items()},
            **{f"tiers.{one.name}.escalates_to": one.escalates_to for one in self.tiers.values() if one.escalates_to},
            "unrouted.warning": self.unrouted.warning,
            "unrouted.critical": self.unrouted.critical,
            "critical_at_least": self.critical_at_least,
        }
        known = ", ".join(self.tiers)
        return [
            f"{at}: unknown tier {tier!r}, known are {known}" for at, tier in named.items() if tier not in self.tiers
        ]

    def _broken_escalations(self) -> list[str]:
        """An escalation only goes up, so there can be no cycle, and it ends with somebody to tell."""
        mistakes = []
        for one in self.tiers.values():
            target = self.tiers.get(one.escalates_to or "")
            if target is None:
                continue
            if self._rank(target.name) <= self._rank(one.name):
                mistakes.append(
                    f"tiers.{one.name}.escalates_to: {target.name} does not stand above it; tiers are listed from the "
                    "mildest to the gravest, and an escalation only goes up"
                )
            if not target.channels:
                mistakes.append(f"tiers.{target.name}.channels: empty, and {one.name} escalates to it; name a channel")
        return mistakes

    def _unknown_alert_categories(self) -> list[str]:
        known = ", ".join(sorted(self.alert_categories))
        return [
            f"{table}.{key}: unknown alert category {category!r}, known are {known}"
            for table, entries in (("categories", self.categories), ("failures", self.failures))
            for key, category in entries.items()
            if category not in self.alert_categories
        ]


def load_routing() -> Routing:
    """The customer's tiers and routes as shipped."""
    return parse_figures(Routing, read_figures("routing.yml"), "routing.yml")
