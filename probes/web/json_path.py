"""A dotted path into a JSON document: `items.0.id`."""

from pydantic import JsonValue


def value_at(document: JsonValue, path: str) -> JsonValue:
    """The value at that path, in which a number is an index of a list. Raises LookupError where there is none."""
    value = document
    for step in path.split("."):
        if isinstance(value, dict):
            value = value[step]
        elif isinstance(value, list) and step.isdecimal():
            value = value[int(step)]
        else:
            raise LookupError(path)
    return value
