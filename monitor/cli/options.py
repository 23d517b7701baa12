"""Options that several commands have in common."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """`--config FILE`."""
    return click.option(
        "--config",
        "config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Configuration file [default: $PORTALWATCH_CONFIG, else ./portalwatch.yml, else the embedded default].",
    )(command)


def unread_config_option(command: F) -> F:
    """`--config FILE` of a command that reads none, so that scripts may give it to every command."""
    return click.option(
        "--config", expose_value=False, type=click.Path(), help="Taken as by every command, and not read by this one."
    )(command)


def format_option(*more: str) -> Callable[[F], F]:
    """`--format table|json`, and what a command offers besides."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["table", "json", *more]),
        default="table",
        show_default=True,
        help="How the result is printed, to standard output alone.",
    )
