"""`portalwatch baseline export`, `import` and `delete`: baselines that come and go as a whole."""

import sys
from pathlib import Path

import asyncpg
import click

from baselines import Baseline
from baselines.baseline_file import pack, unpack
from baselines.postgres import PostgresBaselines
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option
from monitor.errors import ConfigurationError

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog="Example: portalwatch baseline export before-v42 before-v42.json.gz")
@click.argument("name")
@click.argument("file", type=_FILE)
@config_option
def export(name: str, file: Path, config: Path | None) -> None:
    """Write a baseline into FILE, with the further sessions it has, its conditions and its approval."""

    async def act(pool: asyncpg.Pool) -> Baseline:
        return await PostgresBaselines(pool).load(name)

    content = pack(with_store(configured(config), act))
    try:
        file.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"{file} can't be written: {error.strerror}") from error
    click.echo(f"{name}: {len(content):,} bytes written into {file}")


@click.command("import", epilog="Example: portalwatch baseline import before-v42.json.gz")
@click.argument("file", type=_FILE)
@config_option
def import_(file: Path, config: Path | None) -> None:
    """Keep the baseline of an exported FILE under its name; it is not active before it is approved here."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} can't be read: {error.strerror}") from error

    async def act(pool: asyncpg.Pool) -> Baseline:
        imported = unpack(content)
        await PostgresBaselines(pool).save(imported, activate=False)
        return imported

    imported = with_store(configured(config), act)
    click.echo(
        f"{imported.name}: {len(imported.series)} series, {len(imported.sessions)} sessions, {imported.release}, "
        f"environment {imported.environment}; approve it to make it active"
    )


@click.command(epilog="Example: portalwatch baseline delete try --yes")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def delete(name: str, yes: bool, config: Path | None) -> None:
    """Delete a baseline for good, with the further sessions it has; the active one can't be deleted."""
    configuration = configured(config)
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigurationError("nobody is there to be asked; say --yes to delete it")
        click.confirm(f"Delete baseline {name} for good?", abort=True, err=True)

    async def act(pool: asyncpg.Pool) -> None:
        await PostgresBaselines(pool).delete(name)

    with_store(configuration, act)
    click.echo(f"{name} is deleted.")
