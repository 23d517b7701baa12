"""A deployment as plain dicts for scripts: a contract, key by key. Instants are ISO 8601 in UTC, durations seconds."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dashboards.deployment.story import (
    AdviceView,
    ConditionView,
    GateView,
    JudgedGate,
    OverrideView,
    PhaseView,
    RollbackView,
    Story,
)


def deployment_document(story: Story) -> dict[str, object]:
    """What `deploy status --format json` prints and `/api/v1/deployment` answers.

    What does not exist is null, and what there may be several of is a list. Keys are added, never taken away.
    """
    running, health = story.running, story.health
    return {
        "name": story.name,
        "title": story.title,
        "environment": story.environment,
        "stage": story.stage,
        "outcome": story.outcome,
        "standing": story.standing.value,
        "standing_reasons": list(story.why),
        "as_of": _at(story.now),
        "opened_at": _at(story.opened_at),
        "opened_by": story.opened_by,
        "day": story.day,
        "window_ends_at": _at(story.window_ends_at),
        "before": story.before,
        "profile": story.profile,
        "running_phase": None if running is None else running.name,
        "next_phase": story.next_phase,
        "gate": _gate(story.gate),
        "phases": [_phase(one) for one in story.phases],
        "advice": _advice(story.advice),
        "rollback": _rollback(story.rollback, story.now),
        "live_at": _at(story.live_at),
        "watched_until": _at(story.watched_until),
        "finished_at": _at(story.finished_at),
        "gates": [_judged(one) for one in story.gates],
        "integrity": None if story.integrity is None else {
            "gate": story.integrity.gate,
            "at": _at(story.integrity.at),
            "state": story.integrity.state.value,
            "lines": list(story.integrity.lines),
        },
        "checklist": [
            {"name": one.name, "status": one.status, "critical": one.critical, "detail": one.detail}
            for one in story.checklist
        ],
        "health": None if health is None else {"score": health.score, "word": health.word},
        "sign_offs": [
            {"item": one.item, "by": one.by, "passed": one.passed, "note": one.note, "at": _at(one.at)}
            for one in story.sign_offs
        ],
        "watch": [
            {
                "at": _at(one.at),
                "against": one.against,
                "verdict": one.verdict,
                "degraded": list(one.degraded),
                "missing": list(one.missing),
                "reason": one.reason,
            }
            for one in story.watch
        ],
        "messages": [
            {
                "at": _at(one.at),
                "by": one.by,
                "kind": one.kind,
                "channels": list(one.channels),
                "failed": list(one.failed),
            }
            for one in story.messages
        ],
        "events": [
            {
                "number": one.number,
                "at": _at(one.at),
                "kind": one.kind,
                "by": one.by,
                "phase": one.phase or None,
                "sentence": one.sentence,
            }
            for one in story.events
        ],
    }  # fmt: skip


def gate_document(gate: GateView) -> dict[str, object]:
    """The gate that is due."""
    return {
        "gate": gate.name,
        "state": gate.state.value,
        "reasons": list(gate.reasons),
        "judged_at": _at(gate.judged_at),
        "conditions": _conditions(gate.conditions),
        "override": _override(gate.override),
    }


def _gate(gate: GateView | None) -> dict[str, object] | None:
    return None if gate is None else gate_document(gate)


def _judged(gate: JudgedGate) -> dict[str, object]:
    return {
        "gate": gate.name,
        "at": _at(gate.at),
        "by": gate.by,
        "state": None if gate.state is None else gate.state.value,
        "reasons": gate.reasons,
        "conditions": _conditions(gate.conditions),
        "captures": list(gate.captures),
        "override": _override(gate.override),
    }


def _conditions(conditions: Sequence[ConditionView]) -> list[Mapping[str, object]]:
    return [{"condition": one.condition, "state": one.state.value, "reasons": list(one.reasons)} for one in conditions]


def _override(override: OverrideView | None) -> Mapping[str, object] | None:
    if override is None:
        return None
    return {
        "by": override.by,
        "reason": override.reason,
        "against": list(override.against),
        "at": _at(override.at),
    }


def _phase(phase: PhaseView) -> Mapping[str, object]:
    return {
        "name": phase.name,
        "title": phase.title,
        "status": phase.status,
        "expected_seconds": [phase.shortest_seconds, phase.longest_seconds],
        "started_at": _at(phase.started_at),
        "ended_at": _at(phase.ended_at),
        "elapsed_seconds": phase.elapsed_seconds,
        "overdue": phase.is_overdue,
        "users": phase.users,
        "by": phase.by or None,
        "attempts": phase.attempts,
        "ungated": phase.ungated,
        "operations": [
            {
                "name": one.name,
                "status": one.status,
                "seconds": one.seconds,
                "pace": None if one.pace is None else one.pace.value,
                "rows": one.rows,
                "error": one.error or None,
            }
            for one in phase.operations
        ],
    }


def _advice(advice: AdviceView | None) -> Mapping[str, object] | None:
    if advice is None:
        return None
    return {
        "action": advice.action,
        "reason": advice.reason,
        "rollback_tier": advice.rollback_tier,
        "probability": {"over_25": advice.over_25, "over_40": advice.over_40},
        "decided_by": advice.decided_by,
        "time_limit_minutes": advice.time_limit_minutes,
        "evidence": list(advice.evidence),
        "at": _at(advice.at),
    }


def _rollback(rollback: RollbackView | None, now: datetime) -> Mapping[str, object] | None:
    if rollback is None:
        return None
    return {
        "by": rollback.by,
        "reason": rollback.reason,
        "tier": rollback.tier,
        "at": _at(rollback.at),
        "until": _at(rollback.until),
        "left_seconds": rollback.left_seconds(now),
        "recovered_at": _at(rollback.recovered_at),
    }


def _at(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
