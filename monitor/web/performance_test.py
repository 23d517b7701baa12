"""`GET /api/performance/test`: the figure that the customer's rollback script asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Depends, HTTPException

from baselines import Clock, Measurement, Outcome, SeriesRegistry
from baselines.postgres import PostgresMeasurements
from monitor.access import Right
from monitor.web.rights import Gate
from monitor.web.store_needed import store_needed
from probes import ProbeSettings

CATEGORY = "api_endpoints"
WINDOW = timedelta(minutes=5)
# Asked in a loop, it must not be what the store is busy with.
_CACHED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """The mean over series of the mean of each, in seconds, so that what is measured more often counts no more."""

    mean_seconds: float
    series: int
    calls: int
    failed: int

    @classmethod
    def of(
        cls, measured: Mapping[str, Sequence[Measurement]], deadlines: Mapping[str, float]
    ) -> "ResponseTimes | None":
        """A time-out counts as what was waited; a call that failed without a time as the deadline of its probe, for a
        portal that refuses at once is not fast. Skipped and disturbed calls say nothing. None where nothing does.
        """
        waited: list[list[float]] = []
        failed = 0
        for name, calls in measured.items():
            telling = [one for one in calls if one.says_something]
            failed += sum(one.outcome is not Outcome.OK for one in telling)
            if telling:
                waited.append([deadlines[name] if one.value is None else one.value for one in telling])
        if not waited:
            return None
        mean = sum(sum(one) / len(one) for one in waited) / len(waited)
        return cls(mean, len(waited), sum(map(len, waited)), failed)


def performance_test_routes(
    measurements: PostgresMeasurements,
    series: SeriesRegistry,
    probes: Mapping[str, ProbeSettings],
    gate: Gate,
    clock: Clock,
) -> APIRouter:
    """The one route."""
    routes = APIRouter()
    deadlines = {
        one.name: probe.timeout_seconds
        for probe in probes.values()
        for one in probe.series()
        if series[one.name].category == CATEGORY and series[one.name].is_duration
    }
    kept: tuple[float, ResponseTimes | None] | None = None

    @routes.get("/api/performance/test", dependencies=[Depends(gate.requires(Right.PUBLIC_VIEW))])
    async def performance_test() -> dict[str, Any]:
        """How long the endpoints of the portal took in the last five minutes, in milliseconds; 503 where nothing was
        measured."""
        nonlocal kept
        if kept is None or clock.monotonic() - kept[0] > _CACHED_SECONDS:
            with store_needed():
                measured = await measurements.since(list(deadlines), clock.now() - WINDOW)
            kept = clock.monotonic(), ResponseTimes.of(measured, deadlines)
        times = kept[1]
        if times is None:
            why = "was measured in the last 5 minutes" if deadlines else "is watched: no probe has that category"
            raise HTTPException(503, f"nothing of {CATEGORY} {why}")
        return {
            "average_response_time": round(times.mean_seconds * 1000, 3),
            "unit": "ms",
            "window_seconds": WINDOW.total_seconds(),
            "series": times.series,
            "calls": times.calls,
            "failed_calls": times.failed,
        }

    return routes
