"""`portalwatch baseline from-history`: a baseline for the day when nobody captured one."""

from collections import Counter
from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from pathlib import Path

import asyncpg
import click

from baselines import Baseline, Unit, summarise
from baselines.from_history import LoadBand, Match
from baselines.live import LEAST_SESSIONS
from baselines.live import NAME as LIVE
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.errors import ConfigurationError
from monitor.from_history import FromHistory, Made, Wish
from monitor.user import user_name
from probes import series_of


def _instant(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:  # noqa: ARG001
    """ISO 8601; without a zone it is UTC, and that is said."""
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        instant = None
    if instant is None or instant.year in (MINYEAR, MAXYEAR):  # which no calculation survives
        raise click.BadParameter(f"{value!r} is no instant; write it as 2026-11-22T14:05 or 2026-11-22T14:05+01:00")
    if instant.tzinfo is None:
        click.echo(f"{value} has no time zone: it is taken as UTC", err=True)
        return instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC)


def _matches(context: click.Context, parameter: click.Parameter, value: str | None) -> frozenset[Match]:  # noqa: ARG001
    """A list with commas; nothing is matched where none is given."""
    try:
        return frozenset(Match(word.strip()) for word in value.split(",")) if value else frozenset()
    except ValueError as error:
        raise click.BadParameter(f"{error}; there are: {', '.join(Match)}") from error


@click.command("from-history", epilog="Example: portalwatch baseline from-history before-v42 --until 2026-11-22T14:05")
@click.argument("name")
@click.option(
    "--until",
    metavar="INSTANT",
    callback=_instant,
    required=True,
    help="Instant before which it was measured, such as the deployment's.",
)
@click.option(
    "--match",
    "matched",
    metavar="LIST",
    callback=_matches,
    help="In what the sessions are to be like now: hour-of-week, load, or both [default: the latest ones].",
)
@click.option("--like", metavar="INSTANT", callback=_instant, help="Instant they are to be like instead of now.")
@click.option("--by", default=user_name, help="Who makes it [default: you].")
@config_option
def from_history(
    name: str, until: datetime, matched: frozenset[Match], like: datetime | None, by: str, config: Path | None
) -> None:
    """Make a baseline NAME of what the service itself measured before an instant."""
    if name == LIVE:
        raise ConfigurationError(f"{LIVE!r} stands for the last hour in a comparison; choose another name")
    now = SystemClock().now()
    if until > now:
        raise ConfigurationError(f"--until must lie in the past, and {until:%Y-%m-%d %H:%M} UTC does not")
    configuration = configured(config)
    wish = Wish(name=name, by=by, until=until, like=like or now, matched=matched)

    async def act(pool: asyncpg.Pool) -> Made:
        store = PostgresBaselines(pool)
        if any(one.name == name for one in await store.summaries()):
            raise ConfigurationError(
                f"there is a baseline {name!r} already, and baselines never change; choose another name"
            )
        series = series_of(configuration.settings.probes)
        history = FromHistory(
            configuration, series, PostgresMeasurements(pool), PostgresLedger(pool), TerminalProgress()
        )
        made = await history.make(wish, now)
        await store.save(made.baseline)
        return made

    made = with_store(configuration, act)
    for note in _notes(made):
        click.echo(note, err=True)
    one = made.baseline
    click.echo(f"{one.name}: {len(one.series)} series, {len(one.sessions)} sessions, {one.release}")


def _notes(made: Made) -> Iterator[str]:
    """What a reader of its comparisons must know."""
    sessions = made.baseline.sessions
    yield f"measured between {sessions[0].started_at:%Y-%m-%d %H:%M} and {made.baseline.finished_at:%Y-%m-%d %H:%M} UTC"
    if made.band is not None:
        yield f"it holds for this load: {_band(made.band)}"
    releases = Counter(one.conditions.release for one in sessions)
    if set(releases) != {made.baseline.release}:
        yield "sessions by release: " + ", ".join(f"{release} {number}" for release, number in releases.items())
    if failures := list(_failures(made.baseline)):
        yield f"it has calls that failed or timed out: {', '.join(failures)}"
    if made.left_out:
        counts = ", ".join(f"{name} has {number}" for name, number in made.left_out.items())
        yield f"left out, since a series needs {LEAST_SESSIONS} sessions: {counts}"


def _band(band: LoadBand) -> str:
    figures = ".0%" if band.series.unit is Unit.RATIO else ".4g"
    return (
        f"{band.series.name} from {band.low:{figures}} to {band.high:{figures}}, about the {band.level:{figures}} "
        "of the last hour"
    )


def _failures(baseline: Baseline) -> Iterator[str]:
    """They stay: a baseline is what was, and the question of availability is judged against them."""
    for name in baseline.series:
        summary = summarise(baseline.samples_of(name))
        if failed := summary.failed + summary.timed_out:
            yield f"{name} {failed} of {summary.n}"
