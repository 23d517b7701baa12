"""`portalwatch compare`: two captures in, a verdict and its exit code out."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import asyncpg
import pytest

from baselines import Baseline, LedgerEntry, Measurement, Outcome, Section, Series, SeriesRegistry, Spacing
from baselines.postgres import PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch, run_process, sql_probes
from tests.monitor.cli.stored import SERIES, in_store, made, names_in, save

SUMMARY = {"n", "failed", "mean", "median", "p95", "p99", "min", "max"}


@pytest.fixture
def config(store: str, tmp_path: Path) -> Path:
    """A configuration on a store with `pre`, a copy of it, one twice as slow, one of another series, a single session.

    They are old, so that nothing is measured for them any more.
    """
    save(
        store,
        made("pre", 40),
        made("same", 40.2, release="v2"),
        made("slow", 80, release="v2"),
        made("other", 40, series="database_queries.b", release="v2"),
        made("thin", 55, sessions=1, release="v2"),
    )
    return configuration(tmp_path, store)


@pytest.mark.parametrize(("after", "verdict", "code"), [("same", "within", 0), ("slow", "degraded", 1)])
def test_the_exit_code_is_that_of_the_comparison(config: Path, after: str, verdict: str, code: int) -> None:
    """0 within, 1 degraded; the JSON is that of the contract and alone on standard output."""
    answer = portalwatch("compare", "pre", after, "--format", "json", "--config", config)
    document = answer.json()
    (one,) = document["series"]
    assert (answer.code, document["overall"]["verdict"], one["verdict"]) == (code, verdict, verdict)
    assert (document["before"], document["after"], document["profile"]) == ("pre", after, "standard")
    assert set(document["overall"]["advice"]) >= {"action", "rollback_tier", "probability", "reason"}
    assert set(one["before"]) == set(one["after"]) >= SUMMARY
    assert (one["series"], one["unit"], one["tolerance"]) == (SERIES, "ms", 1.25)
    assert one["before"]["n"] == 100
    assert one["before"]["median"] == pytest.approx(40, rel=0.05)
    assert one["ci_low"] < one["ratio"] < one["ci_high"]
    assert {each["question"] for each in one["questions"]} >= {"typical", "availability"}
    assert [each["rule"] for each in one["findings"]] == (["baseline"] if code else [])


def test_what_can_not_be_decided_is_3(config: Path) -> None:
    """One session a side says nothing of a difference of 40 %."""
    answer = portalwatch("compare", "pre", "thin", "--format", "json", "--config", config)
    assert (answer.code, answer.json()["overall"]["verdict"]) == (3, "inconclusive")


def test_a_missing_series_is_a_finding(config: Path, store: str) -> None:
    """1, because what is not measured any more can't be well."""
    both = made("both", 40)
    more = made("more", 40, series="database_queries.b")
    sessions = [
        replace(one, samples={**one.samples, **other.samples})
        for one, other in zip(both.sessions, more.sessions, strict=True)
    ]
    save(store, replace(both, series={**both.series, **more.series}, sessions=sessions))
    answer = portalwatch("compare", "both", "same", "--format", "json", "--config", config)
    verdicts = {one["series"]: one["verdict"] for one in answer.json()["series"]}
    assert (answer.code, verdicts["database_queries.b"], verdicts[SERIES]) == (1, "missing", "within")


@pytest.mark.parametrize("output_format", ["table", "markdown", "html", "junit", "json"])
def test_every_format_is_printed_and_written(config: Path, tmp_path: Path, output_format: str) -> None:
    """The same text on standard output and with --output in the file, and then standard output is empty."""
    asked = ("compare", "pre", "slow", "--format", output_format, "--config", config)
    printed = portalwatch(*asked)
    file = tmp_path / "result"
    written = portalwatch(*asked, "--output", file)
    assert printed.code == written.code == 1
    assert (written.out, str(file) in written.err) == ("", True)
    text = file.read_text(encoding="utf-8")
    assert SERIES in printed.out.replace("<wbr>", "").replace("\\_", "_")
    # An HTML page says when it was made.
    assert output_format == "html" or text.strip() == printed.out.strip()
    if output_format == "junit":
        assert ElementTree.fromstring(printed.out).iter("failure")
    if output_format == "html":
        assert text.lower().startswith("<!doctype html>")


