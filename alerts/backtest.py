"""Who would have been told, and when, had a policy been in force: stored findings played through the alerts again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from alerts.alert import UNANSWERED
from alerts.errors import AlertClosedError
from alerts.finding_run import FindingRun
from alerts.memory import MemoryAlerts
from alerts.notification import Reason
from alerts.policy import Policy
from alerts.steps import due_at
from alerts.store import Scope
from alerts.transition import Transition
from thresholds.finding import Finding, Level

# Where a run has one evaluation only, its rule is taken to be asked this often.
_USUAL_SECONDS = 30.0
# So many good evaluations after a run are played: more than any alert needs to end.
_GOOD_ONES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldTell:
    """One message that would have left, to these channels at once."""

    at: datetime
    reason: Reason
    tier: str
    channels: tuple[str, ...]
    series: str
    summary: str


async def backtest(
    runs: Sequence[FindingRun], policy: Policy, until: datetime, *, answered_after: timedelta | None = None
) -> list[WouldTell]:
    """What would have been told of these runs until that instant, in order.

    Evaluations are spread evenly over their run; after it the rule is ok until the next one. `answered_after`: somebody
    acknowledges each alert so long after it was told first; None: nobody ever does.
    """
    alerts, told = MemoryAlerts(policy, "backtest"), list[WouldTell]()

    async def steps_until(at: datetime) -> None:
        while (due := _next(alerts, answered_after)) is not None and due <= at:
            await _deliver(alerts, policy, due)
            await _answer(alerts, due, answered_after)
            told.extend(_told(await alerts.advance(due), due))

    for at, findings in _evaluations(runs):
        if at >= until:
            break
        await steps_until(at)
        await _deliver(alerts, policy, at)
        told.extend(_told(await alerts.record(findings, at), at))
    await steps_until(until)
    return told


def _next(alerts: MemoryAlerts, answered_after: timedelta | None) -> datetime | None:
    """When the clock, or the person who answers, has something to do."""
    steps = [at for one in alerts.book.open_alerts() if (at := due_at(one)) is not None]
    answers = [
        one.fired_at + answered_after
        for one in alerts.book.open_alerts()
        if answered_after is not None and one.state in UNANSWERED and one.fired_at is not None
    ]
    return min([*steps, *answers], default=None)


async def _deliver(alerts: MemoryAlerts, policy: Policy, now: datetime) -> None:
    """What is due arrives: who was told of an alert hears of its end too, even where it was acknowledged between."""
    for channel in policy.channels:
        while (batch := await alerts.claim(channel, now, now, Scope.ALL)) is not None:
            await alerts.confirm(batch, now)


async def _answer(alerts: MemoryAlerts, now: datetime, answered_after: timedelta | None) -> None:
    if answered_after is None:
        return
    for one in alerts.book.open_alerts():
        if one.state in UNANSWERED and one.fired_at is not None and one.fired_at + answered_after <= now:
            try:
                await alerts.acknowledge(one.id, "whoever is on call", now)
            except AlertClosedError:
                continue


def _told(transitions: Iterable[Transition], now: datetime) -> Iterator[WouldTell]:
    for one in transitions:
        if one.after is not None and one.notifications:
            yield WouldTell(
                at=now,
                reason=one.reason,
                tier=one.after.tier,
                channels=tuple(queued.channel for queued in one.notifications),
                series=one.after.series,
                summary=one.after.summary,
            )


def _evaluations(runs: Sequence[FindingRun]) -> Iterator[tuple[datetime, list[Finding]]]:
    """All evaluations in the order of time, those of one instant together."""
    by_rule: defaultdict[str, list[FindingRun]] = defaultdict(list)
    for one in sorted(runs, key=lambda run: run.started_at):
        by_rule[one.fingerprint].append(one)
    at: defaultdict[datetime, list[Finding]] = defaultdict(list)
    for several in by_rule.values():
        for run, following in pairwise([*several, None]):
            assert run is not None
            for instant, level in _instants(run, following):
                at[instant].append(run.finding(instant, level))
    yield from sorted(at.items())


def _instants(run: FindingRun, following: FindingRun | None) -> Iterator[tuple[datetime, Level]]:
    """When the rule was asked: over the run, and from its end until the next one begins."""
    gaps = run.evaluations - 1
    spacing = (run.ended_at - run.started_at) / gaps if gaps else timedelta(seconds=_USUAL_SECONDS)
    for number in range(run.evaluations):
        yield run.started_at + number * spacing, run.level
    step = max(spacing, timedelta(seconds=1))
    for number in range(1, _GOOD_ONES + 1):
        good = run.ended_at + number * step
        # The next run may begin where the evaluation after this one was: at another level, nothing was ok between.
        if following is not None and good > following.started_at - step / 2:
            return
        yield good, Level.OK
