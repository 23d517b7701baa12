"""Who is told of what: the customer's routing, the channels there are, and how much evidence an alert needs."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from alerts.alert import Alert
from alerts.settings import ChannelSettings
from thresholds.finding import Finding, Rule
from thresholds.limit import SeriesLimits
from thresholds.routing import Delivery, Routing, Tier


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many consecutive evaluations an alert needs to fire, and to resolve; both at least 1."""

    bad_evaluations: int
    good_evaluations: int

    def __post_init__(self) -> None:
        if min(self.bad_evaluations, self.good_evaluations) < 1:
            raise ValueError("an alert needs at least one evaluation to fire and one to resolve")


def evidence_by_limits(limits_of: Callable[[Finding], SeriesLimits]) -> Callable[[Finding], Evidence]:
    """The numbers that stand in the limits of a finding's series, which `limits_of` looks up.

    A comparison has made sure before it speaks, so that a finding of the baseline rule fires at once.
    """

    def evidence_of(finding: Finding) -> Evidence:
        limits = limits_of(finding)
        bad = 1 if finding.rule is Rule.BASELINE else limits.bad_evaluations
        return Evidence(bad_evaluations=bad, good_evaluations=limits.good_evaluations)

    return evidence_of


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is told of what, and after how much evidence.

    `channels`: what is configured, by the name tiers use. `target_of`: the target behind a series, None where there is
    none; two names of one place count as one. `stands_on`: the targets that a target can't work without.
    """

    routing: Routing
    channels: Mapping[str, ChannelSettings]
    evidence_of: Callable[[Finding], Evidence]
    target_of: Callable[[str], str | None] = lambda _series: None
    stands_on: Mapping[str, Collection[str]] = field(default_factory=dict)

    def tier_of(self, alert: Alert) -> Tier:
        """The tier an alert stands in; where a changed configuration has no such tier, that of its route and level."""
        return self.routing.tiers.get(alert.tier) or self.routing.tier_of(alert.route, alert.level)

    def higher(self, one: Tier, other: Tier) -> Tier:
        """The graver of two tiers: an alert that was escalated does not come down when it gets worse."""
        ladder = list(self.routing.tiers)
        return max(one, other, key=lambda tier: ladder.index(tier.name))

    def says_that_a_target_is_away(self, one: Alert | Finding) -> bool:
        """Whether it is of a probe that asks nothing else; what it says speaks for everything behind the target."""
        return one.rule is Rule.AVAILABILITY and one.route in self.routing.outages

    def is_ours(self, alert: Alert) -> bool:
        """Whether we deliver it; else the user's Alertmanager does, and nobody is told by us."""
        return self.routing.delivered_by(alert.route) is Delivery.PORTALWATCH

    def group_wait(self, tier: Tier) -> timedelta:
        """How long the first message of an alert waits for others of its cause."""
        return timedelta(seconds=tier.group_wait_seconds)