def test_the_tolerance_wins_over_the_profile(config: Path) -> None:
    """Twice as slow is within 150 %; enhanced takes 15 % where the matrix has 25."""
    asked = ("compare", "pre", "slow", "--format", "json", "--config", config, "--profile", "enhanced")
    assert portalwatch(*asked).json()["series"][0]["tolerance"] == 1.15
    wide = portalwatch(*asked, "--tolerance", 150)
    assert (wide.code, wide.json()["series"][0]["tolerance"]) == (0, 2.5)


@pytest.mark.parametrize("percent", ["0.9", "0", "-5", "401", "nan", "inf", "much"])
def test_a_tolerance_out_of_bounds_is_wrong_usage(config: Path, percent: str) -> None:
    """2, with what is allowed; 1 and 400 are."""
    answer = portalwatch("compare", "pre", "same", f"--tolerance={percent}", "--config", config)
    assert (answer.code, answer.out) == (2, "")
    assert "tolerance" in answer.err
    bounds = [portalwatch("compare", "pre", "same", f"--tolerance={one}", "--config", config).code for one in (1, 400)]
    assert 2 not in bounds


def test_an_unknown_baseline_is_told_with_those_there_are(config: Path) -> None:
    """2, on either side."""
    for arguments in (("never", "same"), ("pre", "never")):
        answer = portalwatch("compare", *arguments, "--config", config)
        assert (answer.code, answer.out) == (2, "")
        assert "there is no baseline 'never'; there are: pre, same, slow, other, thin" in answer.err


def test_captures_without_a_series_in_common_can_not_be_compared(config: Path) -> None:
    """2, and the message names some of both."""
    answer = portalwatch("compare", "pre", "other", "--config", config)
    assert answer.code == 2
    assert "no duration in common" in answer.err
    assert SERIES in answer.err
    assert "database_queries.b" in answer.err


def test_an_unreachable_store_is_4(tmp_path: Path) -> None:
    """As a process: one clear sentence, neither traceback nor password, nothing on standard output."""
    answer = run_process("compare", "pre", "post", "--config", configuration(tmp_path, NOWHERE))
    assert (answer.code, answer.out) == (4, "")
    assert answer.err.startswith("portalwatch: the store can't be reached")
    assert "Traceback" not in answer.err
    assert PASSWORD not in answer.err


def test_an_output_that_can_not_be_written_is_wrong_usage(config: Path, tmp_path: Path) -> None:
    """2, after the comparison, with the path."""
    path = tmp_path / "nowhere" / "report.html"
    answer = portalwatch("compare", "pre", "same", "--format", "html", "--output", path, "--config", config)
    assert answer.code == 2
    assert str(path) in answer.err


def fresh(capture: Baseline) -> Baseline:
    """The same capture, taken back to back and just now."""
    now = datetime.now(UTC)
    return replace(
        capture,
        sessions=[
            replace(
                one,
                started_at=now,
                finished_at=now + timedelta(microseconds=one.number),
                conditions=replace(one.conditions, spacing=Spacing.BURST),
            )
            for one in capture.sessions
        ],
    )


