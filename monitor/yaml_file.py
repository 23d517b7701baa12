"""A YAML file as plain data that still knows its lines, with `${VARIABLE}` and `*_file` resolved."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

# Keys whose value may stand in a file of its own: `url_file` for `url`.
SECRET_KEYS = frozenset({"url", "username", "password", "signing_key", "hash_key", "token", "bearer", "proxy"})
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a file. `line` counts from 1; None where it is nowhere in the file."""

    line: int | None
    key: str
    message: str


@dataclass(slots=True)
class YamlFile:
    """What a file says. `variables` are the names it refers to; `mistakes` what could not be read."""

    path: Path
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)
    variables: set[str] = field(default_factory=set)
    mistakes: list[Mistake] = field(default_factory=list)

    def line_of(self, location: Sequence[str | int]) -> int | None:
        """The line of a key, or of the nearest one above it that the file has; parts it has not are passed over."""
        found: Location = ()
        for part in location:
            if (*found, part) in self.lines:
                found = (*found, part)
        return self.lines.get(found)


def read_yaml_file(path: Path, environment: Mapping[str, str]) -> YamlFile:
    """Read the file. Everything wrong with it is in `mistakes`; raises OSError where it can't be read at all."""
    result = YamlFile(path)
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it can't be read"
        result.mistakes.append(Mistake(mark.line + 1 if mark else None, "", f"no valid YAML: {problem}"))
        return result
    except UnicodeDecodeError:
        result.mistakes.append(Mistake(None, "", "no UTF-8 text"))
        return result
    if root is None:
        return result
    if not isinstance(root, yaml.MappingNode):
        result.mistakes.append(Mistake(root.start_mark.line + 1, "", "a configuration is a mapping of keys to values"))
        return result
    result.data = _Reader(result, environment).mapping(root, ())
    return result


class _Reader:
    def __init__(self, result: YamlFile, environment: Mapping[str, str]) -> None:
        self._result = result
        self._environment = environment
        self._scalars = yaml.SafeLoader("")

    def mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(self._scalar(key_node, location))
            self._result.lines[(*location, key)] = key_node.start_mark.line + 1
            value = self._value(value_node, (*location, key))
            if key.removesuffix("_file") in SECRET_KEYS and key.endswith("_file"):
                stem = key.removesuffix("_file")
                self._result.lines[(*location, stem)] = key_node.start_mark.line + 1
                key, value = stem, self._content(value, (*location, key))
            if key in data:
                self._mistake((*location, key), "this key stands twice")
            data[key] = value
        return data

    def _value(self, node: yaml.Node, location: Location) -> Any:
        self._result.lines.setdefault(location, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*location, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and "${" in node.value:
            return self._interpolated(node.value, location)
        return self._scalar(node, location)

    def _scalar(self, node: yaml.Node, location: Location) -> Any:
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            problem = getattr(error, "problem", None) or str(error)
            self._result.mistakes.append(Mistake(node.start_mark.line + 1, ".".join(map(str, location)), problem))
            return None

    def _interpolated(self, text: str, location: Location) -> str:
        def replace(match: re.Match[str]) -> str:
            name, default = match["name"], match["default"]
            self._result.variables.add(name)
            value = self._environment.get(name, default)
            if value is None:
                self._mistake(location, f"the environment variable {name} is not set")
            return value or ""

        return _VARIABLE.sub(replace, text)

    def _content(self, value: Any, location: Location) -> str:
        path = self._result.path.parent / str(value)
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no UTF-8 text"
            self._mistake(location, f"{path} can't be read: {reason}")
            return ""

    def _mistake(self, location: Location, message: str) -> None:
        line = self._result.lines.get(location)
        self._result.mistakes.append(Mistake(line, ".".join(map(str, location)), message))
