"""What every probe says of itself in portalwatch.yml, whatever its kind."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from baselines.series import Series, SeriesRegistry
from probes.duration import Duration
from probes.targets import HttpTarget, PostgresTarget

# Names become parts of series and of metric labels.
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]


def mistake(message: str, *place: str | int) -> InitErrorDetails:
    """One error of the configuration at that place, without the input: it could be a secret."""
    error = PydanticCustomError("probes", "{message}", {"message": message})  # braces of its own would be filled in
    return InitErrorDetails(type=error, loc=place, input=None)


def invalid(mistakes: list[InitErrorDetails]) -> ValidationError:
    """What a validator raises; the model around it puts its own place in front of each."""
    return ValidationError.from_exception_data("probes", mistakes, hide_input=True)


class ProbeSettings(BaseModel):
    """The part that all kinds share; a kind adds its own fields in a subclass.

    `every` is the time between two intended starts, `timeout` the deadline of one run (never longer than `every`),
    `route` the alert category of the findings, where it is not that of `category`. `calls_per_hour` is how often the
    portal itself does this, for the impact of a change. A `control` is nothing that a deployment could change: what it
    does in a comparison tells a slow host from a slow portal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    # What a kind needs to be pointed at; None for a kind that looks at nothing named.
    target_type: ClassVar[type[PostgresTarget | HttpTarget] | None] = None
    default_timeout_seconds: ClassVar[float] = 5.0
    # Whether it does what people do, and so keeps away where nobody may work.
    acts_as_user: ClassVar[bool] = False

    name: Name
    kind: str
    category: Name
    target: str | None = None
    every: Duration = 30.0
    timeout: Duration | None = None
    route: str | None = None
    calls_per_hour: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    control: bool = False

    @field_validator("timeout")
    @classmethod
    def _fits_the_interval(cls, timeout: float | None, info: ValidationInfo) -> float | None:
        every = info.data.get("every")
        if timeout is not None and every is not None and timeout > every:
            raise ValueError("the timeout is longer than the interval; runs of one probe must not overlap")
        return timeout

    @property
    def interval_seconds(self) -> float:
        """Seconds between two intended starts."""
        return self.every

    @property
    def timeout_seconds(self) -> float:
        """The deadline of one run: what was configured, else the kind's default or the interval if that is shorter."""
        return self.timeout or min(self.default_timeout_seconds, self.every)

    @property
    def definition(self) -> str:
        """A digest of what is asked: equal where only cadence, routing or secrets are other ones."""
        asked = self.model_dump_json(exclude=set(ProbeSettings.model_fields) - {"kind"})
        return hashlib.blake2b(asked.encode(), digest_size=6).hexdigest()

    def obstacle(self) -> str | None:
        """What this machine lacks for the probe, with what to do about it; None where nothing is missing."""
        return None

    def series(self) -> tuple[Series, ...]:
        """The series this probe measures: one in seconds under its own name, unless its kind says otherwise."""
        return (self.series_named(Series(f"{self.category}.{self.name}")),)

    def series_named(self, series: Series) -> Series:
        """That series with what its probe says of it: cadence, route, calls, and whether it is a control."""
        return replace(
            series,
            cadence_seconds=self.interval_seconds,
            route=self.route,
            calls_per_hour=self.calls_per_hour,
            is_control=self.control,
        )


def series_of(probes: Mapping[str, ProbeSettings]) -> SeriesRegistry:
    """All series of these probes, in their order. Raises ValueError where two probes measure one series."""
    return SeriesRegistry(series for probe in probes.values() for series in probe.series())


def check_probes(probes: Mapping[str, ProbeSettings], targets: Mapping[str, PostgresTarget | HttpTarget]) -> None:
    """What can only be seen of all probes and targets together.

    Raises ValidationError with every mistake at its place (probes → name → target): a target that is missing, unknown,
    of the wrong kind or given to a probe that needs none, a series that two probes measure, a target that depends on
    one that is not there.
    """
    mistakes: list[InitErrorDetails] = []
    owners: dict[str, str] = {}
    for name, target in targets.items():
        for number, other in enumerate(target.depends_on):
            if other not in targets or other == name:
                told = f"there is no other target {other}; there are: {', '.join(targets)}"
                mistakes.append(mistake(told, "targets", name, "depends_on", number))
    for name, probe in probes.items():
        if trouble := _target_trouble(probe, targets):
            mistakes.append(mistake(trouble, "probes", name, "target"))
        for series in probe.series():
            owner = owners.setdefault(series.name, name)
            if owner != name:
                mistakes.append(mistake(f"probe {owner} measures the series {series.name} too", "probes", name))
    if mistakes:
        raise invalid(mistakes)


def _target_trouble(probe: ProbeSettings, targets: Mapping[str, PostgresTarget | HttpTarget]) -> str | None:
    wanted = probe.target_type
    if wanted is None:
        return None if probe.target is None else f"a probe of kind {probe.kind} has no target; leave it out"
    if probe.target is None:
        return f"a probe of kind {probe.kind} needs a target"
    if probe.target not in targets:
        return f"there is no target of that name; there are: {', '.join(targets) or 'none'}"
    if not isinstance(targets[probe.target], wanted):
        return f"the target is of kind {targets[probe.target].kind}, which a probe of kind {probe.kind} can't use"
    return None
