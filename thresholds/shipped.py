"""The customer's figures as shipped: YAML files beside the code, read once by those who ask for them."""

from collections.abc import Sequence
from importlib.resources import files
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from thresholds.source import Source

Model = TypeVar("Model", bound=BaseModel)


class FigureError(ValueError):
    """A figure, a table of them or an override makes no sense; the message says which one, where, and why.

    `source` is that of the figure, where it is one alone.
    """

    def __init__(self, message: str, source: Source | None = None) -> None:
        super().__init__(message)
        self.source = source


def read_figures(name: str) -> str:
    """The text of a shipped file, such as `matrix.yml`."""
    return files("thresholds").joinpath("figures", name).read_text(encoding="utf-8")


def shipped_line(name: str, key: Sequence[str]) -> int:
    """The line of a shipped file in which a key stands, counted from 1. Raises KeyError where there is no such key."""
    node, line = yaml.compose(read_figures(name), Loader=yaml.SafeLoader), 0
    for part in key:
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        found = next(((at, below) for at, below in entries if at.value == part), None)
        if found is None:
            raise KeyError(f"{name}: {'.'.join(key)}")
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def parse_figures(model: type[Model], text: str, name: str) -> Model:
    """A table of figures out of YAML; `name` is what messages call it.

    Raises FigureError with one line a mistake: file, path inside it, what is wrong.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise FigureError(f"{name}: {line}not readable as YAML: {problem or error}") from error
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise FigureError("\n".join(f"{name}: {line}" for line in _mistakes(error))) from error


def _mistakes(error: ValidationError) -> list[str]:
    """Each mistake as `path: message`, in our words where the library's are not for people."""
    words = {"extra_forbidden": "unknown field", "missing": "missing"}
    lines = []
    for one in error.errors(include_url=False):
        path = ".".join(str(step) for step in one["loc"])
        plain = one["msg"].removeprefix("Value error, ").replace("Input should", "should")
        message = words.get(one["type"], plain)
        lines.append(f"{path}: {message}" if path else message)
    return lines
