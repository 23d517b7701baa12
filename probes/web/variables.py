"""What a journey saves from one answer and puts into later requests, written `{client_id}`."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from pydantic import JsonValue

Value = str | int | float | bool

_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def names_in(template: JsonValue) -> Iterator[str]:
    """The variables that a text, or any text within a JSON value, refers to."""
    match template:
        case str():
            yield from _VARIABLE.findall(template)
        case list():
            for item in template:
                yield from names_in(item)
        case dict():
            for item in template.values():
                yield from names_in(item)


def filled_path(template: str, values: Mapping[str, Value]) -> str:
    """The path with each value as one segment or one query value: what is reserved in a URL is escaped."""
    return _VARIABLE.sub(lambda match: quote(written(values[match[1]]), safe=""), template)


def filled_text(template: str, values: Mapping[str, Value]) -> str:
    """The text with each variable replaced by its value as text."""
    return _VARIABLE.sub(lambda match: written(values[match[1]]), template)


def filled_json(template: JsonValue, values: Mapping[str, Value]) -> JsonValue:
    """The JSON value with its texts filled in. A text that is one variable and nothing else becomes its very value."""
    match template:
        case str():
            alone = _VARIABLE.fullmatch(template)
            return values[alone[1]] if alone else filled_text(template, values)
        case list():
            return [filled_json(item, values) for item in template]
        case dict():
            return {name: filled_json(item, values) for name, item in template.items()}
        case _:
            return template


def written(value: Value) -> str:
    """A value as text, as JSON writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
