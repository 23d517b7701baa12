"""What one load run will do: who is loaded, by how many users, and what each of them does."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeVar

from pydantic import SecretStr

from baselines.series import Unit
from monitor.configuration import Configuration
from monitor.errors import ConfigurationError
from monitor.load.settings import HeartbeatSettings, ScenarioSettings
from probes import HttpTarget
from probes.web.addresses import is_loopback
from probes.web.steps import Step
from thresholds.load import LoadFigures, LoadScenario
from thresholds.quantity import written

LOG_IN = "log_in"
T = TypeVar("T")
_NONE = ScenarioSettings()


@dataclass(frozen=True, slots=True)
class Stage:
    """So many users for so many seconds."""

    name: str
    users: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """One run; times in seconds, `spread` a share of `think`. A stress test has three stages, any other run one."""

    scenario: str
    target_name: str
    target: HttpTarget
    steps: Sequence[Step]
    repeat: bool
    heartbeat: HeartbeatSettings | None
    heartbeat_name: str
    think: float
    spread: float
    ramp: float
    timeout: float
    stages: Sequence[Stage]

    @property
    def users(self) -> int:
        """The most users at the same time."""
        return max(one.users for one in self.stages)

    @property
    def seconds(self) -> float:
        """How long it takes, but for calls that hang at the end of a stage."""
        return sum(one.seconds for one in self.stages)

    @property
    def is_stress(self) -> bool:
        """Whether it goes beyond the capacity and back."""
        return len(self.stages) > 1

    def names_in(self, stage: Stage) -> list[str]:
        """The names under which its calls are shown: the log-in, the steps, the heartbeat where one falls due."""
        names = [LOG_IN] if self.target.login is not None else []
        names += [one.name for one in self.steps]
        if self.heartbeat is not None and self.heartbeat.every < stage.seconds:
            names.append(self.heartbeat_name)
        return names

    def requests(self) -> dict[str, tuple[str, str]]:
        """Method and path of each of these names."""
        made = {one.name: (str(one.method), one.path) for one in self.steps}
        if self.target.login is not None:
            made[LOG_IN] = ("POST", self.target.login.path)
        if self.heartbeat is not None:
            made[self.heartbeat_name] = ("GET", self.heartbeat.path)
        return made


def load_plan(
    configuration: Configuration,
    figures: LoadFigures,
    *,
    scenario: str | None,
    users: int | None,
    duration: float | None,
    target: str | None,
) -> LoadPlan:
    """The plan of what was asked for; what is None is as configured, else as shipped.

    Raises ConfigurationError for a scenario or a target that is not there, and for more users than one process may be.
    """
    own = configuration.settings.load.scenarios
    name = scenario or figures.scenario_for(users or 1)
    shipped = figures.scenarios.get(name)
    if shipped is None and name not in own:
        known = ", ".join({**figures.scenarios, **own})
        raise ConfigurationError(f"there is no scenario {name!r}; there are: {known}")
    said, shipped = own.get(name, _NONE), shipped or LoadScenario(users=1, duration=60.0)
    most = _first(users, said.users, shipped.users)
    _require_few(most, figures.most_users)
    stress = _first(said.stress, shipped.stress)
    if stress and most <= figures.capacity:
        told = f"a stress test goes beyond the capacity of {figures.capacity} users, and {most} do not"
        raise ConfigurationError(f"{told}: give --users {figures.capacity + 1} or more, or another --scenario")
    target_name = target or said.target or configuration.settings.load.target or _only_target(configuration)
    server = configuration.settings.targets.get(target_name)
    if not isinstance(server, HttpTarget):
        raise ConfigurationError(
            f"--target: there is no web server {target_name!r} among the targets; {_servers(configuration)}"
        )
    seconds = _first(duration, said.duration, shipped.duration)
    stages = _stress_stages(figures.capacity, most, seconds) if stress else [Stage("load", most, seconds)]
    beat = HeartbeatSettings(path=figures.heartbeat.path, every=figures.heartbeat.every)
    return LoadPlan(
        scenario=name,
        target_name=target_name,
        target=_marked(server, name),
        steps=said.steps or [Step(name=one.name, path=one.path) for one in figures.steps],
        repeat=_first(said.repeat, shipped.repeat),
        heartbeat=said.heartbeat if "heartbeat" in said.model_fields_set else beat,
        heartbeat_name=figures.heartbeat.name,
        think=_first(said.think, shipped.think, figures.think),
        spread=_first(said.spread, figures.spread),
        ramp=min(_first(said.ramp, figures.ramp), stages[0].seconds / 4),
        timeout=_first(said.timeout, figures.timeout),
        stages=stages,
    )


def require_consent(plan: LoadPlan, *, yes: bool) -> None:
    """Nobody loads another machine by accident. Raises ConfigurationError that names the hosts which would be."""
    hosts = {url.host or "" for url in (plan.target.url, *plan.target.origins)}
    others = sorted(host for host in hosts if not is_loopback(host))
    if others and not yes:
        users = f"{plan.users} user{'s' if plan.users > 1 else ''}"
        raise ConfigurationError(
            f"this would load {', '.join(others)} (target {plan.target_name}) with {users} for "
            f"{written(plan.seconds, Unit.SECONDS)}; say --yes where that is meant, and whoever runs it knows"
        )


def _first(*values: T | None) -> T:
    return next(value for value in values if value is not None)


def _require_few(users: int, most: int) -> None:
    if users > most:
        raise ConfigurationError(
            f"{users} users are more than the {most} that one process generates honestly: its own delays would be in "
            "what it measures. Let Locust generate them, distributed over several machines "
            f"(`locust --headless --users {users} --master`, and `locust --worker` on each); "
            "docs/load.md has a locustfile that does the same"
        )


def _stress_stages(capacity: int, users: int, seconds: float) -> list[Stage]:
    third = seconds / 3
    return [Stage("before", capacity, third), Stage("stress", users, third), Stage("after", capacity, third)]


def _only_target(configuration: Configuration) -> str:
    targets = configuration.settings.targets
    found = [name for name, one in targets.items() if isinstance(one, HttpTarget) and one.login is not None]
    if len(found) != 1:
        why = "several targets have a log-in" if found else "no target has a log-in"
        raise ConfigurationError(
            f"whom to load? {why}: name one with --target or load.target; {_servers(configuration)}"
        )
    return found[0]


def _servers(configuration: Configuration) -> str:
    found = [name for name, one in configuration.settings.targets.items() if isinstance(one, HttpTarget)]
    return f"web servers: {', '.join(found) or 'none'}"


def _marked(target: HttpTarget, scenario: str) -> HttpTarget:
    """The target whose requests say what they are, so that nobody takes them for people's."""
    agent = f"portalwatch-load/{version('portalwatch')} ({scenario})"
    headers = {name: value for name, value in target.headers.items() if name.lower() != "user-agent"}
    return target.model_copy(update={"headers": {**headers, "User-Agent": SecretStr(agent)}})
