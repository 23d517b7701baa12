"""What portalwatch.yml says of load: scenarios of one's own, and what differs from the shipped ones."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from probes import HttpTarget, Target
from probes.settings import Name, invalid, mistake
from probes.targets import Frozen, UrlPath
from probes.web.steps import Step, require_story
from thresholds.quantity import Duration, Portion, Wait


def _story(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    require_story(steps)
    return steps


Steps = Annotated[tuple[Step, ...], AfterValidator(_story)]


class HeartbeatSettings(Frozen):
    """What a user's browser asks beside the pages."""

    path: UrlPath = Field(description="path of the request")
    every: Duration = Field(60.0, description="time between two of them")


class ScenarioSettings(Frozen):
    """One scenario. What is left out is as in the shipped scenario of that name, else as in all of them."""

    target: str | None = Field(None, description="the web server that is loaded")
    users: int | None = Field(None, ge=1, description="virtual users at the same time")
    duration: Duration | None = Field(None, description="how long the whole run takes")
    steps: Steps | None = Field(None, description="what a user does after the log-in, as the steps of a journey")
    repeat: bool | None = Field(None, description="whether the steps are done again and again, or once")
    heartbeat: HeartbeatSettings | None = Field(None, description="asked beside the steps; null for none")
    think: Wait | None = Field(None, description="mean pause between two steps")
    spread: Portion | None = Field(None, description="how much a pause may differ from its mean")
    ramp: Wait | None = Field(None, description="time within which the users come, one after the other")
    timeout: Duration | None = Field(None, description="after how long a call has hung")
    stress: bool | None = Field(None, description="whether it is a stress test: capacity, all users, capacity again")


class LoadSettings(Frozen):
    """Load scenarios, and whom they load."""

    target: str | None = Field(None, description="the web server that is loaded, where several could be")
    scenarios: dict[Name, ScenarioSettings] = Field({}, description="scenarios by name")


def check_load(load: LoadSettings, targets: Mapping[str, Target]) -> None:
    """Raises ValidationError for each target that is no web server, at its place."""
    named: list[tuple[tuple[str, ...], str | None]] = [(("load", "target"), load.target)]
    named += [(("load", "scenarios", name, "target"), one.target) for name, one in load.scenarios.items()]
    servers = [name for name, one in targets.items() if isinstance(one, HttpTarget)]
    told = f"there is no web server of that name among the targets; there are: {', '.join(servers) or 'none'}"
    if mistakes := [mistake(told, *place) for place, name in named if name is not None and name not in servers]:
        raise invalid(mistakes)
