"""Which route answers a request, by its template: a raw path would make a series of every client's id."""

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.routing import BaseRoute, Host, Mount, Route, WebSocketRoute
from starlette.types import Scope

UNKNOWN = "unknown"

_MOUNTS_KEPT = 256


class RouteTemplates:
    """The templates of one application's routes, those of routers and applications mounted in it included."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes
        self._mounts: dict[str, str] = {}

    def of(self, scope: Scope) -> str:
        """The template that the routers have found for this request; UNKNOWN for none."""
        own = _own_template(scope)
        # A mount has moved what it took off the path to the root path.
        if "app_root_path" in scope and (mounted := scope["root_path"][len(scope["app_root_path"]) :]):
            return self._of_mount(mounted) + (own or "")
        return own or UNKNOWN

    def _of_mount(self, path: str) -> str:
        template = self._mounts.get(path)
        if template is None:
            template = _mount_template(self._routes, path) or f"/{UNKNOWN}"
            # A mount with a parameter has as many paths as there are values.
            if len(self._mounts) < _MOUNTS_KEPT:
                self._mounts[path] = template
        return template


def _own_template(scope: Scope) -> str | None:
    """The template below all mounts; None where there is none, as for files or an unknown path."""
    route: Any = scope.get("route")
    # FastAPI no longer copies the routes of an included router: the prefix is in a context beside the route.
    beside = scope.get("fastapi")
    context = beside.get("effective_route_context") if beside else None
    if context is not None and (route is None or context.original_route is route):
        route = context.starlette_route or context
    if route is None or isinstance(route, Mount):
        return _template_by_endpoint(scope)
    path: str | None = getattr(route, "path", None)
    return path


def _template_by_endpoint(scope: Scope) -> str | None:
    """For plain routes in a FastAPI application, of which it tells the endpoint only."""
    endpoint = scope.get("endpoint")
    if endpoint is None:
        return None
    # get_route_path() is Starlette's own business.
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    for route in scope["app"].routes:
        if isinstance(route, Route | WebSocketRoute) and route.endpoint is endpoint and route.path_regex.match(path):
            return route.path
    return None


def _mount_template(routes: Sequence[BaseRoute], path: str) -> str | None:
    """The templates of the mounts that have together taken exactly `path`."""
    for route in _flattened(routes):
        if isinstance(route, Host):
            if (found := _mount_template(route.routes, path)) is not None:
                return found
        elif isinstance(route, Mount) and (match := route.path_regex.match(f"{path}/")):
            rest = match["path"].rstrip("/")
            below = _mount_template(route.routes, f"/{rest}") if rest else ""
            if below is not None:
                return route.path + below
    return None


def _flattened(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        contexts = getattr(route, "effective_route_contexts", None)
        if contexts is None:
            yield route
        else:
            yield from (context.starlette_route for context in contexts() if context.starlette_route is not None)
