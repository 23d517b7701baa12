"""The HTTP interface for people, from its OpenAPI document; the usual pages load their scripts from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.page import environment

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    description: str


def render_api_page(openapi: Mapping[str, Any]) -> str:
    """The page as HTML, every operation of the document in its order."""
    operations = [
        Operation(method.upper(), path, operation.get("description", ""))
        for path, item in openapi["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    ]
    return environment().get_template("api.html.j2").render(info=openapi["info"], operations=operations)
