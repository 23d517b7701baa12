"""How bins of the workload go between the processes, and why there is none."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from baselines.workload import StatementText, Usage, WorkloadBin, WorkloadGap


def tagged(note: WorkloadBin | WorkloadGap) -> Mapping[str, Sequence[object]]:
    """An object with one member that says what it is."""
    if isinstance(note, WorkloadGap):
        return {"workload_gap": [note.database, note.at.timestamp(), note.reason]}
    statements = [[one.key, one.text, one.writes, *_figures(usage)] for one, usage in note.statements.items()]
    times = [note.started_at.timestamp(), note.finished_at.timestamp()]
    return {"workload_bin": [note.database, *times, statements, _figures(note.other)]}


def untagged(kind: str, fields: Sequence[Any]) -> WorkloadBin | WorkloadGap | None:
    """What `tagged` made; None for anything else. Raises ValueError or TypeError for what has other fields."""
    if kind == "workload_gap":
        database, at, reason = fields
        return WorkloadGap(database=database, at=_instant(at), reason=reason)
    if kind == "workload_bin":
        database, started_at, finished_at, statements, other = fields
        return WorkloadBin(
            database=database,
            started_at=_instant(started_at),
            finished_at=_instant(finished_at),
            statements={StatementText(key, text, writes): Usage(*usage) for key, text, writes, *usage in statements},
            other=Usage(*other),
        )
    return None


def _figures(usage: Usage) -> list[float]:
    return [usage.calls, usage.seconds, usage.rows]


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
