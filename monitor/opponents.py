"""Who meets in a duel: the target of some configured probes at two other addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from baselines.clock import Clock
from monitor.errors import ConfigurationError
from monitor.settings import Settings
from probes import HttpTarget, PostgresTarget, ProbeSet, ProbeSettings

_KINDS: dict[str, type[HttpTarget | PostgresTarget]] = {
    "http": HttpTarget,
    "https": HttpTarget,
    "postgresql": PostgresTarget,
    "postgres": PostgresTarget,
}
_NAMES = {HttpTarget: "a web server", PostgresTarget: "a database"}


@dataclass(frozen=True, slots=True)
class Opponents:
    """The same probes against both addresses. `target` is the name of the target whose address was replaced.

    Whatever else the target says (log-in, headers, time-outs) holds for both. `probes` all give durations.
    """

    target: str
    old: HttpTarget | PostgresTarget
    new: HttpTarget | PostgresTarget
    probes: dict[str, ProbeSettings]

    def probe_set(self, side: HttpTarget | PostgresTarget, clock: Clock) -> ProbeSet:
        """The probes against one of the two."""
        return ProbeSet(self.probes, {self.target: side}, clock)


def opponents(
    settings: Settings, old: str, new: str, *, target: str | None = None, globs: Sequence[str] = ()
) -> Opponents:
    """The probes that can be duelled between two URLs or two DSNs.

    Raises ConfigurationError where the two are not of one kind, or it isn't clear which probes are meant.
    """
    kind, other = _kind_of("OLD", old), _kind_of("NEW", new)
    if kind is not other:
        raise ConfigurationError(f"OLD is {_NAMES[kind]} and NEW is {_NAMES[other]}; a duel needs two of one kind")
    fitting = {
        name: one
        for name, one in settings.probes.items()
        if one.target_type is kind and any(series.is_duration for series in one.series())
    }
    if not fitting:
        raise ConfigurationError(
            f"OLD and NEW are each {_NAMES[kind]}, and no probe is configured that times one; "
            "let `portalwatch probe suggest` write some"
        )
    chosen = {
        name: one
        for name, one in fitting.items()
        if (target in (None, one.target)) and (not globs or any(fnmatchcase(name, glob) for glob in globs))
    }
    targets = sorted({one.target for one in chosen.values() if one.target is not None})
    if not targets:
        known = ", ".join(f"{name} (target {one.target})" for name, one in fitting.items())
        raise ConfigurationError(f"no probe of {_NAMES[kind]} fits; there are: {known}")
    if len(targets) > 1:
        raise ConfigurationError(
            f"OLD and NEW can stand for one target only, and these have probes: {', '.join(targets)}; "
            "choose one with --target NAME"
        )
    configured = settings.targets[targets[0]]
    return Opponents(targets[0], _moved("OLD", configured, old), _moved("NEW", configured, new), chosen)


def address_of(side: HttpTarget | PostgresTarget) -> str:
    """Where that is, for people: without user, password and parameters."""
    if isinstance(side, HttpTarget):
        return str(side.url).rstrip("/")
    parts = urlsplit(side.url.get_secret_value())
    query = parse_qs(parts.query)
    host = parts.netloc.rpartition("@")[2] or ":".join([*query.get("host", []), *query.get("port", [])])
    return f"postgresql://{host}{parts.path}"


def _kind_of(side: str, address: str) -> type[HttpTarget | PostgresTarget]:
    """The kind of target that the address is one of. What was given is never repeated: it may have a password."""
    kind = _KINDS.get(address.partition("://")[0].lower())
    if kind is None:
        raise ConfigurationError(
            f"{side} is neither a URL (https://…) nor a DSN (postgresql://…); "
            "two captured baselines are compared by `portalwatch compare`"
        )
    return kind


def _moved(side: str, target: HttpTarget | PostgresTarget, address: str) -> HttpTarget | PostgresTarget:
    """That target at another address."""
    said_of_it = {name: getattr(target, name) for name in target.model_fields_set}
    try:
        return type(target).model_validate({**said_of_it, "url": address})
    except ValidationError as error:
        said = error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{side}: {said}") from None
