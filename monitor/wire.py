"""What goes between the processes, one line of JSON each. Measurements are arrays (and lie so in the spool): there are
hundreds a second; what is rare is an object with one member that says what it is.
"""

import json
from datetime import UTC, datetime
from typing import Any

from baselines import Inspected, Inspection, LedgerEntry, Measurement, Outcome, PlanShape, Reason, Section

Note = LedgerEntry | Inspected


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
    """A ledger entry or an inspection as one line."""
    at = note.at.timestamp()
    if isinstance(note, LedgerEntry):
        tagged: dict[str, object] = {"ledger": [note.source, note.section, at, dict(note.facts)]}
    else:
        one = note.inspection
        analyzed_at = {relation: when and when.timestamp() for relation, when in one.analyzed_at.items()}
        figures = [one.generic, one.server_seconds, one.rows, one.hit_ratio, analyzed_at, dict(one.settings)]
        tagged = {"inspection": [note.series, at, one.plan.nodes, *figures]}
    return json.dumps(tagged, separators=(",", ":")).encode() + b"\n"


def decode_note(kind: str, fields: list[Any]) -> Note:
    """What `encode_note` made, from the one member of its object. Raises ValueError or TypeError for anything else."""
    if kind == "ledger":
        return _entry(*fields)
    if kind == "inspection":
        return _inspected(*fields)
    raise ValueError(f"nobody sends {kind!r}")


def _entry(source: str, section: str, at: float, facts: dict[str, str]) -> LedgerEntry:
    return LedgerEntry(source=source, section=Section(section), at=datetime.fromtimestamp(at, UTC), facts=facts)


def _inspected(
    series: str,
    at: float,
    nodes: list[str],
    generic: bool | None,
    server_seconds: float | None,
    rows: int | None,
    hit_ratio: float | None,
    analyzed_at: dict[str, float | None],
    settings: dict[str, str],
) -> Inspected:
    inspection = Inspection(
        plan=PlanShape(tuple(nodes)),
        generic=generic,
        server_seconds=server_seconds,
        rows=rows,
        hit_ratio=hit_ratio,
        analyzed_at={
            relation: None if when is None else datetime.fromtimestamp(when, UTC)
            for relation, when in analyzed_at.items()
        },
        settings=settings,
    )
    return Inspected(series=series, at=datetime.fromtimestamp(at, UTC), inspection=inspection)
