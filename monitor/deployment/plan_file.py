"""A plan out of a file, or one that comes along."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from monitor.errors import ConfigurationError
from monitor.mistakes import mistakes_of, report
from monitor.settings import Settings
from monitor.yaml_file import read_yaml_file
from probes import PostgresTarget
from thresholds.deployment.plan import DeploymentPlan, load_shipped_plan, shipped_plans


def read_plan(given: str, environment: Mapping[str, str]) -> DeploymentPlan:
    """The plan of a file, or the shipped one of that name. `${NAME}` in a file comes from the environment.

    Raises ConfigurationError with every mistake at its line, or with what comes along where there is no such file.
    """
    path = Path(given)
    if given in shipped_plans() and not path.exists():
        return load_shipped_plan(given)
    try:
        file = read_yaml_file(path, environment)
    except OSError as error:
        known = ", ".join(shipped_plans())
        raise ConfigurationError(
            f"the plan {given} can't be read: {error.strerror}; plans that come along are: {known}"
        ) from error
    mistakes = list(file.mistakes)
    try:
        plan = DeploymentPlan.model_validate(file.data)
    except ValidationError as error:
        mistakes += mistakes_of(file, error)
    if mistakes:
        raise ConfigurationError(report(path, mistakes))
    return plan


def check_plan(plan: DeploymentPlan, settings: Settings) -> None:
    """The plan's names are those of the configuration. Raises ConfigurationError."""
    if plan.rehearsal is not None:
        for name in (plan.rehearsal.old, plan.rehearsal.new):
            if name not in settings.targets:
                raise ConfigurationError(
                    f"rehearsal: there is no target {name}; there are: {_listed(settings.targets)}"
                )
    if plan.database is not None:
        database_of(plan, settings)
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


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(names) or "none"
