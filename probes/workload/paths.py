"""Paths that an endpoint answers: its template with identifiers that there are."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import JsonValue

from probes.workload.portal import Portal
from probes.workload.routes import Endpoint

# So many identifiers of one list are tried: the first may be of something empty.
TRIES = 3


async def paths_of(portal: Portal, endpoint: Endpoint) -> list[str]:
    """Paths of the endpoint with real identifiers, taken from the list that it belongs to.

    Raises ValueError where no value is known for a parameter.
    """
    query = urlencode({name: _value(name, schema) for name, schema in endpoint.required_query.items()})
    suffix = f"?{query}" if query else ""
    paths = [endpoint.route.template]
    for name, schema in endpoint.path_parameters.items():
        place = "{" + name + "}"
        above = paths[0].partition(f"/{place}")[0]
        listed = await portal.json(above) if above else None
        values = [str(one) for one in _identifiers(listed)[:TRIES]] or [_value(name, schema)]
        paths = [path.replace(place, quote(value, safe="")) for path in paths for value in values][:TRIES]
    return [path + suffix for path in paths]


def _value(name: str, schema: Mapping[str, Any]) -> str:
    for key in ("example", "default", "const"):
        if key in schema:
            return str(schema[key])
    for key in ("enum", "examples"):
        if schema.get(key):
            return str(schema[key][0])
    if schema.get("type") == "integer":
        return str(max(1, int(schema.get("minimum", 1))))
    raise ValueError(f"no value is known for its parameter {name}")


def _identifiers(document: JsonValue) -> list[JsonValue]:
    """The `id` of each object in a list, or in the first list of an object."""
    if isinstance(document, dict):
        document = next((one for one in document.values() if isinstance(one, list)), None)
    if not isinstance(document, list):
        return []
    return [one["id"] for one in document if isinstance(one, dict) and isinstance(one.get("id"), int | str)]