def test_a_fresh_suspicion_is_looked_into_with_further_sessions(store: str, tmp_path: Path) -> None:
    """While the target is there, more is measured before it is called degraded, and kept beside the capture."""
    path = configuration(tmp_path, store, **sql_probes(store, a="SELECT 1"))
    save(store, made("pre", 0.05), fresh(made("post", 800, release="v2")))
    answer = portalwatch("compare", "pre", "post", "--format", "json", "--config", path)
    assert "Taking 3 further sessions of database_queries.a" in answer.err
    assert names_in(store)[:3] == ["pre", "post", "post+1"]
    assert answer.json()["series"][0]["after"]["n"] > 100
    unasked = portalwatch("compare", "pre", "post", "--no-confirm", "--format", "json", "--config", path)
    assert unasked.err == ""


def test_where_the_target_is_away_what_there_is_is_judged(store: str, tmp_path: Path) -> None:
    """The finding stands, and nothing half measured is kept."""
    path = configuration(tmp_path, store, **sql_probes(NOWHERE, a="SELECT 1"))
    save(store, made("pre", 40), fresh(made("post", 80, release="v2")))
    answer = portalwatch("compare", "pre", "post", "--format", "json", "--config", path)
    assert (answer.code, json.loads(answer.out)["overall"]["verdict"]) == (1, "degraded")
    assert "The target does not answer" in answer.err
    assert names_in(store) == ["pre", "post"]


def undecided(store: str, dsn: str, tmp_path: Path) -> Path:
    """A configuration on a store with `pre` and, fresh, `post`: twenty per cent slower, which bursts don't decide.

    What is measured further sleeps as long as `post` took.
    """
    save(store, made("pre", 20), fresh(made("post", 24, release="v2")))
    return configuration(tmp_path, store, **sql_probes(dsn, a="SELECT pg_sleep(0.024)"))


def test_topping_up_takes_sessions_up_to_the_last_look(store: str, tmp_path: Path) -> None:
    """Three further sessions, then four, each kept as it is taken; what stays undecided says why, and that is 3."""
    path = undecided(store, store, tmp_path)
    answer = portalwatch("compare", "pre", "post", "--top-up", "--format", "json", "--config", path)
    (one,) = answer.json()["series"]
    assert (answer.code, one["verdict"]) == (3, "inconclusive")
    assert one["after"]["n"] > 8 * 20
    assert "Taking 3 further sessions of database_queries.a …" in answer.err
    assert "Taking 4 further sessions of database_queries.a …" in answer.err
    assert names_in(store) == ["pre", "post", "post+1", "post+2"]
    table = portalwatch("compare", "pre", "post", "--top-up", "--config", path)
    assert "this was the last look, at 12 sessions after" in table.out
    assert table.err == ""


def test_what_is_decided_is_not_topped_up(store: str, tmp_path: Path) -> None:
    """Asked for or not, nothing is measured, and no target is needed."""
    save(store, made("pre", 40), fresh(made("post", 8)))
    path = configuration(tmp_path, store, **sql_probes(NOWHERE, a="SELECT 1"))
    answer = portalwatch("compare", "pre", "post", "--top-up", "--config", path)
    assert (answer.code, answer.err) == (0, "")


def test_topping_up_where_nothing_answers_is_4(store: str, tmp_path: Path) -> None:
    """With what to do instead, without the password, and nothing half measured is kept."""
    path = undecided(store, NOWHERE, tmp_path)
    answer = portalwatch("compare", "pre", "post", "--top-up", "--config", path)
    assert (answer.code, answer.out) == (4, "")
    assert "'post' can't be topped up: the target does not answer" in answer.err
    assert "without --top-up what there is is judged" in answer.err
    assert PASSWORD not in answer.err
    assert names_in(store) == ["pre", "post"]


