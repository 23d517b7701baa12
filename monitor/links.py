"""Where else to look: addresses of the user's own systems, with an id and a time filled in."""

import re
from datetime import UTC, datetime
from urllib.parse import quote

_FIELDS = ("correlation_id", "from", "to")
# What stands for an id where there is none.
_ANY = "*"


def checked_template(template: str) -> str:
    """A template of an address. Raises ValueError for one that is no address, or names what is not filled in."""
    if not re.match(r"https?://[^\s/]+", template):
        raise ValueError("this is no address: it begins with https:// or http:// and a host")
    unknown = [name for name in re.findall(r"\{([^{}]*)\}", template) if name not in _FIELDS]
    if unknown:
        raise ValueError(f"{{{unknown[0]}}} is not filled in; there are: {', '.join(f'{{{one}}}' for one in _FIELDS)}")
    return template


def filled(template: str | None, correlation_id: str | None, start: datetime, end: datetime) -> str:
    """The address for an id and a time; empty without a template."""
    if template is None:
        return ""
    values = {"correlation_id": correlation_id or _ANY, "from": _written(start), "to": _written(end)}
    return re.sub(r"\{(correlation_id|from|to)\}", lambda found: quote(values[found[1]], safe=""), template)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
