"""A length of time as an option: `--expires 30d`."""

from datetime import timedelta

import click
from pydantic import TypeAdapter, ValidationError

from thresholds.quantity import Duration

_WRITTEN = TypeAdapter(Duration)


def duration(context: click.Context, parameter: click.Parameter, given: str | None) -> timedelta | None:
    """The callback of an option that takes a length of time. Raises click.BadParameter for what is none."""
    try:
        return None if given is None else timedelta(seconds=_WRITTEN.validate_python(given))
    except (ValidationError, OverflowError) as error:
        message = f"{given!r} is no duration: write it as 30d, 12h or 15min"
        raise click.BadParameter(message, context, parameter) from error
