"""Everything of a deployment as of an instant, for the page, the report and scripts: values alone, no rule."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from thresholds.deployment.gate import GateState
from thresholds.deployment.pace import Pace
from thresholds.deployment.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationView:
    """A line of the portal's own log; `pace` of one that has a duration."""

    name: str
    status: str
    seconds: float | None = None
    pace: Pace | None = None
    rows: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseView:
    """One phase, planned and as it went. `status`: pending, started, completed, failed or rolled_back.
    `elapsed_seconds` is None before it began; `users` may work meanwhile, any number where that is None.
    """

    name: str
    title: str
    status: str
    shortest_seconds: float
    longest_seconds: float
    users: int | None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None
    elapsed_seconds: float | None = None
    is_overdue: bool = False
    by: str = ""
    attempts: int = 0
    ungated: bool = False
    failed_operations: int = 0
    operations: Sequence[OperationView] = ()

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.status == "started"

    @property
    def over_seconds(self) -> float:
        """How far it is or was over the longest expected; 0 where it is not."""
        return max(0.0, (self.elapsed_seconds or 0.0) - self.longest_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionView:
    """What one condition of a gate says."""

    condition: str
    state: GateState
    reasons: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideView:
    """A named person let a gate be passed; `against` is what spoke against it then."""

    by: str
    reason: str
    at: datetime
    against: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    """The gate at which everybody waits; `judged_at` is None where it was never evaluated."""

    name: str
    state: GateState
    reasons: Sequence[str] = ()
    conditions: Sequence[ConditionView] = ()
    judged_at: datetime | None = None
    override: OverrideView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedGate:
    """A gate as it was judged once. `broken`: what broke a limit while everybody waited; `state` is None where it was
    overridden without having been evaluated.
    """

    name: str
    at: datetime
    by: str
    state: GateState | None
    conditions: Sequence[ConditionView] = ()
    captures: Sequence[str] = ()
    broken: Sequence[str] = ()
    override: OverrideView | None = None

    @property
    def reasons(self) -> list[str]:
        """What kept it from being open, the worst first."""
        worse = (GateState.CLOSED, GateState.INCONCLUSIVE)
        found = [why for state in worse for one in self.conditions if one.state is state for why in one.reasons]
        return [*(f"while it was waiting: {one}" for one in self.broken), *found]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityView:
    """What must not get lost, as a gate found it last. `counted` are the answers from before, by check."""

    gate: str
    at: datetime
    state: GateState
    lines: Sequence[str]
    counted: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One item: PASS, WARNING, FAIL or MANUAL."""

    name: str
    status: str
    detail: str = ""
    critical: bool = False


@dataclass(frozen=True, slots=True)
class HealthScore:
    """The customer's score out of 100, with its word and what was taken off."""

    score: int
    word: str
    lines: Sequence[ChecklistLine] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceView:
    """Rollback advice: `action` is continue, hold, rollback or undecided; probabilities are shares, None where nothing
    was compared.
    """

    action: str
    reason: str
    at: datetime
    rollback_tier: int | None = None
    over_25: float | None = None
    over_40: float | None = None
    decided_by: str | None = None
    time_limit_minutes: int | None = None
    evidence: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackView:
    """A rollback that was decided. `until` is when it should be over by the matrix, None where that says nothing;
    `recovered_at` when its gate was passed.
    """

    by: str
    reason: str
    at: datetime
    tier: int | None = None
    until: datetime | None = None
    recovered_at: datetime | None = None

    def left_seconds(self, now: datetime) -> float | None:
        """How long it has left, negative where it takes too long; None without a limit."""
        return None if self.until is None else (self.until - (self.recovered_at or now)).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffView:
    """A named person vouches for an item, or against it."""

    item: str
    by: str
    passed: bool
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedHour:
    """What the watch after going live found in one hour, held against a baseline."""

    at: datetime
    against: str
    verdict: str
    degraded: Sequence[str] = ()
    missing: Sequence[str] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedDay:
    """A day of the watch: hours by verdict, and the series that were degraded or missing in any of them."""

    day: date
    hours: Sequence[tuple[str, int]]
    degraded: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message that was sent to people: where it arrived, and the channels where it `failed`."""

    at: datetime
    by: str
    kind: str
    channels: Sequence[str] = ()
    failed: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """What happened, as a sentence with who did it."""

    number: int
    at: datetime
    kind: str
    by: str
    sentence: str
    phase: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A deployment as of `now`. `stage`: under_way, rolling_back, watching or finished; `outcome`, once it is over:
    succeeded, rolled_back or abandoned. `why` has what makes the standing what it is. `gate` is the one that is due,
    `to_sign` are the manual items, and critical ones in case they can't be read. `advices` are all that were given, the
    last of them is `advice`.
    """

    name: str
    title: str
    environment: str
    stage: str
    standing: Standing
    now: datetime
    opened_at: datetime
    opened_by: str
    window_ends_at: datetime
    day: int
    before: str
    profile: str
    phases: Sequence[PhaseView]
    why: Sequence[str] = ()
    outcome: str | None = None
    next_phase: str | None = None
    gate: GateView | None = None
    gates: Sequence[JudgedGate] = ()
    integrity: IntegrityView | None = None
    checklist: Sequence[ChecklistLine] = ()
    health: HealthScore | None = None
    advices: Sequence[AdviceView] = ()
    rollback: RollbackView | None = None
    sign_offs: Sequence[SignOffView] = ()
    to_sign: Sequence[str] = ()
    live_at: datetime | None = None
    watched_until: datetime | None = None
    finished_at: datetime | None = None
    closing_note: str = ""
    watch: Sequence[WatchedHour] = ()
    messages: Sequence[MessageView] = ()
    events: Sequence[EventView] = ()

    @property
    def running(self) -> PhaseView | None:
        """The phase that runs."""
        return next((one for one in self.phases if one.is_running), None)

    @property
    def following(self) -> PhaseView | None:
        """The phase that may begin next."""
        return next((one for one in self.phases if one.name == self.next_phase), None)

    @property
    def advice(self) -> AdviceView | None:
        """The last advice given."""
        return self.advices[-1] if self.advices else None

    @property
    def is_over(self) -> bool:
        """Whether it was finished."""
        return self.outcome is not None

    @property
    def has_begun(self) -> bool:
        """Whether any phase was begun."""
        return any(one.status != "pending" for one in self.phases)

    @property
    def to_take_back(self) -> PhaseView | None:
        """While it is rolled back, the phase that is taken back next: the last that was begun."""
        if self.stage != "rolling_back":
            return None
        return next((one for one in reversed(self.phases) if one.status in ("started", "completed")), None)

    @property
    def days(self) -> int:
        """How many days the window has."""
        return max(1, -((self.opened_at - self.window_ends_at) // timedelta(days=1)))

    @property
    def overrides(self) -> list[JudgedGate]:
        """The gates that were passed by a named person's word."""
        return [one for one in self.gates if one.override is not None]

    @property
    def timeline(self) -> list[EventView]:
        """The events, oldest first; hours of the watch that say the same one after the other are one line."""
        found: list[EventView] = []
        for sentence, ones in groupby(
            self.events, key=lambda one: one.sentence if one.kind == "watched" else one.number
        ):
            first, *rest = ones
            if rest:
                more = "the next one" if len(rest) == 1 else f"the next {len(rest)}"
                first = replace(first, sentence=f"{sentence} So is {more}, until {rest[-1].at:%Y-%m-%d %H:%M}.")
            found.append(first)
        return found

    @property
    def watch_by_day(self) -> list[WatchedDay]:
        """The watch, a line a day of UTC, oldest first."""
        found = []
        for day, hours in groupby(self.watch, key=lambda one: one.at.date()):
            ones = list(hours)
            found.append(
                WatchedDay(
                    day=day,
                    hours=Counter(one.verdict for one in ones).most_common(),
                    degraded=sorted({name for one in ones for name in (*one.degraded, *one.missing)}),
                )
            )
        return found
