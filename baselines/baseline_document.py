"""A baseline as plain dicts and lists, and back: what files of ours are made of."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from baselines.baseline import Approval, Baseline, CaptureConditions, CaptureSession, Forced
from baselines.evidence import Evidence
from baselines.plan_shape import PlanShape
from baselines.samples import Samples
from baselines.series import Direction, Series, Unit


def baseline_document(baseline: Baseline) -> dict[str, Any]:
    """As plain dicts and lists, with its approval."""
    approval = baseline.approval
    return {
        "name": baseline.name,
        "environment": baseline.environment,
        "release": baseline.release,
        "captured_by": baseline.captured_by,
        "approval": approval
        and {
            "by": approval.by,
            "at": approval.at.isoformat(),
            "expires_at": approval.expires_at and approval.expires_at.isoformat(),
            "forced": approval.forced and asdict(approval.forced),
        },
        "series": [asdict(one) for one in baseline.series.values()],
        "sessions": [
            {
                "number": session.number,
                "started_at": session.started_at.isoformat(),
                "finished_at": session.finished_at.isoformat(),
                "conditions": asdict(session.conditions),
                "samples": {name: samples_document(one) for name, one in session.samples.items()},
                "cold": {name: samples_document(one) for name, one in session.cold.items()},
                "plans": {name: one.nodes for name, one in session.plans.items()},
                "evidence": {name: one.to_document() for name, one in session.evidence.items()},
                "levels": {name: list(seen) for name, seen in session.levels.items()},
            }
            for session in baseline.sessions
        ],
    }


def baseline_from(document: Mapping[str, Any]) -> Baseline:
    """What `baseline_document` made. Raises KeyError, TypeError, ValueError or AttributeError for anything else."""
    sessions = [_session(one) for one in document["sessions"]]
    series = [series_from(one) for one in document["series"]]
    if not sessions:
        raise ValueError("a baseline has a session")
    return Baseline(
        name=document["name"],
        environment=document["environment"],
        release=document["release"],
        captured_by=document["captured_by"],
        series={one.name: one for one in series},
        sessions=sessions,
        approval=_approval(document["approval"]),
    )


def _approval(document: Mapping[str, Any] | None) -> Approval | None:
    if document is None:
        return None
    expires_at = document["expires_at"]
    return Approval(
        by=document["by"],
        at=datetime.fromisoformat(document["at"]),
        expires_at=expires_at and datetime.fromisoformat(expires_at),
        forced=Forced.from_document(document["forced"]),
    )


def series_from(document: Mapping[str, Any]) -> Series:
    """From what `dataclasses.asdict` makes of it."""
    return Series(**{**document, "unit": Unit(document["unit"]), "direction": Direction(document["direction"])})


def _session(document: Mapping[str, Any]) -> CaptureSession:
    plans = {name: PlanShape(tuple(nodes)) for name, nodes in document["plans"].items()}
    return CaptureSession(
        number=document["number"],
        started_at=datetime.fromisoformat(document["started_at"]),
        finished_at=datetime.fromisoformat(document["finished_at"]),
        conditions=CaptureConditions.from_document(document["conditions"]),
        samples={name: samples_from(one) for name, one in document["samples"].items()},
        cold={name: samples_from(one) for name, one in document["cold"].items()},
        plans=plans,
        # Files from before there was evidence have none.
        evidence={
            name: Evidence.from_document(one, plans.get(name)) for name, one in document.get("evidence", {}).items()
        },
        levels=document.get("levels", {}),
    )


def samples_from(document: Mapping[str, Any]) -> Samples:
    """What `samples_document` made."""
    return Samples.of(document["values"], document["timed_out"])


def samples_document(samples: Samples) -> dict[str, Any]:
    """As lists, None for a call that failed."""
    values = [None if failed else value for value, failed in zip(samples.values.tolist(), samples.failed, strict=True)]
    return {"values": values, "timed_out": samples.timed_out.tolist()}
