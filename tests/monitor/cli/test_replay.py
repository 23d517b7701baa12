"""`compare --bundle` and `portalwatch replay`: the same verdict from one file, on another machine."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alerts import ChannelSettings, Evidence, Policy
from alerts.postgres import PostgresAlerts
from baselines import LedgerEntry, PlanShape, Section, Unit
from baselines.bundle import Bundle, pack, unpack
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_snapshots import PostgresSnapshots
from baselines.postgres_workload import PostgresWorkload
from baselines.snapshot import DatabaseSession, Snapshot
from monitor.cli.report import REPORTS
from tests.baselines.workloads import bins
from tests.monitor.cli.commands import NOWHERE, PASSWORD, PATIENCE_SECONDS, Answer, configuration, portalwatch
from tests.monitor.cli.commands import sql_probes as probing
from tests.monitor.cli.stored import SERIES, in_store, made, save
from thresholds import Finding, Level, Rule, load_routing

HOOK = "hooks.example.invalid"
CHANNEL = "slack-alerts"


@pytest.fixture
def config(store: str, tmp_path: Path) -> Path:
    """A store with a slow capture and all that stands around it, under limits of the user's own."""
    before = replace(made("pre", 40, plans={SERIES: PlanShape(("Index Scan using i",))}), captured_by="Meier")
    slow = replace(made("slow", 80, release="v2", plans={SERIES: PlanShape(("Seq Scan",))}), captured_by="Huber")
    # A day later, with something between the two.
    day = timedelta(days=1)
    sessions = [
        replace(one, started_at=one.started_at + day, finished_at=one.finished_at + day) for one in slow.sessions
    ]
    after = replace(slow, sessions=sessions)
    save(store, before, made("earlier", 41), after, made("same", 40.2, release="v2"))
    between = before.finished_at + timedelta(hours=1)

    async def act(pool: asyncpg.Pool) -> None:
        for at, facts in ((before.sessions[0].started_at, {"index i": "btree (a)"}), (between, {})):
            entry = LedgerEntry(source="db", section=Section.INDEXES, at=at, facts=facts)
            await PostgresLedger(pool).append("test", entry)
        snapshot = Snapshot(source="db", at=between, reason="timeout", sessions=(DatabaseSession(pid=7, user="Meier"),))
        await PostgresSnapshots(pool).append("test", snapshot)
        for capture, seconds in ((before, 0.01), (after, 0.1)):
            for one in bins({"insert x": [seconds] * 5}, since=capture.sessions[0].started_at):
                await PostgresWorkload(pool).append("test", one)
        channels = {CHANNEL: ChannelSettings(url=f"json://u:{PASSWORD}@{HOOK}/x")}
        alerts = PostgresAlerts(pool, Policy(load_routing(), channels, lambda _: Evidence(1, 1)))
        finding = Finding(
            series=SERIES,
            route="database_performance",
            rule=Rule.BASELINE,
            level=Level.WARNING,
            unit=Unit.RATIO,
            summary="slow",
            since=between,
        )
        (transition,) = await alerts.record([finding], datetime.now(UTC))
        assert transition.after is not None
        await alerts.acknowledge(transition.after.id, "Huber", datetime.now(UTC))

    in_store(store, act)
    return configuration(
        tmp_path,
        store,
        **probing(NOWHERE, a="SELECT 1"),
        thresholds={SERIES: {"warning": "45 ms", "critical": None}, "database_queries.*": {"multiplier": 1.4}},
        alerts={"channels": {CHANNEL: {"url": f"json://u:{PASSWORD}@{HOOK}/x"}}},
    )


def bundled(config: Path, *options: object, after: str = "slow") -> Path:
    """The file that `compare` writes."""
    path = config.parent / "verdict.json.gz"
    answer = portalwatch("compare", "pre", after, "--bundle", path, "--config", config, *options)
    assert str(path) in answer.err
    return path


