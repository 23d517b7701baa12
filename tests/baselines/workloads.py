"""Bins for tests: a statement takes what a test says it takes, one bin a minute."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from baselines.workload import StatementText, Usage, WorkloadBin
from tests.clocks import START


def text(name: str) -> StatementText:
    """A statement by a short name; one whose name begins with `insert` writes."""
    return StatementText(name, f"{name} the table", writes=name.startswith("insert"))


def bins(
    means: Mapping[str, Sequence[float]],
    *,
    calls: int = 100,
    database: str = "portal",
    since: datetime = START,
    minutes: float = 1.0,
) -> list[WorkloadBin]:
    """By statement, the mean seconds of a call in each bin; each has so many calls a bin."""
    step = timedelta(minutes=minutes)
    return [
        WorkloadBin(
            database=database,
            started_at=since + number * step,
            finished_at=since + (number + 1) * step,
            statements={text(name): Usage(calls, calls * of[number], calls) for name, of in means.items()},
        )
        for number in range(len(next(iter(means.values()))))
    ]
