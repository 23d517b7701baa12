"""Mistakes in a YAML file for people: file, line, key, what to do; all at once."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from monitor.yaml_file import Location, Mistake, YamlFile

# What pydantic puts behind a key that is none itself, whatever its value.
_KEY = "[key]"


def mistakes_of(file: YamlFile, error: ValidationError) -> list[Mistake]:
    """What a model said of the file, each at its line, never with the input: it could be a secret."""
    return [_mistake(file, one) for one in error.errors(include_url=False, include_input=False)]


def report(path: Path | None, mistakes: Sequence[Mistake]) -> str:
    """One line a mistake, in the order of the file."""
    lines = [line(path, one) for one in sorted(mistakes, key=lambda mistake: mistake.line or 0)]
    return "\n".join(dict.fromkeys(lines))


def line(path: Path | None, one: Mistake) -> str:
    """A mistake as `file:line: key: message`."""
    at = place(path, one.line)
    return f"{at}: {one.key}: {one.message}" if one.key else f"{at}: {one.message}"


def place(path: Path | None, number: int | None) -> str:
    """Where something stands: file and line, or the environment."""
    return "the environment" if path is None or number is None else f"{path}:{number}"


def _mistake(file: YamlFile, error: Any) -> Mistake:
    location, message = error["loc"], error["msg"].removeprefix("Value error, ")
    # What relates several keys names the one to look at first, below where it was checked.
    key, _, rest = message.partition(": ")
    if rest and (*location, key) in file.lines:
        location, message = (*location, key), rest
    if error["type"] == "extra_forbidden":
        message = "there is no such key"
    elif error["type"] == "missing":
        message = "this key is missing"
    return Mistake(file.line_of(location), ".".join(map(str, _known(file, location))), message)


def _known(file: YamlFile, location: Location) -> Iterator[str | int]:
    """The location without the names of models that pydantic puts between the keys."""
    found: Location = ()
    for number, part in enumerate(location):
        if part == _KEY:
            continue
        if (*found, part) in file.lines or number == len(location) - 1:
            found = (*found, part)
            yield part
