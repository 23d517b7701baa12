"""What `portalwatch probe` shows: one run in full, a line of it among many, the figures of all, and all as JSON."""

import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
import yaml

from baselines import Inspection, Measurement, Outcome, Samples, Series, Unit, summarise
from monitor.probe_once import Look
from probes import ProbeSettings
from thresholds import written

WIDTH = 80
_LABEL = 12
_BAR = 30


def print_look(
    settings: ProbeSettings, look: Look, series: Mapping[str, Series], inspection: Inspection | None
) -> None:
    """One run, the verdict first, so that whoever is in a hurry need not read on."""
    for one in look.measurements:
        click.echo(f"{click.style(one.series, bold=True)}  {_verdict(one, series[one.series].unit)}")
        if one.detail:
            _print_lines("", [one.detail])
    for finding in look.findings:
        _print_lines("", [click.style(finding.summary, fg="red")])
    click.echo()
    if look.run is not None:
        _print_lines("phases", _bars(look.run.phases))
        _print_lines("assertions", (_assertion(one.holds, one.expected, one.found) for one in look.run.assertions))
        _print_lines("details", _pairs(look.run.details))
    if inspection is not None:
        _print_lines("plan", inspection.plan.nodes)
        _print_lines("server", _server(inspection))
    _print_lines("prober", _prober(look.measurements[0]))
    _print_lines("settings", _settings(settings))


def print_run(number: int, look: Look, series: Mapping[str, Series]) -> None:
    """One line for a run among many."""
    several = len(look.measurements) > 1
    parts = [
        (f"{series[one.series].metric} " if several else "") + _verdict(one, series[one.series].unit)
        for one in look.measurements
    ]
    started = look.measurements[0].started_at
    click.echo(f"{number:5d}  {started:%H:%M:%S}.{started.microsecond // 1000:03d}  {', '.join(parts)}")


def print_summary(looks: Sequence[Look], series: Mapping[str, Series]) -> None:
    """The figures of all runs, by series."""
    for name, ones in _by_series(looks).items():
        summary = summarise([Samples.of_measurements(ones)])
        failed, unjudged = summary.failed + summary.timed_out, len(ones) - summary.n
        counts = [f"{len(ones)} runs", f"{failed} failed", f"{unjudged} skipped or disturbed" if unjudged else ""]
        click.echo(f"\n{click.style(name, bold=True)}  {', '.join(filter(None, counts))}")
        figures = {
            "min": summary.minimum,
            "median": summary.median,
            "p95": summary.p95,
            "max": summary.maximum,
        }
        told = [f"{what} {written(value, series[name].unit)}" for what, value in figures.items() if value is not None]
        _print_lines("", [" · ".join(told)] if told else [])


def document(
    settings: ProbeSettings, series: Mapping[str, Series], looks: Sequence[Look], inspection: Inspection | None
) -> dict[str, Any]:
    """Everything that is shown, for a script: units and values are base units."""
    return {
        "probe": settings.name,
        "settings": settings.model_dump(mode="json", by_alias=True),
        "runs": [_run_document(one, series) for one in looks],
        "inspection": None if inspection is None else asdict(inspection),
        "summary": {
            name: {"unit": series[name].unit, **asdict(summarise([Samples.of_measurements(ones)]))}
            for name, ones in _by_series(looks).items()
        },
    }


def _run_document(look: Look, series: Mapping[str, Series]) -> dict[str, Any]:
    first = look.measurements[0]
    return {
        "started_at": first.started_at.isoformat(),
        "lateness_seconds": first.lateness_seconds,
        "prober_delay_seconds": first.prober_delay_seconds,
        "correlation_id": first.correlation_id,
        "series": [
            {
                "series": one.series,
                "unit": series[one.series].unit,
                "outcome": one.outcome,
                "value": one.value,
                "reason": one.reason,
                "detail": one.detail,
                "disturbed": one.disturbed,
            }
            for one in look.measurements
        ],
        "findings": [{"level": one.level, "limit": one.limit, "summary": one.summary} for one in look.findings],
        "phases": dict(first.phases),
        "assertions": [asdict(one) for one in look.run.assertions] if look.run else [],
        "details": dict(look.run.details) if look.run else {},
    }


