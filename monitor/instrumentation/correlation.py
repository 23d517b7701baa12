"""Correlation ids: which ones are taken from a caller, and new ones."""

import re
import secrets

LONGEST = 64
"""With its label, an id has to fit into an exemplar's 128 characters."""

_HARMLESS = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


def accepted(header: bytes) -> str | None:
    """The caller's id; None where it is empty, longer than LONGEST or has characters that logs, SQL or headers mind."""
    return header.decode("ascii") if _HARMLESS.fullmatch(header) else None


def new_id() -> str:
    """An id nobody can guess: 32 hexadecimal digits."""
    return secrets.token_hex(16)
