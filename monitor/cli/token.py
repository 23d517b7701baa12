"""`portalwatch token`: create, revoke."""

from datetime import timedelta
from pathlib import Path

import asyncpg
import click

from monitor.access import AccessTokens, Right
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option
from monitor.clock import SystemClock


@click.group(epilog="Example: portalwatch token create alice --right operator")
def token() -> None:
    """Access tokens, of which the store keeps only the hash."""


@token.command(epilog="Example: portalwatch token create front-end --right ingest --days 90")
@click.argument("name")
@click.option(
    "--right", type=click.Choice([Right.OPERATOR.value, Right.INGEST.value]), required=True, help="What it allows."
)
@click.option("--days", type=click.IntRange(1), help="Days until it expires [default: never].")
@config_option
def create(name: str, right: str, days: int | None, config: Path | None) -> None:
    """Make a token and print it, once."""

    async def act(pool: asyncpg.Pool) -> str:
        now = SystemClock().now()
        return await AccessTokens(pool).create(name, Right(right), now, now + timedelta(days=days) if days else None)

    click.echo(with_store(configured(config), act))


@token.command(epilog="Example: portalwatch token revoke alice")
@click.argument("name")
@config_option
def revoke(name: str, config: Path | None) -> None:
    """End a token at once."""

    async def act(pool: asyncpg.Pool) -> None:
        await AccessTokens(pool).revoke(name, SystemClock().now())

    with_store(configured(config), act)
    click.echo(f"token {name} is revoked")
