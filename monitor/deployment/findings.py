"""What is wrong with a deployment while it runs, as findings: they go the way of all findings."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts import blanks
from baselines import Unit
from dashboards.deployment.wording import duration
from monitor.deployment.deployment import Deployment, Stage
from monitor.deployment.messages import status_update
from monitor.deployment.phase import Phase
from thresholds import Finding, Level, Rule
from thresholds.deployment.gate import Gate, GateState, Side
from thresholds.deployment.gate_figures import load_gate_figures
from thresholds.deployment.standing_alerts import ROUTE

PHASE = "deployment.phase"
GATE = "deployment.gate"
USERS = "deployment.users"
ROLLBACK = "deployment.rollback"
STATUS_UPDATE = "deployment.status_update"
FOLLOWING = "deployment.following"
SERIES = (PHASE, GATE, USERS, ROLLBACK, STATUS_UPDATE, FOLLOWING)

# After so long without a message, somebody has to fill in what nobody but a person knows.
_LATE = timedelta(seconds=load_gate_figures().status_update_late_seconds)
_WELL = "all is well"


def deployment_findings(
    deployment: Deployment | None, now: datetime, *, users: float | None = None, trouble: str = ""
) -> list[Finding]:
    """One finding for each of `SERIES`, ok where nothing is wrong or no deployment is open.

    `users` is how many work now, ours not counted; None while nobody knows: then nothing is said of them in a phase
    that does not allow any number. `trouble`: why the portal's log can't be followed.
    """
    if deployment is None or deployment.stage is Stage.FINISHED:
        return [_finding(series, Level.OK, _WELL, now) for series in SERIES]
    told = dict(_wrong(deployment, now, users, trouble))
    known = [series for series in SERIES if series != USERS or users is not None or _allowed(deployment) is None]
    return [_finding(series, *told.get(series, (Level.OK, _WELL)), now) for series in known]


def _wrong(
    deployment: Deployment, now: datetime, users: float | None, trouble: str
) -> Iterator[tuple[str, tuple[Level, str]]]:
    running, ungated = deployment.running, _ungated(deployment)
    phase = []
    if ungated is not None:
        phase.append(f"{ungated.name} began although its gate was not open")
    if running is not None and running.is_overdue(now):
        elapsed, longest = running.elapsed(now), running.plan.longest
        assert elapsed is not None
        phase.append(f"{running.name} runs for {_told(elapsed)}, {_told(longest)} at most was expected")
    if phase:
        yield PHASE, (Level.WARNING if ungated is None else Level.CRITICAL, "; ".join(phase))
    gate = deployment.due_gate
    if gate is not None and deployment.gate_state(gate, now) is GateState.CLOSED:
        reasons = deployment.gate_reasons(gate, now)
        yield GATE, (Level.WARNING, f"the gate {gate} is closed: {'; '.join(reasons[:3])}")
    allowed = _allowed(deployment)
    if users is not None and allowed is not None and running is not None and users > allowed:
        yield USERS, (Level.CRITICAL, f"{users:.0f} users work, {running.name} allows {allowed or 'none'}")
    decision = deployment.rollback
    if decision is not None and decision.within is not None and now - decision.at > decision.within:
        late = f"the rollback takes {_told(now - decision.at)}, {_told(decision.within)} are allowed"
        yield ROLLBACK, (Level.CRITICAL, f"{late}; {decision.by} decided it")
    due = status_due_at(deployment)
    if due is not None and now - due > _LATE:
        late = f"the status update of {due:%Y-%m-%d %H:%M} UTC was not sent"
        lacking = blanks(status_update(deployment, now))
        yield STATUS_UPDATE, (Level.WARNING, f"{late}; it lacks {', '.join(lacking)}" if lacking else late)
    if trouble:
        yield FOLLOWING, (Level.WARNING, f"the portal's migration_log can't be followed: {trouble}")


def _ungated(deployment: Deployment) -> Phase | None:
    """The phase that began ungated: while it runs, and until somebody evaluates the gate behind it. One that the
    portal's log told of when it was over is never seen running."""
    phase = deployment.running or deployment.last_done
    if phase is None or not phase.ungated:
        return None
    behind = Gate(Side.AFTER, phase.name)
    waits = deployment.due_gate == behind and behind not in deployment.standings
    return phase if phase.is_running or waits else None


def _allowed(deployment: Deployment) -> int | None:
    """How many users may work now; None for any number."""
    return None if deployment.running is None else deployment.running.plan.users


def status_due_at(deployment: Deployment) -> datetime | None:
    """When the next status update is due; None where nobody is to get one, or after going live."""
    if not deployment.plan.contacts.status or deployment.stage not in (Stage.UNDER_WAY, Stage.ROLLING_BACK):
        return None
    sent: list[datetime] = [one["at"] for one in deployment.messages if one["kind"] == "status"]
    return max([deployment.opened_at, *sent]) + timedelta(seconds=deployment.plan.status_update_seconds)


def _finding(series: str, level: Level, summary: str, now: datetime) -> Finding:
    return Finding(
        series=series, route=ROUTE, rule=Rule.ABSOLUTE, level=level, unit=Unit.COUNT, summary=summary, since=now
    )


def _told(span: timedelta) -> str:
    return duration(span.total_seconds())