def test_only_what_was_captured_last_can_be_topped_up(store: str, tmp_path: Path) -> None:
    """2 for one with a newer one behind it, one of another environment and one of long ago, each with what to do."""
    path = undecided(store, store, tmp_path)
    asked = ("compare", "pre", "post", "--top-up", "--config")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = configuration(elsewhere, store, **{**sql_probes(store, a="SELECT 1"), "environment": "other"})
    of_another = portalwatch(*asked, other)
    assert (of_another.code, of_another.out) == (2, "")
    assert "of the environment test, and other is configured" in of_another.err

    save(store, fresh(made("newer", 24, release="v2")))
    overtaken = portalwatch(*asked, path)
    assert (overtaken.code, overtaken.out) == (2, "")
    assert "'newer' was captured after it" in overtaken.err
    assert "still inconclusive: database_queries.a" in overtaken.err
    assert "baseline capture NAME --sessions 12" in overtaken.err
    assert portalwatch("compare", "pre", "post", "--config", path).code == 3


def test_an_old_capture_can_not_be_topped_up(config: Path) -> None:
    """What is measured now may be another system; what is decided is answered all the same."""
    answer = portalwatch("compare", "pre", "thin", "--top-up", "--config", config)
    assert (answer.code, answer.out) == (2, "")
    assert "'thin' can't be topped up, its last session ended at 20" in answer.err
    assert "may have changed since" in answer.err
    assert portalwatch("compare", "pre", "slow", "--top-up", "--config", config).code == 1


@pytest.mark.parametrize(
    ("after", "more", "said"), [("same", ["--no-confirm"], "leave one of them out"), ("live", [], "goes on measuring")]
)
def test_topping_up_that_makes_no_sense_is_wrong_usage(config: Path, after: str, more: list[str], said: str) -> None:
    """2, before anything is opened."""
    answer = portalwatch("compare", "pre", after, "--top-up", *more, "--config", config)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_live_is_the_last_hour_of_the_service(store: str, tmp_path: Path) -> None:
    """Nothing measured is wrong usage; with three runs of 20 samples the last hour is judged."""
    save(store, made("pre", 40))
    path = configuration(tmp_path, store, **sql_probes(store, a="SELECT 1"))
    nothing = portalwatch("compare", "pre", "live", "--config", path)
    assert (nothing.code, "there is no live session yet" in nothing.err) == (3, True)

    async def measure(pool: asyncpg.Pool) -> None:
        measurements = PostgresMeasurements(pool)
        await measurements.register(SeriesRegistry([Series(SERIES, cadence_seconds=30.0)]))
        times = [datetime.now(UTC) - timedelta(seconds=30 * number) for number in range(100, 0, -1)]
        await measurements.append(
            [Measurement(series=SERIES, intended_at=at, started_at=at, outcome=Outcome.OK, value=0.09) for at in times]
        )

    in_store(store, measure)
    answer = portalwatch("compare", "pre", "live", "--format", "json", "--config", path)
    assert (answer.code, answer.json()["after"]) == (1, "live")


def keep_entries(store: str, *entries: LedgerEntry) -> None:
    """Write these into the ledger of the environment that captures made by hand have."""

    async def act(pool: asyncpg.Pool) -> None:
        for one in entries:
            await PostgresLedger(pool).append("test", one)

    in_store(store, act)


@pytest.mark.parametrize("output_format", ["table", "markdown", "html", "junit", "json"])
def test_what_changed_between_two_captures_is_printed(store: str, tmp_path: Path, output_format: str) -> None:
    """What was so at the end of the first and is not at the end of the second, in every format."""
    before = made("pre", 40)
    after = made("post", 80, release="v2")
    later = [replace(one, finished_at=one.finished_at + timedelta(days=1)) for one in after.sessions]
    save(store, before, replace(after, sessions=later))
    for days, facts in [
        (-1, {"index i on t": "btree (a)", "index j on t": "btree (b)"}),
        (0.5, {"index i on t": "invalid"}),
    ]:
        at = before.finished_at + timedelta(days=days)
        keep_entries(store, LedgerEntry(source="db", section=Section.INDEXES, at=at, facts=facts))
    printed = portalwatch(
        "compare", "pre", "post", "--format", output_format, "--config", configuration(tmp_path, store)
    ).out.replace("<wbr>", "")
    assert "index i on t is invalid" in printed
    assert "index j on t is gone" in printed
