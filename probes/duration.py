"""Durations as people write them."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)")


def _seconds(written: object) -> object:
    """Seconds of a text such as "500ms"; anything else goes on to the check for a number."""
    if not isinstance(written, str):
        return written
    match = _WRITTEN.fullmatch(written.strip())
    if match is None:
        raise ValueError('a duration is a number of seconds or a text such as "500ms", "30s", "5m" or "1h"')
    return float(match[1]) * _UNITS[match[2]]


# Seconds, more than none. In a file: a number of seconds, or a text with ms, s, m or min, h or d.
Duration = Annotated[float, BeforeValidator(_seconds), Field(gt=0, allow_inf_nan=False, strict=True)]
