"""The kinds of probes there are: whatever the files of `probes/kinds` register."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, PlainValidator, SerializeAsAny

from probes import kinds
from probes.errors import DuplicateKindError
from probes.probe import Links, Probe
from probes.settings import Name, ProbeSettings, invalid, mistake

S = TypeVar("S", bound=ProbeSettings)
P = TypeVar("P", bound=Probe)


@dataclass(frozen=True, slots=True)
class ProbeKind:
    """A registered kind: the model its entries are validated by, and the class that carries them out."""

    name: str
    settings: type[ProbeSettings]
    make: Callable[[Any, Links], Probe]


_kinds: dict[str, ProbeKind] = {}


def probe_kind(name: str, settings: type[S]) -> Callable[[Callable[[S, Links], P]], Callable[[S, Links], P]]:
    """Register the decorated class, made from (settings, links), as the kind of that name.

    Raises DuplicateKindError where another file has registered the name.
    """

    def register(make: Callable[[S, Links], P]) -> Callable[[S, Links], P]:
        if name in _kinds:
            raise DuplicateKindError(f"probe kind {name!r} is registered twice: by {_kinds[name].make} and by {make}")
        _kinds[name] = ProbeKind(name, settings, make)
        return make

    return register


def load_probe_kinds() -> Mapping[str, ProbeKind]:
    """All kinds by name, after importing every public module of `probes/kinds`; there is no second list to edit."""
    for module in pkgutil.iter_modules(kinds.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{kinds.__name__}.{module.name}")
    return MappingProxyType(_kinds)


def _entry(entry: object) -> ProbeSettings:
    """One entry, validated by the model of its kind, so that an error's place is the very key."""
    if isinstance(entry, ProbeSettings):
        return entry
    if not isinstance(entry, dict):
        raise invalid([mistake("a probe is a mapping with at least kind and category")])
    known = load_probe_kinds()
    wanted = entry.get("kind")
    if not isinstance(wanted, str) or wanted not in known:
        raise invalid([mistake(f"the kind of a probe is one of: {', '.join(sorted(known))}", "kind")])
    return known[wanted].settings.model_validate(entry)


def _named(entries: object) -> object:
    """The mapping with each key written into its entry as the probe's name."""
    if not isinstance(entries, dict):
        return entries
    return {name: _with_name(name, entry) for name, entry in entries.items()}


def _with_name(name: object, entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    if entry.get("name", name) != name:
        raise invalid([mistake("the name of a probe is its key; leave name out", str(name), "name")])
    return {**entry, "name": name}


# The section `probes` of the configuration: from name to entry. A model nests it as the type of a field.
Probes = Annotated[
    dict[Name, Annotated[SerializeAsAny[ProbeSettings], PlainValidator(_entry)]], BeforeValidator(_named)
]
