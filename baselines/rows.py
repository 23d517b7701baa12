"""Rows of the store's tables of baselines, and the types they hold."""

import json
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import numpy as np

from baselines.baseline import Approval, CaptureConditions, CaptureSession, Forced
from baselines.evidence import Evidence
from baselines.plan_shape import PlanShape
from baselines.samples import Samples
from baselines.series import Direction, Series, Unit


def arrays(samples: Samples | None) -> tuple[list[float | None], list[bool]]:
    """Values and time-outs as they are stored: None for a call that failed."""
    if samples is None:
        return [], []
    return [None if np.isnan(value) else float(value) for value in samples.values], samples.timed_out.tolist()


def approval_columns(
    approval: Approval | None,
) -> tuple[str | None, datetime | None, datetime | None, str | None, Sequence[str] | None]:
    """By whom, when, until when, the reason it was forced for, and against what."""
    if approval is None:
        return None, None, None, None, None
    forced = approval.forced
    why = (None, None) if forced is None else (forced.reason, forced.against)
    return approval.by, approval.at, approval.expires_at, *why


def approval_of(row: asyncpg.Record) -> Approval | None:
    """The approval in the row of a baseline, None where there is none."""
    if row["approved_by"] is None:
        return None
    reason = row["forced_because"]
    return Approval(
        by=row["approved_by"],
        at=row["approved_at"],
        expires_at=row["expires_at"],
        forced=None if reason is None else Forced(reason, tuple(row["forced_against"])),
    )


def plan_of(session: CaptureSession, series: str) -> list[str] | None:
    """The nodes of the plan of a series in a session, None where it has none."""
    plan = session.plans.get(series)
    return None if plan is None else list(plan.nodes)


def evidence_of(session: CaptureSession, series: str) -> str | None:
    """The evidence on a series in a session as JSON text, None where it has none."""
    evidence = session.evidence.get(series)
    return None if evidence is None else json.dumps(evidence.to_document())


def series_of(row: asyncpg.Record) -> Series:
    """The series in a row."""
    return Series(row["name"], Unit(row["unit"]), Direction(row["direction"]), row["cadence_seconds"], row["route"])


def session_of(number: int, rows: Sequence[asyncpg.Record]) -> CaptureSession:
    """The session that has a row for each of its series."""
    first = rows[0]
    plans = {row["name"]: PlanShape(tuple(row["plan"])) for row in rows if row["plan"] is not None}
    return CaptureSession(
        number=number,
        started_at=first["started_at"],
        finished_at=first["finished_at"],
        conditions=CaptureConditions.from_document(json.loads(first["conditions"])),
        samples={row["name"]: Samples.of(row["value"], row["timed_out"]) for row in rows},
        cold={row["name"]: Samples.of(row["cold_value"], row["cold_timed_out"]) for row in rows if row["cold_value"]},
        plans=plans,
        evidence={
            row["name"]: Evidence.from_document(json.loads(row["evidence"]), plans.get(row["name"]))
            for row in rows
            if row["evidence"] is not None
        },
        levels=json.loads(first["levels"]),
    )
