"""What goes between the processes, one line of JSON each. Measurements are arrays (and lie so in the spool): there are
hundreds a second; what is rare is an object with one member that says what it is.
"""

import json
from datetime import UTC, datetime
from typing import Any

from baselines import Inspected, Inspection, LedgerEntry, Measurement, Outcome, PlanShape, Reason, Section
from baselines.snapshot import Snapshot
from baselines.workload import WorkloadBin, WorkloadGap
from monitor import wire_workload

Note = LedgerEntry | Inspected | Snapshot | WorkloadBin | WorkloadGap


def encode(measurement: Measurement) -> bytes:
    """One line with its newline."""
    fields = [
        measurement.series,
        measurement.intended_at.timestamp(),
        measurement.started_at.timestamp(),
        measurement.outcome,
        measurement.value,
        measurement.reason,
        dict(measurement.phases),
        measurement.prober_delay_seconds,
        measurement.correlation_id,
        measurement.detail,
    ]
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Measurement:
    """The measurement of a line. Raises ValueError for a line that was torn."""
    series, intended, started, outcome, value, reason, phases, delay, correlation_id, detail = json.loads(line)
    return Measurement(
        series=series,
        intended_at=datetime.fromtimestamp(intended, UTC),
        started_at=datetime.fromtimestamp(started, UTC),
        outcome=Outcome(outcome),
        value=value,
        reason=None if reason is None else Reason(reason),
        phases=phases,
        prober_delay_seconds=delay,
        correlation_id=correlation_id,
        detail=detail,
    )


def encode_note(note: Note) -> bytes:
    """One line with its newline."""
    if isinstance(note, WorkloadBin | WorkloadGap):
        return json.dumps(wire_workload.tagged(note), separators=(",", ":")).encode() + b"\n"
    if isinstance(note, Snapshot):
        return b'{"snapshot":' + note.bounded().to_json().encode() + b"}\n"
    at = note.at.timestamp()
    if isinstance(note, LedgerEntry):
        tagged: dict[str, object] = {"ledger": [note.source, note.section, at, dict(note.facts)]}
    else:
        tagged = {"inspection": [note.series, at, note.inspection.plan.nodes, note.inspection.to_document()]}
    return json.dumps(tagged, separators=(",", ":")).encode() + b"\n"


def decode_note(kind: str, fields: Any) -> Note:
    """What `encode_note` made, from the one member of its object.

    Raises ValueError, TypeError or LookupError for anything else.
    """
    if kind == "ledger":
        return _entry(*fields)
    if kind == "inspection":
        return _inspected(*fields)
    if kind == "snapshot":
        return Snapshot.from_document(fields)
    if (workload := wire_workload.untagged(kind, fields)) is not None:
        return workload
    raise ValueError(f"nobody sends {kind!r}")


def _entry(source: str, section: str, at: float, facts: dict[str, str]) -> LedgerEntry:
    return LedgerEntry(source=source, section=Section(section), at=datetime.fromtimestamp(at, UTC), facts=facts)


def _inspected(series: str, at: float, nodes: list[str], document: dict[str, Any]) -> Inspected:
    inspection = Inspection.from_document(document, PlanShape(tuple(nodes)))
    return Inspected(series=series, at=datetime.fromtimestamp(at, UTC), inspection=inspection)
