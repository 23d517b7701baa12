"""What the built-in pages are made from, and how one of them is answered."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from alerts import Alerts
from baselines import Clock, Ledger
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_history import PostgresHistory
from dashboards.pages.frame import Frame, render_page
from monitor.access import Right
from monitor.checks.postgres import PostgresCheckRuns
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration
from monitor.deployment.evaluated import LastEvaluated
from monitor.deployment.postgres import PostgresDeployments
from monitor.drifting import Drifting
from monitor.releases import Releases
from monitor.tracking.tracker import ErrorTracker
from monitor.visits.watch import Visits
from monitor.vitals import Vitals
from monitor.watch import Watch
from monitor.web.day_strips import DayStrips
from monitor.web.rights import COOKIE, Gate
from thresholds import SeriesLimits


async def frame_of(request: Request, environment: str, gate: Gate, clock: Clock) -> Frame:
    """What stands around a page for whoever asks; while the store is away nobody is known to be an operator."""
    is_operator = await gate.allows(request, Right.OPERATOR)
    return Frame(
        environment=environment,
        path=request.url.path,
        now=clock.now(),
        is_operator=is_operator,
        can_log_out=is_operator and gate.operators_need_token and COOKIE in request.cookies,
    )


@dataclass(frozen=True, kw_only=True)
class Site:
    """Everything the pages read; none of them changes any of it."""

    configuration: Configuration
    figures: Figures
    watch: Watch
    vitals: Vitals
    alerts: Alerts
    ledger: Ledger
    history: PostgresHistory
    measurements: PostgresMeasurements
    baselines: PostgresBaselines
    comparing: Comparing
    drifting: Drifting
    releases: Releases
    deployments: PostgresDeployments
    evaluated: LastEvaluated
    checks: PostgresCheckRuns
    visits: Visits
    errors: ErrorTracker
    gate: Gate
    clock: Clock
    instance: str = field(default_factory=socket.gethostname)

    @property
    def environment(self) -> str:
        """What is watched."""
        return self.configuration.settings.environment

    @cached_property
    def limits(self) -> Mapping[str, SeriesLimits]:
        """The limits of each series; the configuration does not change while we run."""
        return {name: self.figures.matrix.limits_of(one) for name, one in self.watch.series.items()}

    @cached_property
    def strips(self) -> DayStrips:
        """The last day of each series."""
        return DayStrips(self.history, self.watch.series)

    @cached_property
    def services(self) -> Mapping[str, str]:
        """By series, the name of the target that its probe looks at; one without a target is left out."""
        probes = self.configuration.settings.probes.values()
        return {one.name: probe.target for probe in probes if probe.target is not None for one in probe.series()}

    async def frame(self, request: Request) -> Frame:
        """What stands around a page for whoever asks."""
        return await frame_of(request, self.environment, self.gate, self.clock)

    async def answer(
        self, request: Request, template: str, *, title: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page of the house."""
        frame = await self.frame(request)
        return HTMLResponse(render_page(template, frame, title=title, **values), status)
