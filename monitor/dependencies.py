"""What stands on what: targets in one place, targets that need others, and the probes that say whether one is away."""

from collections.abc import Mapping

from monitor.settings import Settings
from thresholds import Routing, Rule


def names_of_places(settings: Settings) -> dict[str, str]:
    """Each target's name, and of those in one place the first one's: they are away together."""
    first: dict[str, str] = {}
    return {name: first.setdefault(target.place, name) for name, target in settings.targets.items()}


def foundations(settings: Settings, names: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """What each target can't work without, also indirectly."""
    direct: dict[str, set[str]] = {}
    for name, target in settings.targets.items():
        direct.setdefault(names[name], set()).update(names[other] for other in target.depends_on)

    def below(name: str, seen: frozenset[str]) -> frozenset[str]:
        found = frozenset(direct.get(name, ())) - seen
        return found.union(*(below(one, seen | found) for one in found))

    return {name: below(name, frozenset({name})) for name in direct}


def confirming_probes(settings: Settings, routing: Routing) -> dict[str, list[str]]:
    """By the name of a probe, those that say whether its target, or one that it stands on, is away altogether."""
    names = names_of_places(settings)
    stands_on = foundations(settings, names)
    confirming: dict[str, list[str]] = {}
    for name, probe in settings.probes.items():
        if probe.target is not None and any(
            routing.route_of(one, Rule.AVAILABILITY) in routing.outages for one in probe.series()
        ):
            confirming.setdefault(names[probe.target], []).append(name)
    found: dict[str, list[str]] = {}
    for name, probe in settings.probes.items():
        if probe.target is not None:
            place = names[probe.target]
            asked = [one for at in (place, *sorted(stands_on.get(place, ()))) for one in confirming.get(at, [])]
            found[name] = [one for one in asked if one != name]
    return found
