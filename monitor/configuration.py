"""From a file and the environment to `Settings`, with every mistake named at once: file, line, key, what to do."""

import hashlib
import json
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from monitor.errors import ConfigurationError
from monitor.load.settings import check_load
from monitor.mistakes import line, mistakes_of, place, report
from monitor.settings import CONFIG_VARIABLE, PREFIX, Settings
from monitor.yaml_file import Location, Mistake, YamlFile, read_yaml_file
from probes import check_probes

DEFAULT_FILE = Path("portalwatch.yml")
# Nothing configured: an embedded store, and the figures of this host.
EMBEDDED_DEFAULT = {"probes": {"host": {"kind": "host", "category": "system_resources"}}}


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings and where they came from. `path` is None for the embedded default."""

    settings: Settings
    path: Path | None
    file: YamlFile

    @property
    def hash(self) -> str:
        """A short digest of what is measured and judged: two captures with the same one were configured alike."""
        judged = self.settings.model_dump(mode="json", include={"targets", "probes", "thresholds"})
        return hashlib.sha256(json.dumps(judged, sort_keys=True).encode()).hexdigest()[:12]

    def place(self, key: Location) -> str:
        """Where a key stands, for people: file and line, or the environment."""
        return place(self.path, self.file.line_of(key))

    def at(self, key: Location, message: str) -> str:
        """A line for people on what is wrong with a key: file, line, key and the message."""
        return line(self.path, Mistake(self.file.line_of(key), ".".join(map(str, key)), message))


def load_configuration(path: Path | None, environment: Mapping[str, str]) -> Configuration:
    """The configuration of `path`, else of PORTALWATCH_CONFIG, else of ./portalwatch.yml, else the embedded default.

    Raises ConfigurationError with all mistakes, one a line.
    """
    found = _find(path, environment)
    file = YamlFile(Path(), EMBEDDED_DEFAULT) if found is None else _read(found, environment)
    mistakes = [*file.mistakes, *_unknown_variables(file, environment)]
    try:
        settings = Settings(**file.data)
        check_probes(settings.probes, settings.targets)
        check_load(settings.load, settings.targets)
    except ValidationError as error:
        # What could not be read is no good value either, but that is said once.
        said = {one.key for one in mistakes}
        mistakes += [one for one in mistakes_of(file, error) if one.key not in said]
    except SettingsError as error:
        mistakes.append(Mistake(None, str(error), "a variable of the environment holds no JSON, which this one must"))
    if mistakes:
        raise ConfigurationError(report(found, mistakes))
    return Configuration(settings, found, file)


def _find(path: Path | None, environment: Mapping[str, str]) -> Path | None:
    if path is not None:
        return path
    if named := environment.get(CONFIG_VARIABLE):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def _read(path: Path, environment: Mapping[str, str]) -> YamlFile:
    try:
        return read_yaml_file(path, environment)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error


def _unknown_variables(file: YamlFile, environment: Mapping[str, str]) -> Iterator[Mistake]:
    known = {CONFIG_VARIABLE, *file.variables, *(f"{PREFIX}{name}" for name in _variables(Settings))}
    for name in sorted(environment):
        if name.startswith(PREFIX) and name.upper() not in known and name not in known:
            yield Mistake(None, name, "there is no such setting; unset the variable or correct its name")


def _variables(model: type[BaseModel]) -> Iterator[str]:
    """The names of the environment variables that set something in this model, without the prefix."""
    for name, field in model.model_fields.items():
        section = _section(field.annotation)
        if section is None:
            yield name.upper()
        else:
            yield from (f"{name.upper()}__{inner}" for inner in _variables(section))


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next((found for one in typing.get_args(annotation) if (found := _section(one))), None)
    return None
