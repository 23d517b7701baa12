"""`portalwatch replay FILE`."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from baselines import RULE_VERSION, BaselineError
from baselines.bundle import Bundle, unpack
from monitor.bundling import judged_again
from monitor.cli.options import unread_config_option
from monitor.cli.report import REPORTS, Judged, rendered, report_options, write
from monitor.errors import ConfigurationError, ExitCode


@click.command(epilog="Example: portalwatch replay verdict.json.gz --format html --output report.html")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@unread_config_option
@report_options
def replay(file: Path, output_format: str, output: Path | None) -> ExitCode:
    """Judge the verdict in FILE again, as `compare --bundle` wrote it; needs neither store nor configuration."""
    try:
        bundle = unpack(file.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{file} can't be read: {error.strerror}") from error
    except BaselineError as error:
        raise ConfigurationError(f"{file}: {error}") from error
    if bundle.rule_version != RULE_VERSION:
        click.echo(
            f"Not judged again: it was judged by rule {bundle.rule_version}, and this is rule {RULE_VERSION}. This is "
            f"the verdict as it was; the release {bundle.product_version} judges it again.",
            err=True,
        )
        write(bundle.reports[output_format], output)
        return ExitCode(bundle.exit_code)
    try:
        judged = Judged(judged_again(bundle), bundle.materials.before, bundle.materials.after)
    except BaselineError as error:
        raise ConfigurationError(f"{file}: {error}") from error
    click.echo(_held_against(bundle, judged), err=True)
    write(rendered(judged, output_format, output), output)
    return judged.code


def _held_against(bundle: Bundle, judged: Judged) -> str:
    """What to say of the verdict beside the stored one."""
    was, is_now = json.loads(bundle.reports["json"]), json.loads(REPORTS["json"](judged))
    # A later release may tell more; what was told then must be the same.
    if was == _as_far_as(is_now, was):
        return f"Judged again by rule {RULE_VERSION}: the stored verdict, figure for figure."
    verdicts = {one["series"]: one["verdict"] for one in was["series"]}
    differing = [
        f"{one['series']} is {one['verdict']}, and was {verdicts.get(one['series'], 'not there')}"
        for one in is_now["series"]
        if verdicts.get(one["series"]) != one["verdict"]
    ]
    told = "; ".join(differing) or "the verdicts of the series are the same, figures or sentences are not"
    releases = f"written by release {bundle.product_version}, this is {version('portalwatch')}"
    return f"NOT the stored verdict: {told} ({releases})."


def _as_far_as(told: Any, was: Any) -> Any:
    """Without the keys that were not there then."""
    if isinstance(told, dict) and isinstance(was, dict):
        return {key: _as_far_as(value, was[key]) for key, value in told.items() if key in was}
    if isinstance(told, list) and isinstance(was, list) and len(told) == len(was):
        return [_as_far_as(one, before) for one, before in zip(told, was, strict=True)]
    return told
