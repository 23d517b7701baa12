"""A measurement as one line of JSON: between the processes, and in the spool."""

import json
from datetime import UTC, datetime

from baselines import Measurement, Outcome, Reason


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
