"""What in a path names one thing among many, a client or a person: it is masked before anything is kept."""

import re

# Numbers, UUIDs and long hexadecimal, also as the name of a file; mixed keys, mail addresses, encoded bytes, and
# what is too long to be a name.
_IDENTITY = re.compile(
    r"(?:\d+|[\w-]*[0-9a-f]{8}-[\w-]*|[0-9a-f]{12,})(?:\.\w{1,5})?|(?=\D*\d)[\w~-]{6,}|[^/]*[@%][^/]*|[^/]{41,}",
    re.IGNORECASE,
)


def is_identity(part: str) -> bool:
    """Whether this part of a path looks like one. A name that looks like a word does not."""
    return _IDENTITY.fullmatch(part) is not None