def _verdict(one: Measurement, unit: Unit) -> str:
    """Value and outcome in colour: `✓ 2.313 ms`, `✗ refused`, `✗ at least 5 s (deadline)`, `– skipped (busy)`."""
    reason = str(one.reason).replace("_", " ")
    if one.outcome is Outcome.SKIPPED:
        return click.style(f"– skipped ({reason})", fg="yellow")
    if one.value is None:
        return click.style(f"✗ {reason}", fg="red", bold=True)
    figure = written(one.value, unit)
    if one.outcome is Outcome.TIMEOUT:
        return click.style(f"✗ at least {figure} ({reason})", fg="red", bold=True)
    if one.disturbed:
        return click.style(f"~ {figure}, disturbed by this machine", fg="yellow")
    return click.style(f"✓ {figure}", fg="green", bold=True)


def _print_lines(label: str, lines: Sequence[str] | Iterator[str]) -> None:
    """Lines under a label in the left margin; long ones go on indented. Nothing where there are none."""
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        rest = " " * (_LABEL + indent + 2)
        head = (label if number == 0 else "").ljust(_LABEL)
        folded = textwrap.fill(line, WIDTH, initial_indent=" " * _LABEL, subsequent_indent=rest, break_on_hyphens=False)
        click.echo(click.style(head, dim=True) + (folded or " " * _LABEL)[_LABEL:])


def _bars(phases: Mapping[str, float]) -> Iterator[str]:
    longest = max(phases.values(), default=0.0)
    width = max(map(len, phases), default=0)
    for name, seconds in phases.items():
        bar = "█" * round(_BAR * seconds / longest) if longest else ""
        yield f"{name:{width}}  {written(seconds, Unit.SECONDS):>9}  {bar}".rstrip()


def _assertion(holds: bool, expected: str, found: str) -> str:
    return f"✓ {expected}" if holds else click.style(f"✗ expected {expected}, found {found}", fg="red")


def _pairs(details: Mapping[str, str]) -> Iterator[str]:
    width = max(map(len, details), default=0)
    yield from (f"{name:{width}}  {text}" for name, text in details.items())


def _server(inspection: Inspection) -> Iterator[str]:
    facts = [
        None if inspection.server_seconds is None else f"{written(inspection.server_seconds, Unit.SECONDS)} there",
        None if inspection.rows is None else f"{inspection.rows} rows",
        None if inspection.hit_ratio is None else f"{written(inspection.hit_ratio, Unit.RATIO)} of pages in memory",
        None if inspection.generic is None else f"{'generic' if inspection.generic else 'custom'} plan",
    ]
    if told := [one for one in facts if one]:
        yield ", ".join(told)
    for relation, analyzed_at in inspection.analyzed_at.items():
        yield f"{relation}: " + ("never analysed" if analyzed_at is None else f"analysed {_ago(analyzed_at)} ago")


def _ago(instant: datetime) -> str:
    seconds = max(0.0, (datetime.now(UTC) - instant).total_seconds())
    size, unit = next((one for one in ((86400, "d"), (3600, "h"), (60, "min")) if seconds >= one[0]), (1, "s"))
    return f"{seconds / size:.0f} {unit}"


def _prober(one: Measurement) -> Iterator[str]:
    delay = written(one.prober_delay_seconds, Unit.SECONDS)
    yield f"{written(one.lateness_seconds, Unit.SECONDS)} late, event loop at most {delay} behind"
    if one.disturbed:
        yield "disturbed: the value says more about this machine than about the target"
    if one.correlation_id:
        yield f"correlation id {one.correlation_id}"


def _settings(settings: ProbeSettings) -> list[str]:
    """What was configured, secrets masked, as the file would say it."""
    given = settings.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"name"})
    return yaml.safe_dump(given, sort_keys=False, allow_unicode=True, width=1000).splitlines()


def _by_series(looks: Sequence[Look]) -> Mapping[str, list[Measurement]]:
    by_series = defaultdict[str, list[Measurement]](list)
    for one in looks:
        for measurement in one.measurements:
            by_series[measurement.series].append(measurement)
    return by_series
