"""The JSON Schema of the configuration, held against the configuration it describes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.schema import configuration_schema
from probes import load_probe_kinds

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(json.dumps(configuration_schema()))
DOCUMENT = yaml.safe_load((ROOT / "portalwatch.yml").read_text(encoding="utf-8"))


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema a $ref stands for."""
    while "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def options(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """What a value may be, with every reference followed."""
    schema = resolved(schema)
    either = schema.get("anyOf") or schema.get("oneOf")
    return [schema] if either is None else [option for one in either for option in options(one)]


def mistakes(value: object, schema: dict[str, Any], place: str = "") -> list[str]:
    """Keys that a closed object does not know and required ones that it lacks; what a schema for editors underlines."""
    if isinstance(value, list | str | int | float | bool) or value is None:
        return []
    assert isinstance(value, dict)
    found = [_mistakes(value, one, place) for one in options(schema) if _fits(value, one)]
    return min(found, key=len) if found else [f"{place}: no object is allowed here"]


def _fits(value: dict[str, Any], schema: dict[str, Any]) -> bool:
    kind = schema.get("properties", {}).get("kind", {}).get("const")
    return schema.get("type") == "object" and kind in (None, value.get("kind"))


def _mistakes(value: dict[str, Any], schema: dict[str, Any], place: str) -> list[str]:
    properties, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    missing = [f"{place}.{key}: missing" for key in schema.get("required", []) if key not in value]
    wrong = []
    for key, inner in value.items():
        if key in properties:
            wrong += mistakes(inner, properties[key], f"{place}.{key}")
        elif more is False:
            wrong.append(f"{place}.{key}: unknown")
        elif isinstance(more, dict):
            wrong += mistakes(inner, more, f"{place}.{key}")
    return missing + wrong


def references(schema: object) -> Iterator[str]:
    """Every $ref in a schema."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for inner in schema.values():
            yield from references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from references(inner)


def changed(place: str, value: object) -> Any:
    """The customer's file with something put in a place."""
    document = json.loads(json.dumps(DOCUMENT))
    *path, last = place.split(".")
    at = document
    for key in path:
        at = at[key]
    at[last] = value
    return document


def test_it_accepts_the_customers_file() -> None:
    """Every key of portalwatch.yml is known, and every required one is there."""
    assert mistakes(DOCUMENT, SCHEMA) == []


@pytest.mark.parametrize(
    "place",
    [
        "htttp",
        "store.urll",
        "targets.portal.passwort",
        "targets.portal.login.usr",
        "probes.portfolio_summary.querry",
        "probes.dashboard.query",
        "alerts.channels.slack-alerts.fallback",
    ],
)
def test_it_underlines_an_unknown_key(place: str) -> None:
    """On every level: of the file, a target, its log-in, a probe of each kind, a channel."""
    assert mistakes(changed(place, "x"), SCHEMA) == [f".{place}: unknown"]


def test_it_underlines_a_missing_key_and_an_unknown_kind() -> None:
    """A query without its text, and a kind of probe that there is not."""
    incomplete = {"kind": "sql", "target": "portal_database", "category": "q"}
    assert mistakes(changed("probes.one", incomplete), SCHEMA) == [".probes.one.query: missing"]
    assert mistakes(changed("probes.one", {"kind": "sqll"}), SCHEMA) == [".probes.one: no object is allowed here"]


def test_a_secret_may_stand_in_a_file() -> None:
    """`password_file` for `password`, `url_file` for `url`: known, and then the other is not required."""
    login = {"path": "/login", "username": "u", "password_file": "/run/secrets/portal"}
    assert mistakes(changed("targets.portal.login", login), SCHEMA) == []
    assert mistakes(changed("store", {"url_file": "/run/secrets/store"}), SCHEMA) == []
    database = {"kind": "postgresql", "url_file": "/run/secrets/database"}
    assert mistakes(changed("targets.portal_database", database), SCHEMA) == []


def test_every_reference_leads_somewhere() -> None:
    """An editor would give up on one that does not."""
    targets = {one.removeprefix("#/$defs/") for one in references(SCHEMA)}
    assert targets
    assert targets <= SCHEMA["$defs"].keys()


def test_the_name_of_a_probe_is_its_key() -> None:
    """It is neither asked for nor taken a second time."""
    kinds = options(SCHEMA["properties"]["probes"]["additionalProperties"])
    assert {one["properties"]["kind"]["const"] for one in kinds} == set(load_probe_kinds())
    assert all("name" not in one["properties"] and "name" not in one.get("required", []) for one in kinds)
