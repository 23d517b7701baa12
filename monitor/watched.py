"""The databases and portals of a configuration, each once, however many targets lead to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from probes import HttpTarget, PostgresTarget


@dataclass(frozen=True, slots=True)
class WatchedDatabase:
    """A database as a target."""

    name: str
    target: PostgresTarget


@dataclass(frozen=True, slots=True)
class WatchedPortal:
    """A web server as the target that sees most of it; `names` are those of all targets at its URL."""

    name: str
    target: HttpTarget
    names: frozenset[str]


def watched_databases(targets: Mapping[str, PostgresTarget | HttpTarget]) -> Sequence[WatchedDatabase]:
    """Every database."""
    return [WatchedDatabase(name, one) for name, one in targets.items() if isinstance(one, PostgresTarget)]


def watched_portals(targets: Mapping[str, PostgresTarget | HttpTarget]) -> Sequence[WatchedPortal]:
    """Every web server once: of targets with one URL the first that logs in."""
    by_url: dict[str, dict[str, HttpTarget]] = {}
    for name, one in targets.items():
        if isinstance(one, HttpTarget):
            by_url.setdefault(str(one.url), {})[name] = one
    found = []
    for same in by_url.values():
        name = next((name for name, one in same.items() if one.login or one.basic or one.bearer), next(iter(same)))
        found.append(WatchedPortal(name, same[name], frozenset(same)))
    return found
