"""The plan of a deployment: its window, phases with what is expected of them, gates, and who is told."""

from collections.abc import Sequence
from datetime import timedelta
from importlib.resources import files
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from baselines.baseline import Spacing
from thresholds.deployment.checklist import Checklist, load_checklist
from thresholds.deployment.gate import RECOVERY, Condition, Gate, Side
from thresholds.deployment.integrity import IntegrityPlan
from thresholds.profile import Profile
from thresholds.quantity import Duration
from thresholds.shipped import parse_figures

PhaseName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Conditions = tuple[Condition, ...]

# Everything that can be asked of any deployment; the rest needs something more (a clone, a checklist that fits).
EVERYTHING: Conditions = (
    Condition.COMPARISON,
    Condition.WORKLOAD,
    Condition.INTEGRITY,
    Condition.LIMITS,
    Condition.STATISTICS,
    Condition.INDEXES,
    Condition.CACHE,
    Condition.OPERATIONS,
)


class PlanPart(BaseModel):
    """A part of a plan: closed and frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


def _range(given: object) -> object:
    """One duration is both ends of a range."""
    return given if isinstance(given, Sequence) and not isinstance(given, str) else (given, given)


class PhasePlan(PlanPart):
    """One phase. `expected_seconds`: the shortest and the longest it is expected to take. `users`: how many may work
    meanwhile, ours not counted. `before` and `after` are what its gates ask, those of the plan where they are left out;
    an empty list means that there is no such gate. `operations`: those of the portal's own log that make up the phase;
    without them its first completed one ends it.
    """

    title: str = Field(min_length=1, description="what is done, in a few words")
    expected_seconds: Annotated[
        tuple[Duration, Duration],
        BeforeValidator(_range),
        Field(alias="expected", description="how long it is expected to take: a duration, or the shortest and longest"),
    ]
    users: int | None = Field(None, ge=0, description="concurrent users it allows; any number without it")
    profile: Profile | None = Field(None, description="tolerance profile of its gates, that of the plan without it")
    before: Conditions | None = Field(None, description="what the gate before it asks")
    after: Conditions | None = Field(None, description="what the gate after it asks")
    operations: tuple[str, ...] = Field((), description="operations of the portal's migration_log that make it up")

    @model_validator(mode="after")
    def _range_rises(self) -> Self:
        if self.expected_seconds[0] > self.expected_seconds[1]:
            raise ValueError("expected: the shortest stands before the longest")
        return self

    @property
    def longest(self) -> timedelta:
        """From then on it is overdue."""
        return timedelta(seconds=self.expected_seconds[1])

    @property
    def pauses_probes(self) -> bool:
        """Whether nobody may work in it, probes neither: what it does would wait for them, or they for it."""
        return self.users == 0


class CapturePlan(PlanPart):
    """How the gates capture: as `portalwatch baseline capture` does."""

    sessions: int = Field(5, ge=2, le=12, description="capture sessions")
    samples: int = Field(20, ge=5, le=100, description="samples of each series in a session")
    spacing: Spacing = Field(Spacing.SPREAD, description="spread over minutes, or in a burst, which knows less")


class Contacts(PlanPart):
    """Whom messages name, and the alert channels they go to."""

    name: str = Field("", description="whom messages name as the contact")
    status: tuple[str, ...] = Field((), description="alert channels of the status update")
    emergency: tuple[str, ...] = Field((), description="alert channels of the emergency notification")


class Rehearsal(PlanPart):
    """Where old and new release run side by side on a clone: two targets of the configuration, of one kind."""

    old: str = Field(description="target that is the old release")
    new: str = Field(description="target that is the new release")
    target: str | None = Field(None, description="target whose probes meet them, where several would do")
    pairs: int = Field(60, ge=40, le=1000, description="pairs of calls of each probe at most")


class DeploymentPlan(PlanPart):
    """What `portalwatch deploy start NAME --plan FILE` reads. Durations are held in seconds.

    `users` names the series that counts concurrent users. `database` is a target of the configuration, the
    only one of its kind where nothing is named. `gate`: what each gate asks that says nothing itself; `gate_holds`: how
    long an opening is worth something. `follow`: phases begin and end with the portal's own `migration_log`.
    """

    title: str = Field(min_length=1, description="what is deployed, in a few words")
    window_seconds: Duration = Field(7 * 86400.0, alias="window", description="how long it may take until it is live")
    watch_seconds: Duration = Field(7 * 86400.0, alias="watch", description="how long it is watched after going live")
    profile: Profile = Field(Profile.STANDARD, description="tolerance profile")
    users: str = Field("portal_usage.concurrent_users", description="series that counts concurrent users")
    database: str | None = Field(None, description="target whose integrity and catalogue are looked at")
    follow: bool = Field(False, description="whether phases follow the portal's own migration_log")
    phases: dict[PhaseName, PhasePlan] = Field(min_length=1, description="the phases in their order, by name")
    gate: Conditions | None = Field(None, description="what each gate asks that does not say so itself")
    gate_holds_seconds: Duration = Field(
        1800.0, alias="gate_holds", description="how long an open gate may be waited at before it is evaluated again"
    )
    capture: CapturePlan = CapturePlan()
    integrity: IntegrityPlan = IntegrityPlan()
    checklist: Checklist = Field(default_factory=load_checklist, description="the customer's without it")
    rehearsal: Rehearsal | None = None
    status_update_seconds: Duration = Field(
        4 * 3600.0, alias="status_update", description="how often stakeholders are told how it stands"
    )
    contacts: Contacts = Contacts()

    @field_validator("gate")
    @classmethod
    def _asks_something(cls, gate: Conditions | None) -> Conditions | None:
        if gate is not None and not gate:
            raise ValueError("a gate that asks nothing would open without data; give a phase `before: []` instead")
        return gate

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        asked = {condition for name in self.phases for side in Side for condition in self.asked(Gate(side, name))}
        if Condition.REHEARSAL in asked and self.rehearsal is None:
            raise ValueError("rehearsal: a gate asks for it, so say where old and new release run side by side")
        if Condition.INTEGRITY in asked and not self.integrity.checks():
            raise ValueError("integrity: a gate asks for it, so say what must not get lost")
        for check in self.integrity.checks():
            if check.after is not None and check.after not in self.phases:
                raise ValueError(f"integrity: {check.name}: there is no phase {check.after}")
        return self

    def asked(self, gate: Gate) -> Conditions:
        """What a gate asks; nothing where there is no such gate. After a rollback: what shows that all is as before."""
        if gate == RECOVERY:
            return self._recovery
        phase = self.phases.get(gate.phase)
        if phase is None:
            return ()
        own = phase.before if gate.side is Side.BEFORE else phase.after
        return self._default_gate if own is None else own

    @property
    def _recovery(self) -> Conditions:
        """Performance and integrity as before and no limit broken, and what any gate of the plan asks besides; of
        operations not, for those were taken back."""
        asked = {Condition.COMPARISON, Condition.LIMITS, *self._default_gate}
        asked |= {
            one for name in self.phases for side in (Side.BEFORE, Side.AFTER) for one in self.asked(Gate(side, name))
        }
        if self.integrity.checks():
            asked.add(Condition.INTEGRITY)
        return tuple(one for one in EVERYTHING if one in asked and one is not Condition.OPERATIONS)

    @property
    def _default_gate(self) -> Conditions:
        """Without a word about it everything is asked; of integrity only where the plan says what that is."""
        if self.gate is not None:
            return self.gate
        return tuple(one for one in EVERYTHING if one is not Condition.INTEGRITY or self.integrity.checks())

    def profile_of(self, gate: Gate) -> Profile:
        """The tolerance profile of a gate."""
        phase = self.phases.get(gate.phase)
        return phase.profile if phase is not None and phase.profile is not None else self.profile

    @property
    def gate_holds(self) -> timedelta:
        """How long an opening is worth something."""
        return timedelta(seconds=self.gate_holds_seconds)

    @property
    def window(self) -> timedelta:
        """How long it may take until it is live."""
        return timedelta(seconds=self.window_seconds)

    @property
    def watch(self) -> timedelta:
        """How long it is watched after going live."""
        return timedelta(seconds=self.watch_seconds)


def shipped_plans() -> list[str]:
    """The names of the plans that come along."""
    folder = files("thresholds").joinpath("figures", "plans")
    return sorted(one.name.removesuffix(".yml") for one in folder.iterdir() if one.name.endswith(".yml"))


def shipped_plan_text(name: str) -> str:
    """The text of a plan that comes along. Raises KeyError where there is none of that name."""
    if name not in shipped_plans():
        raise KeyError(name)
    return files("thresholds").joinpath("figures", "plans", f"{name}.yml").read_text(encoding="utf-8")


def load_shipped_plan(name: str) -> DeploymentPlan:
    """A plan that comes along. Raises KeyError where there is none of that name."""
    return parse_figures(DeploymentPlan, shipped_plan_text(name), f"{name}.yml")