def elsewhere(path: Path, directory: Path, *options: object) -> Answer:
    """`replay` as a process without any environment, in a directory of its own."""
    directory.mkdir()
    asked = [sys.executable, "-m", "monitor", "replay", str(path), *map(str, options)]
    ended = subprocess.run(asked, cwd=directory, env={}, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    return Answer(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


@pytest.mark.parametrize("output_format", list(REPORTS))
def test_the_verdict_is_the_same_elsewhere(config: Path, tmp_path: Path, output_format: str) -> None:
    """Byte for byte in every format, with the same exit code, without store, configuration or network."""
    path = tmp_path / "verdict.json.gz"
    was = portalwatch("compare", "pre", "slow", "--bundle", path, "--config", config, "--format", output_format)
    again = elsewhere(path, tmp_path / "there", "--format", output_format)
    assert (again.code, again.out) == (was.code, was.out) == (1, was.out)
    assert "the stored verdict, figure for figure" in again.err
    if output_format == "json":
        (one,) = again.json()["series"]
        assert {each["rule"] for each in one["findings"]} == {"baseline", "absolute"}
        assert one["explanations"]
        assert again.json()["changes"]
        assert again.json()["workload"]["statements"]


def test_what_is_well_stays_well(config: Path, tmp_path: Path) -> None:
    """0, and --output has the same bytes."""
    path = bundled(config, "--output", tmp_path / "was", "--format", "json", after="same")
    again = portalwatch("replay", path, "--format", "json", "--output", tmp_path / "is")
    assert again.code == 0
    assert (tmp_path / "is").read_bytes() == (tmp_path / "was").read_bytes()


def test_no_secret_and_no_person_is_in_the_file(config: Path) -> None:
    """Neither passwords nor where a channel leads to, and people only where that is asked for."""
    text = gzip.decompress(bundled(config).read_bytes()).decode()
    for hidden in (PASSWORD, HOOK, "postgresql://", "Meier", "Huber"):
        assert hidden not in text
    named = gzip.decompress(bundled(config, "--unmasked").read_bytes()).decode()
    assert "Meier" in named
    assert "Huber" in named
    for hidden in (PASSWORD, HOOK, "postgresql://"):
        assert hidden not in named


def test_what_was_known_besides_is_in_the_file(config: Path) -> None:
    """The snapshot between the two captures, and who was told."""
    bundle = unpack(bundled(config).read_bytes())
    assert [one.reason for one in bundle.snapshots] == ["timeout"]
    (alert,) = bundle.alerts
    assert (alert.series, [one.channel for one in alert.told]) == (SERIES, [CHANNEL])


def rewritten(path: Path, change: Callable[[Bundle], Bundle]) -> None:
    """Put something differently in a file, which stays whole."""
    path.write_bytes(pack(change(unpack(path.read_bytes()))))


def test_a_verdict_of_another_rule_is_shown_as_it_was(config: Path) -> None:
    """Not judged again, with the exit code it had."""
    path = bundled(config)
    was = unpack(path.read_bytes()).reports["markdown"]
    rewritten(path, lambda bundle: replace(bundle, rule_version="0", exit_code=3))
    answer = portalwatch("replay", path, "--format", "markdown")
    assert (answer.code, answer.out.strip()) == (3, was.strip())
    assert "Not judged again: it was judged by rule 0" in answer.err


def test_a_verdict_that_comes_out_differently_is_told(config: Path) -> None:
    """With the series and both verdicts; the exit code is that of the new one."""
    path = bundled(config)

    def tolerant(bundle: Bundle) -> Bundle:
        allowed = dict.fromkeys(bundle.materials.tolerances, 4.0)
        return replace(bundle, materials=replace(bundle.materials, tolerances=allowed, workload=None))

    rewritten(path, tolerant)
    answer = portalwatch("replay", path)
    assert answer.code == 0
    assert f"NOT the stored verdict: {SERIES} is within, and was degraded" in answer.err


def test_a_verdict_of_a_release_that_told_less_is_still_the_stored_one(config: Path) -> None:
    """Keys that were added since are no difference; a figure that is another one is."""
    path = bundled(config)

    def telling(change: Callable[[Any], object]) -> Callable[[Bundle], Bundle]:
        def rewrite(bundle: Bundle) -> Bundle:
            document = json.loads(bundle.reports["json"])
            change(document["overall"]["advice"])
            return replace(bundle, reports={**bundle.reports, "json": json.dumps(document)})

        return rewrite

    rewritten(path, telling(lambda advice: advice.pop("evidence")))
    answer = portalwatch("replay", path, "--format", "json")
    assert answer.json()["overall"]["advice"]["evidence"]
    assert "the stored verdict, figure for figure" in answer.err
    rewritten(path, telling(lambda advice: advice.update(reason="another")))
    assert "NOT the stored verdict" in portalwatch("replay", path).err


def test_what_the_database_proved_stays_with_the_verdict(config: Path) -> None:
    """Nobody can ask it again, so what it said is in the file."""
    path = bundled(config)

    def proved(bundle: Bundle) -> Bundle:
        (one,) = bundle.materials.judged().series
        told = [replace(each, summary="proved") for each in one.explanations]
        return replace(bundle, proofs={SERIES: told})

    rewritten(path, proved)
    document: Any = json.loads(portalwatch("replay", path, "--format", "json").out)
    assert {one["summary"] for one in document["series"][0]["explanations"]} == {"proved"}


def test_a_file_that_is_no_verdict_is_wrong_usage(tmp_path: Path) -> None:
    """2, with the file and what is wrong with it."""
    path = tmp_path / "verdict"
    missing = portalwatch("replay", path)
    assert (missing.code, missing.out) == (2, "")
    path.write_bytes(b"nothing")
    damaged = portalwatch("replay", path)
    assert (damaged.code, damaged.out) == (2, "")
    assert f"{path}: the file is no file of a verdict, or is damaged" in damaged.err


def test_names_can_be_left_only_in_a_bundle(config: Path) -> None:
    """2 without one."""
    assert portalwatch("compare", "pre", "same", "--unmasked", "--config", config).code == 2
