"""Who must know: the customer's alert tiers, and which finding goes to which of them."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from baselines.series import Series
from thresholds.finding import Level, Rule
from thresholds.quantity import Duration, Wait
from thresholds.shipped import parse_figures, read_figures


class Delivery(StrEnum):
    """Who delivers the alerts of a route: one of the two, so that nobody is paged twice for one fault."""

    PORTALWATCH = "portalwatch"
    ALERTMANAGER = "alertmanager"


class Tier(BaseModel):
    """One rung of the ladder. Written with units (`escalates_after: 1 h`), held in seconds.

    `channels` are told all at once. `escalates_after_seconds` counts from the first notification without an
    acknowledgement; None: never. `reminder_seconds` None: told once. What begins within `group_wait_seconds` of one
    cause is told in one message. `acknowledge_link`: messages carry a link that acknowledges.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    name: str
    meaning: str
    channels: tuple[str, ...]
    escalates_after_seconds: Duration | None = Field(default=None, alias="escalates_after")
    escalates_to: str | None = None
    reminder_seconds: Duration | None = Field(default=None, alias="reminder")
    acknowledgement_expires_seconds: Duration = Field(alias="acknowledgement_expires")
    group_wait_seconds: Wait = Field(default=30.0, alias="group_wait")
    acknowledge_link: bool = True

    @model_validator(mode="after")
    def _escalation_is_whole(self) -> Self:
        if (self.escalates_after_seconds is None) != (self.escalates_to is None):
            raise ValueError("escalates_after and escalates_to belong together: give both or neither")
        if self.escalates_to is not None and not self.channels:
            raise ValueError("a tier that escalates needs a channel, or nobody could acknowledge before it does")
        return self


class TierOverride(BaseModel):
    """What a user says differently of a tier, or all of a new one; only what is given counts, `never` takes away."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    meaning: str | None = Field(None, description="what the tier is for")
    channels: tuple[str, ...] | None = Field(None, description="channels that are told, all at once")
    escalates_after: Duration | Literal["never"] | None = Field(
        None, description="how long it waits for an acknowledgement before the next tier is told, or never"
    )
    escalates_to: str | None = Field(None, description="the tier that is told then")
    reminder: Duration | Literal["never"] | None = Field(None, description="how often it is told again, or never")
    acknowledgement_expires: Duration | None = Field(None, description="how long an acknowledgement counts")
    group_wait: Wait | None = Field(None, description="how long a message waits for others of its cause")
    acknowledge_link: bool | None = Field(None, description="whether messages carry a link that acknowledges")

    def over(self, shipped: Mapping[str, Any]) -> dict[str, Any]:
        """The tier as it is written, with what is given here in place."""
        given = {name: one for name, one in self.model_dump(mode="json").items() if one is not None}
        merged = {**shipped, **given}
        if merged.get("escalates_after") == "never":
            merged = {name: one for name, one in merged.items() if not name.startswith("escalates_")}
        if merged.get("reminder") == "never":
            del merged["reminder"]
        return merged


class RoutingOverride(BaseModel):
    """What a user says differently of tiers and routes; everything else stays as shipped."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tiers: dict[str, TierOverride] = Field({}, description="tiers that differ, by name")
    routes: dict[str, str] = Field({}, description="tier of an alert category")
    delivery: dict[str, Delivery] = Field({}, description="who delivers an alert category: portalwatch or alertmanager")
    critical_at_least: str | None = Field(None, description="tier below which no critical finding stays")


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
    rule. A critical finding never goes below `critical_at_least`. `outages`: the alert categories in which a failing
    probe says that its whole target is away. `log_in_to_acknowledge`: those that a link alone does not acknowledge.
    `delivery`: who delivers an alert category, portalwatch where nothing is written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tiers: dict[str, Tier]
    routes: dict[str, str]
    unrouted: Unrouted
    critical_at_least: str
    categories: dict[str, str]
    failures: dict[str, str]
    outages: frozenset[str] = frozenset()
    log_in_to_acknowledge: frozenset[str] = frozenset()
    delivery: dict[str, Delivery] = {}

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

    def delivered_by(self, route: str) -> Delivery:
        """Who delivers the alerts of this category."""
        return self.delivery.get(route, Delivery.PORTALWATCH)

    def overridden(self, by: RoutingOverride) -> "Routing":
        """The routing with what a user says differently. Raises ValidationError for what does not fit together."""
        shipped = {name: one.model_dump(by_alias=True, exclude_none=True) for name, one in self.tiers.items()}
        tiers = {**shipped, **{name: one.over(shipped.get(name, {})) for name, one in by.tiers.items()}}
        document = {
            **self.model_dump(exclude={"tiers"}),
            "tiers": tiers,
            "routes": {**self.routes, **by.routes},
            "delivery": {**self.delivery, **by.delivery},
            "critical_at_least": by.critical_at_least or self.critical_at_least,
        }
        return Routing.model_validate(document)

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
            f"{at}: unknown alert category {category!r}, known are {known}"
            for at, category in self._named_categories()
            if category not in self.alert_categories
        ]

    def _named_categories(self) -> Iterator[tuple[str, str]]:
        for table, entries in (("categories", self.categories), ("failures", self.failures)):
            yield from ((f"{table}.{key}", category) for key, category in entries.items())
        for name, categories in (("outages", self.outages), ("log_in_to_acknowledge", self.log_in_to_acknowledge)):
            yield from ((name, category) for category in categories)
        yield from (("delivery", category) for category in self.delivery)


def load_routing() -> Routing:
    """The customer's tiers and routes as shipped."""
    return parse_figures(Routing, read_figures("routing.yml"), "routing.yml")
