"""Commands that judge one side against another: their options, what they print, the exit code they end in."""

import sys
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


def rendered(judged: Judged, output_format: str, output: Path | None) -> str:
    """The report in that format; a table in colour where it goes to a terminal."""
    assessment = judged.assessment
    if output_format == "json":
        return render_json(assessment)
    if output_format == "markdown":
        return render_markdown(assessment)
    if output_format == "junit":
        return render_junit(assessment)
    if output_format == "html":
        return render_html(assessment, before=judged.before, after=judged.after)
    console = Console(file=sys.stdout)
    if console.is_terminal and output is None:
        with console.capture() as capture:
            console.print(render_table(assessment, console.width))
        return capture.get()
    return render_table(assessment).plain


def write(text: str, output: Path | None) -> None:
    """To standard output, or into the file. Raises ConfigurationError where that can't be written."""
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{output} can't be written: {error.strerror}") from error
    click.echo(f"written: {output}", err=True)
