"""`portalwatch baseline from-history`: nobody captured, and the deployment is an hour old."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from baselines import Measurement, Outcome, Reason
from baselines.postgres import PostgresMeasurements
from monitor.configuration import load_configuration
from probes import series_of
from tests.monitor.cli.commands import configuration, portalwatch, sql_probes
from tests.monitor.cli.stored import in_store, names_in

SLOWER, STEADY, NEVER = (f"database_queries.{name}" for name in ("slower", "steady", "never"))
DEPLOYED_AGO = timedelta(minutes=70)
# The scatter of sessions and of calls, so that there is some.
_NOISE = (0.98, 1.01, 1.0, 0.99, 1.02, 1.0, 1.0)


@pytest.fixture
def deployed() -> datetime:
    """A whole minute, as people say it."""
    return (datetime.now(UTC) - DEPLOYED_AGO).replace(second=0, microsecond=0)


@pytest.fixture
def config(store: str, empty_database: str, tmp_path: Path, deployed: datetime) -> Path:
    """A service that measured two queries for four hours; since the deployment one takes three times as long."""
    path = configuration(
        tmp_path, store, **sql_probes(empty_database, slower="SELECT 1", steady="SELECT 2", never="SELECT 3")
    )
    series = series_of(load_configuration(path, {}).settings.probes)

    async def fill(pool: asyncpg.Pool) -> None:
        measurements = PostgresMeasurements(pool)
        await measurements.register(series)
        now = datetime.now(UTC)
        batch = []
        for number in range(480):
            at = now - timedelta(seconds=30 * number)
            for name in (SLOWER, STEADY):
                value = 0.04 * _NOISE[number % 7] * (3.0 if name == SLOWER and at >= deployed else 1.0)
                one = Measurement(series=name, intended_at=at, started_at=at, outcome=Outcome.OK, value=value)
                if name == STEADY and number == 150:
                    one = replace(one, outcome=Outcome.ERROR, reason=Reason.REFUSED, value=None)
                batch.append(one)
        await measurements.append(batch)
        await measurements.compact(now)

    in_store(store, fill)
    return path


def test_the_service_s_own_past_is_compared_with_the_last_hour(config: Path, deployed: datetime) -> None:
    """It is made, listed and compared as any baseline; what became slower is degraded and what did not is within."""
    made = portalwatch("baseline", "from-history", "before", "--until", deployed.isoformat(), "--config", config)
    assert (made.code, made.out) == (0, "before: 2 series, 12 sessions, unknown\n")
    assert f"left out, since a series needs 3 sessions: {NEVER} has 0" in made.err
    assert f"it has calls that failed or timed out: {STEADY} 1 of 240\n" in made.err
    shown = portalwatch("baseline", "show", "before", "--format", "json", "--config", config).json()
    assert shown["captured_by"].startswith("the service's history (by ")
    compared = portalwatch("compare", "before", "live", "--format", "json", "--config", config)
    verdicts = {one["series"]: one["verdict"] for one in compared.json()["series"]}
    assert (compared.code, verdicts[SLOWER], verdicts[STEADY]) == (1, "degraded", "within")


def test_an_instant_without_a_zone_is_utc_and_said(config: Path, deployed: datetime) -> None:
    """People write what their watch says; the command tells how it was read."""
    written = f"{deployed:%Y-%m-%d %H:%M}"
    made = portalwatch("baseline", "from-history", "before", "--until", written, "--config", config)
    assert made.code == 0
    assert f"{written} has no time zone: it is taken as UTC" in made.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--until", "yesterday"], "'yesterday' is no instant; write it as 2026-11-22T14:05"),
        (["--until", "9999-12-31"], "is no instant"),
        (["--until", "2222-01-01"], "--until must lie in the past, and 2222-01-01 00:00 UTC does not"),
        (["--until", "2026-01-01", "--match", "moon"], "'moon' is not a valid Match; there are: hour-of-week, load"),
        ([], "Missing option '--until'"),
    ],
    ids=["word", "end of time", "future", "match", "missing"],
)
def test_wrong_usage_is_2(config: Path, store: str, arguments: list[str], message: str) -> None:
    """With what to write instead, and nothing is kept."""
    answer = portalwatch("baseline", "from-history", "before", *arguments, "--config", config)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert names_in(store) == []


def test_load_that_nothing_tells_is_2(config: Path, deployed: datetime) -> None:
    """The probe that would tell it is named."""
    asked = ("--until", deployed.isoformat(), "--match", "hour-of-week,load", "--config", config)
    answer = portalwatch("baseline", "from-history", "before", *asked)
    assert answer.code == 2
    assert "one of the kind host that measures cpu" in answer.err


def test_too_little_is_3(config: Path, deployed: datetime, store: str) -> None:
    """What there is, and nothing is kept; a name that is taken is told before anything is read."""
    long_ago = (deployed - timedelta(hours=3)).isoformat()
    answer = portalwatch("baseline", "from-history", "before", "--until", long_ago, "--config", config)
    assert (answer.code, answer.out) == (3, "")
    assert "no series has 3 sessions" in answer.err
    assert names_in(store) == []


def test_a_name_is_given_once(config: Path, deployed: datetime) -> None:
    """2, and `live` is no name either."""
    asked = ("--until", deployed.isoformat(), "--config", config)
    assert portalwatch("baseline", "from-history", "before", *asked).code == 0
    again = portalwatch("baseline", "from-history", "before", *asked)
    assert (again.code, "baselines never change" in again.err) == (2, True)
    assert portalwatch("baseline", "from-history", "live", *asked).code == 2
