"""Captures made by hand, for tests."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from baselines import Baseline, CaptureConditions, CaptureSession, PlanShape, Samples, Series, Spacing
from tests.clocks import START

CONDITIONS = CaptureConditions(
    spacing=Spacing.SPREAD,
    connection_mode="kept alive",
    host_load=0.25,
    release="v1",
    configuration_hash="abc",
    rule_version="1",
    prober_version="0.1.0",
)


def baseline(
    name: str,
    sessions: Sequence[Mapping[str, Sequence[float | None]]],
    *,
    release: str = "v1",
    environment: str = "test",
    at: datetime = START,
    plans: Mapping[str, PlanShape] | None = None,
) -> Baseline:
    """A capture of sessions an hour apart; samples in seconds, None for a failed call."""
    names = dict.fromkeys(series for session in sessions for series in session)
    return Baseline(
        name=name,
        environment=environment,
        release=release,
        captured_by="tester",
        series={series: Series(series, cadence_seconds=30.0) for series in names},
        sessions=[
            CaptureSession(
                number=number,
                started_at=at + timedelta(hours=number),
                finished_at=at + timedelta(hours=number, minutes=1),
                conditions=CONDITIONS,
                samples={series: Samples.of(values) for series, values in session.items()},
                cold={series: Samples.of([0.5]) for series in session} if number == 1 else {},
                plans=plans or {},
            )
            for number, session in enumerate(sessions, start=1)
        ],
    )
