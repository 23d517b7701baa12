"""Commands that judge one side against another: their options, what they print, the exit code they end in."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from baselines import Baseline, Verdict
from dashboards import render_html, render_json, render_junit, render_markdown, render_table
from monitor.cli.options import F, format_option
from monitor.errors import ConfigurationError, ExitCode
from thresholds import Assessment, Profile


def tolerance_options(command: F) -> F:
    """`--profile` and `--tolerance`: how much slower a series may be."""
    command = click.option(
        "--tolerance",
        type=float,
        metavar="PERCENT",
        help="Tolerance for every series, 1 to 400; wins over the profile.",
    )(command)
    return click.option(
        "--profile",
        type=click.Choice([one.value for one in Profile]),
        default=Profile.STANDARD.value,
        show_default=True,
        help="Tolerance profile.",
    )(command)


def report_options(command: F) -> F:
    """`--format` with every report there is, and `--output FILE`."""
    command = click.option(
        "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the result into this file."
    )(command)
    return format_option("markdown", "html", "junit")(command)


@dataclass(frozen=True, slots=True)
class Judged:
    """An assessment with the two captures it was made of."""

    assessment: Assessment
    before: Baseline
    after: Baseline

    @property
    def code(self) -> ExitCode:
        """1 for a finding, 3 for nothing found but something inconclusive, else 0."""
        assessment = self.assessment
        if assessment.has_finding:
            return ExitCode.FINDING
        undecided = assessment.comparison.having(Verdict.INCONCLUSIVE) or assessment.verdict is Verdict.INCONCLUSIVE
        return ExitCode.INCONCLUSIVE if undecided else ExitCode.WELL


# Every format of a report, by the name that `--format` has for it.
REPORTS: Mapping[str, Callable[[Judged], str]] = {
    "table": lambda judged: render_table(judged.assessment).plain,
    "json": lambda judged: render_json(judged.assessment),
    "markdown": lambda judged: render_markdown(judged.assessment),
    "html": lambda judged: render_html(judged.assessment, before=judged.before, after=judged.after),
    "junit": lambda judged: render_junit(judged.assessment),
}


def rendered(judged: Judged, output_format: str, output: Path | None) -> str:
    """The report in that format; a table in colour where it goes to a terminal."""
    console = Console(file=sys.stdout)
    if output_format == "table" and console.is_terminal and output is None:
        with console.capture() as capture:
            console.print(render_table(judged.assessment, console.width))
        return capture.get()
    return REPORTS[output_format](judged)


def write(text: str, output: Path | None) -> None:
    """To standard output, or into the file. Raises ConfigurationError where that can't be written."""
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    write_file(text.encode(), output)


def write_file(content: bytes, path: Path) -> None:
    """Into the file. Raises ConfigurationError where that can't be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from error
    click.echo(f"written: {path}", err=True)
