"""Correlation ids: which ones are taken from a caller, and new ones."""

import re
import secrets

LONGEST = 64
"""With its label, an id has to fit into an exemplar's 128 characters."""

_HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


def accepted(given: str) -> str | None:
    """The caller's id; None where it is empty, longer than LONGEST or has characters that logs, SQL or headers mind."""
    return given if _HARMLESS.fullmatch(given) else None


def new_id() -> str:
    """An id nobody can guess: 32 hexadecimal digits."""
    return secrets.token_hex(16)
