"""A deployment mapped onto what page, report and scripts show of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dashboards.deployment.story import (
    AdviceView,
    ChecklistLine,
    ConditionView,
    EventView,
    GateView,
    HealthScore,
    IntegrityView,
    JudgedGate,
    MessageView,
    OperationView,
    OverrideView,
    PhaseView,
    RollbackView,
    SignOffView,
    Story,
    WatchedHour,
)
from monitor.deployment.deployment import Deployment, Outcome, gate_of
from monitor.deployment.evaluated import Evaluated
from monitor.deployment.event import Event, EventKind
from monitor.deployment.phase import Operation, Phase
from monitor.deployment.sentences import channels_of, sentence
from monitor.deployment.standing import delays, issues, standing_of
from thresholds.deployment.checklist import ChecklistResult, ItemStatus
from thresholds.deployment.gate import Condition, ConditionResult, Gate, GateState
from thresholds.deployment.health_score import ScoreResult
from thresholds.deployment.integrity import IntegrityFigure
from thresholds.deployment.pace import PaceBands, load_pace


def story_of(
    deployment: Deployment,
    now: datetime,
    evaluated: Evaluated | None = None,
) -> Story:
    """The whole deployment as of `now`. `evaluated`: its checklist and score as they were read last, if they were."""
    bands, following, gates = load_pace(), deployment.next_phase, judged_gates(deployment.events)
    last = deployment.events[-1]
    return Story(
        name=deployment.name,
        title=deployment.plan.title,
        environment=deployment.environment,
        stage=deployment.stage,
        standing=standing_of(deployment, now),
        why=[*issues(deployment, now), *delays(deployment, now)],
        now=now,
        opened_at=deployment.opened_at,
        opened_by=deployment.opened_by,
        window_ends_at=deployment.opened_at + deployment.plan.window,
        day=deployment.day(deployment.finished_at or now),
        before=deployment.before,
        profile=deployment.plan.profile,
        phases=[_phase(one, now, bands) for one in deployment.phases.values()],
        outcome=deployment.outcome,
        next_phase=None if following is None else following.name,
        gate=_due_gate(deployment, now, gates),
        gates=gates,
        integrity=_integrity(deployment, gates),
        checklist=[] if evaluated is None else _checklist(evaluated.checklist),
        health=None if evaluated is None else _health(evaluated.score),
        advices=_advices(deployment.events),
        rollback=_rollback(deployment),
        sign_offs=[
            SignOffView(item=item, by=one.by, passed=one.status is ItemStatus.PASS, at=one.at, note=one.note)
            for item, one in deployment.sign_offs.items()
        ],
        to_sign=deployment.to_sign,
        live_at=deployment.live_at,
        watched_until=deployment.watched_until,
        finished_at=deployment.finished_at,
        closing_note=str(last.detail.get("reason", "")) if last.kind is EventKind.FINISHED else "",
        watch=[_hour(one) for one in deployment.events if one.kind is EventKind.WATCHED],
        messages=[_message(one) for one in deployment.messages],
        events=[
            EventView(
                number=one.number,
                at=one.at,
                kind=one.kind,
                by=one.by,
                sentence=sentence(one),
                phase=one.phase,
            )
            for one in deployment.events
        ],
    )


def judged_gates(events: Sequence[Event]) -> list[JudgedGate]:
    """Each judgement of a gate, oldest first, with what broke it and who overrode it afterwards."""
    found: list[JudgedGate] = []
    for event in events:
        if event.kind is EventKind.GATE_JUDGED:
            conditions = [ConditionResult.from_document(one) for one in event.detail["conditions"]]
            found.append(
                JudgedGate(
                    name=str(gate_of(event)),
                    at=event.at,
                    by=event.by,
                    state=GateState(event.detail["state"]),
                    conditions=_conditions(conditions),
                    captures=tuple(event.detail.get("captures", ())),
                )
            )
        elif event.kind in (EventKind.GATE_OVERRIDDEN, EventKind.GATE_BROKEN):
            name = str(gate_of(event))
            at = next((place for place in reversed(range(len(found))) if found[place].name == name), None)
            if at is None:
                found.append(JudgedGate(name=name, at=event.at, by=event.by, state=None))
                at = len(found) - 1
            if event.kind is EventKind.GATE_BROKEN:
                found[at] = replace(found[at], broken=tuple(event.detail["reasons"]))
            else:
                found[at] = replace(found[at], override=_override(event))
    return found


def _checklist(result: ChecklistResult) -> list[ChecklistLine]:
    return [
        ChecklistLine(name=one.name, status=one.status, detail=one.sentence, critical=one.critical)
        for one in result.lines
    ]


def _health(result: ScoreResult) -> HealthScore:
    lines = [ChecklistLine(name=f"−{one.points:g}", status="FAIL", detail=one.sentence) for one in result.deductions]
    lines += [ChecklistLine(name="0", status="WARNING", detail=one) for one in (*result.unknown, *result.warnings)]
    return HealthScore(score=round(result.score), word=result.grade, lines=lines)


def _phase(phase: Phase, now: datetime, bands: PaceBands) -> PhaseView:
    shortest, longest = phase.plan.expected_seconds
    elapsed = phase.elapsed(now)
    return PhaseView(
        name=phase.name,
        title=phase.plan.title,
        status=phase.status,
        shortest_seconds=shortest,
        longest_seconds=longest,
        users=phase.plan.users,
        started_at=phase.started_at,
        ended_at=phase.ended_at,
        due_at=phase.due_at(),
        elapsed_seconds=None if elapsed is None else elapsed.total_seconds(),
        is_overdue=phase.is_overdue(now),
        by=phase.by,
        attempts=phase.attempts,
        ungated=phase.ungated,
        failed_operations=phase.failed_operations,
        operations=[_operation(one, bands) for one in phase.operations],
    )


def _operation(operation: Operation, bands: PaceBands) -> OperationView:
    seconds = operation.seconds
    return OperationView(
        name=operation.name,
        status=operation.status,
        seconds=seconds,
        pace=None if seconds is None else bands.of(seconds),
        rows=operation.rows,
        error=operation.error,
    )


def _conditions(results: Sequence[ConditionResult]) -> list[ConditionView]:
    return [ConditionView(condition=one.condition, state=one.state, reasons=one.reasons) for one in results]


def _override(event: Event) -> OverrideView:
    return OverrideView(
        by=event.by,
        reason=event.detail["reason"],
        at=event.at,
        against=tuple(event.detail.get("against", ())),
    )


def _due_gate(deployment: Deployment, now: datetime, gates: Sequence[JudgedGate]) -> GateView | None:
    gate: Gate | None = deployment.due_gate
    if gate is None:
        return None
    standing = deployment.standings.get(gate)
    override = None
    if standing is not None and standing.override is not None:
        override = next((one.override for one in reversed(gates) if one.name == str(gate)), None)
    return GateView(
        name=str(gate),
        state=deployment.gate_state(gate, now),
        reasons=deployment.gate_reasons(gate, now),
        conditions=[] if standing is None else _conditions(standing.result.conditions),
        judged_at=None if standing is None or not standing.result.conditions else standing.result.at,
        override=override,
    )


def _integrity(deployment: Deployment, gates: Sequence[JudgedGate]) -> IntegrityView | None:
    counted = [(name, _figure(one)) for name, one in deployment.integrity.items()]
    for gate in reversed(gates):
        for one in gate.conditions:
            if one.condition == Condition.INTEGRITY:
                return IntegrityView(
                    gate=gate.name, at=gate.at, state=one.state, lines=one.reasons, counted=counted
                )  # fmt: skip
    return None


def _figure(figure: IntegrityFigure) -> str:
    if figure.trouble:
        return f"could not be asked: {figure.trouble}"
    value = figure.value
    if isinstance(value, int | float):
        return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    return "no value" if value is None else value


def _advices(events: Sequence[Event]) -> list[AdviceView]:
    found = []
    for event in events:
        given = event.detail if event.kind is EventKind.ADVISED else None
        if event.kind is EventKind.GATE_JUDGED:
            given = event.detail.get("advice")
        if given is not None:
            found.append(_advice(given, event.at))
    return found


def _advice(given: Mapping[str, Any], at: datetime) -> AdviceView:
    return AdviceView(
        action=str(given["action"]),
        reason=str(given.get("reason", "")),
        at=at,
        rollback_tier=given.get("rollback_tier"),
        over_25=given.get("over_25"),
        over_40=given.get("over_40"),
        decided_by=given.get("decided_by"),
        time_limit_minutes=given.get("time_limit_minutes"),
        evidence=tuple(given.get("evidence", ())),
    )


def _rollback(deployment: Deployment) -> RollbackView | None:
    decided = deployment.rollback
    if decided is None:
        return None
    return RollbackView(
        by=decided.by,
        reason=decided.reason,
        at=decided.at,
        tier=decided.tier,
        until=None if decided.within is None else decided.at + decided.within,
        recovered_at=deployment.finished_at if deployment.outcome is Outcome.ROLLED_BACK else None,
    )


def _hour(event: Event) -> WatchedHour:
    told = event.detail.get("at")
    return WatchedHour(
        at=event.at if told is None else datetime.fromisoformat(told),
        against=str(event.detail.get("against", "")),
        verdict=str(event.detail["verdict"]),
        degraded=tuple(event.detail.get("degraded", ())),
        missing=tuple(event.detail.get("missing", ())),
        reason=str(event.detail.get("reason", "")),
    )


def _message(sent: Mapping[str, Any]) -> MessageView:
    return MessageView(
        at=sent["at"],
        by=sent["by"],
        kind=str(sent.get("kind", "message")).replace("_", " "),
        channels=channels_of(sent),
        failed=tuple(sent.get("failed", ())),
    )
