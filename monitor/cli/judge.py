"""`portalwatch judge`: verdicts on samples given as JSON, without a store or a configuration."""

import json
import sys
from typing import TextIO

import click

from monitor.cli.options import unread_config_option
from monitor.errors import ConfigurationError, ExitCode
from monitor.judge import JudgeError, judge_stream, judge_text
from monitor.judge_watch import watch_stream

_CODES = {"degraded": ExitCode.FINDING, "inconclusive": ExitCode.INCONCLUSIVE}


@click.command(
    epilog='Example: echo \'{"metric": "m", "baseline": [[10, 11]], "current": [[20, 22]], "tolerance": 1.25}\' '
    "| portalwatch judge"
)
@click.argument("file", type=click.File(encoding="utf-8", errors="replace"), default="-")
@unread_config_option
@click.option("--stream", is_flag=True, help="One JSON object a line in, one a line out, for as long as input comes.")
@click.option("--watch", is_flag=True, help="Watch one value a tick against a reference, for as long as input comes.")
def judge(file: TextIO, stream: bool, watch: bool) -> ExitCode:
    """Judge the samples in FILE, or on standard input: one case or a family of cases, times in milliseconds."""
    if stream and watch:
        raise ConfigurationError("--stream and --watch are two ways to read the input; choose one")
    if watch:
        watch_stream(file, _write_line)
        return ExitCode.WELL
    if stream:
        judge_stream(file, _write_line)
        return ExitCode.WELL
    try:
        answer = judge_text(file.read())
    except JudgeError as error:
        raise ConfigurationError(f"{getattr(file, 'name', '<stdin>')}: {error}") from error
    click.echo(json.dumps(answer))
    verdicts = [one["verdict"] for one in answer.get("verdicts", [answer])]
    codes = {_CODES.get(verdict, ExitCode.WELL) for verdict in verdicts}
    return next((code for code in (ExitCode.FINDING, ExitCode.INCONCLUSIVE) if code in codes), ExitCode.WELL)


def _write_line(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()
