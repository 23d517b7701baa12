"""What a user does, step by step: log in, open the dashboard, look at the portfolios."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, field_validator

from baselines.series import Series
from probes.duration import Duration
from probes.errors import ProbeFailed
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import ProbeSettings
from probes.targets import HttpTarget
from probes.web.link import HttpLink
from probes.web.steps import Step, Walk, require_story


class JourneySettings(ProbeSettings):
    """`steps` share cookies and variables. `max_body` is in bytes, `max_redirects` counts for each step."""

    target_type: ClassVar[type[HttpTarget]] = HttpTarget
    acts_as_user: ClassVar[bool] = True
    default_timeout_seconds: ClassVar[float] = 30.0

    every: Duration = 60.0
    steps: tuple[Step, ...]
    max_body: int = Field(default=1024 * 1024, gt=0)
    max_redirects: int = Field(default=5, ge=0, le=20)

    @field_validator("steps")
    @classmethod
    def _tell_a_story(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        require_story(steps)
        return steps

    def series(self) -> tuple[Series, ...]:
        """The whole journey under its own name, and `<name>_<step>` for each step, in seconds."""
        metrics = (self.name, *map(self.metric_of, self.steps))
        return tuple(self.series_named(Series(f"{self.category}.{metric}")) for metric in metrics)

    def metric_of(self, step: Step) -> str:
        """The name of a step's series, without its category."""
        return f"{self.name}_{step.name}"


@probe_kind("journey", JourneySettings)
class JourneyProbe(Probe):
    """The steps one after the other over the target's connections, each run a visitor of its own."""

    def __init__(self, settings: JourneySettings, links: Links) -> None:
        self._settings = settings
        self._link = links.to(settings.target, HttpLink)

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """Seconds at the wire for each step and for all; a failed step fails the journey and the steps after it."""
        settings = self._settings
        walk = Walk(self._link, run, max_body=settings.max_body, max_redirects=settings.max_redirects)
        readings: list[Reading] = []
        for step in settings.steps:
            run.details["step"] = step.name  # where it hung, if it does
            try:
                seconds = await walk.take(step)
            except ProbeFailed as failure:
                detail = f"step {step.name}: {failure}"
                undone = [settings.name, *map(settings.metric_of, settings.steps[len(readings) :])]
                return [*readings, *(Reading(metric=one, reason=failure.reason, detail=detail) for one in undone)]
            readings.append(Reading(seconds, settings.metric_of(step)))
        return [Reading(sum(one.value or 0.0 for one in readings)), *readings]
