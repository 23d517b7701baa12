"""A plan out of a file, or one that comes along."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from monitor.errors import ConfigurationError
from monitor.mistakes import mistakes_of, report
from monitor.settings import Settings
from monitor.yaml_file import Mistake, read_yaml_file
from probes import PostgresTarget
from thresholds.deployment.gate import Condition, Gate, Side
from thresholds.deployment.plan import DeploymentPlan, Rehearsal, load_shipped_plan, shipped_plans

_OF_A_DATABASE = frozenset(
    {
        Condition.WORKLOAD,
        Condition.INTEGRITY,
        Condition.STATISTICS,
        Condition.INDEXES,
        Condition.CACHE,
        Condition.OPERATIONS,
        Condition.CHECKLIST,
    }
)


def read_plan(given: str, environment: Mapping[str, str]) -> DeploymentPlan:
    """The plan of a file, or the shipped one of that name. `${NAME}` in a file comes from the environment.

    Raises ConfigurationError with every mistake at its line, or with what comes along where there is no such file.
    """
    path = Path(given)
    if given in shipped_plans() and not path.is_file():
        return load_shipped_plan(given)
    try:
        file = read_yaml_file(path, environment)
    except OSError as error:
        known = ", ".join(shipped_plans())
        raise ConfigurationError(
            f"the plan {given} can't be read: {error.strerror}; plans that come along are: {known}"
        ) from error
    mistakes = list(file.mistakes)
    if mistakes and not file.data:
        raise _wrong(path, mistakes)
    try:
        plan = DeploymentPlan.model_validate(file.data)
    except ValidationError as error:
        # What could not be read is no good value either, but that is said once.
        said = {one.key for one in mistakes}
        mistakes += [one for one in mistakes_of(file, error) if one.key not in said]
    if mistakes:
        raise _wrong(path, mistakes)
    return plan


def _wrong(path: Path, mistakes: Sequence[Mistake]) -> ConfigurationError:
    # A plan has no other source than its file: what stands nowhere is missing from its top.
    return ConfigurationError(report(path, [replace(one, line=one.line or 1) for one in mistakes]))


def check_plan(plan: DeploymentPlan, settings: Settings) -> None:
    """The plan's names are those of the configuration. Raises ConfigurationError."""
    if plan.rehearsal is not None:
        _check_rehearsal(plan.rehearsal, settings)
    if database_of(plan, settings) is None:
        asked = {condition for phase in plan.phases for side in Side for condition in plan.asked(Gate(side, phase))}
        if needing := sorted(asked & _OF_A_DATABASE):
            raise ConfigurationError(
                f"gate: {', '.join(needing)} are asked of a database, and none is configured; name the others in `gate`"
            )
    unknown = [one for one in (*plan.contacts.status, *plan.contacts.emergency) if one not in settings.alerts.channels]
    if unknown:
        known = _listed(settings.alerts.channels)
        raise ConfigurationError(f"contacts: there is no alert channel {unknown[0]}; there are: {known}")


def database_of(plan: DeploymentPlan, settings: Settings) -> tuple[str, PostgresTarget] | None:
    """The target whose integrity and catalogue are looked at, by name; None where the configuration has no database.

    Raises ConfigurationError where the plan's is none, or where it names none of several.
    """
    databases = {name: one for name, one in settings.targets.items() if isinstance(one, PostgresTarget)}
    if plan.database is not None:
        if plan.database not in databases:
            raise ConfigurationError(f"database: there is no database {plan.database}; there are: {_listed(databases)}")
        return plan.database, databases[plan.database]
    if len(databases) > 1:
        raise ConfigurationError(f"database: the plan must say which one of {_listed(databases)} is deployed to")
    return next(iter(databases.items()), None)


def _check_rehearsal(rehearsal: Rehearsal, settings: Settings) -> None:
    for name in (rehearsal.old, rehearsal.new, rehearsal.target):
        if name is not None and name not in settings.targets:
            raise ConfigurationError(f"rehearsal: there is no target {name}; there are: {_listed(settings.targets)}")
    if rehearsal.old == rehearsal.new:
        raise ConfigurationError(f"rehearsal: old and new are both {rehearsal.old}; they are two targets")
    old, new = (settings.targets[name].kind for name in (rehearsal.old, rehearsal.new))
    if old != new:
        raise ConfigurationError(f"rehearsal: {rehearsal.old} is {old} and {rehearsal.new} {new}; they are of one kind")


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(names) or "none"
