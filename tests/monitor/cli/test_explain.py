"""`portalwatch explain SERIES`: which rules, from which line, with today's figures, and whom they would wake."""

import re
from pathlib import Path
from typing import Any

import pytest

from baselines.watcher import Drift
from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch, sql_probes
from tests.monitor.cli.stored import SERIES, creeping, hold, keep, made, measure, save

CHANNEL = {"alerts": {"channels": {"slack-alerts": {"url": f"json://user:{PASSWORD}@127.0.0.1/alerts"}}}}
CONFLICTS = "information_items.update_conflicts"
TRAFFIC: dict[str, Any] = {
    "targets": {"portal": {"kind": "http", "url": "http://127.0.0.1:1"}},
    "probes": {
        "items": {
            "kind": "scrape",
            "target": "portal",
            "category": "information_items",
            "series": {
                "update_conflicts": {"count": "conflicts_total"},
                "auto_save_failure_rate": {"ratio": "failures_total", "of": "saves_total", "minimum": 20},
            },
        }
    },
}


def configured(directory: Path, store: str, **sections: Any) -> Path:
    """One query `a`, with a channel, and further sections."""
    return configuration(directory, store, **{**sql_probes(NOWHERE, a="SELECT 1"), **CHANNEL, **sections})


def explained(path: Path, series: str = SERIES) -> tuple[int, Any]:
    """Exit code and document."""
    answer = portalwatch("explain", series, "--format", "json", "--config", path)
    return answer.code, answer.json()


def line_of(path: Path, text: str) -> str:
    """File and line of a text that the file has once."""
    (number,) = [at for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line]
    return f"{path}:{number}"


def test_a_slower_series_in_full(store: str, tmp_path: Path) -> None:
    """1; each rule with its line, what the tolerance means today, the figures, and who is told, by name alone."""
    path = configured(tmp_path, store, thresholds={SERIES: {"critical": "2 s", "good_evaluations": 4}})
    save(store, made("pre", 40))
    measure(store, path, [0.12] * 100)
    answer = portalwatch("explain", SERIES, "--config", path)
    assert (answer.code, answer.err) == (1, "")
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert f"resolves after 4 good ones ({line_of(path, 'good_evaluations')})" in lines
    tells = "tier_2_warning: slack-alerts, email-ops-team (not configured)"
    critical = next(line for line in lines if line.startswith("absolute critical"))
    assert critical.startswith(f"absolute critical above 2 s {line_of(path, 'critical')} tier_3_critical: ")
    assert any(
        line.startswith("baseline, standard warning surely above 1.25 × its baseline: ") and line.endswith(tells)
        for line in lines
    )
    assert any(
        line.startswith("last hour 100 calls, low 120 ms, median 120 ms, p95 120 ms, 0 % failed") for line in lines
    )
    assert any(line.startswith("baseline pre: ") and line.endswith("degraded") for line in lines)
    assert f"baseline warning: fires → {tells}" in lines
    assert PASSWORD not in answer.out


def test_the_document_has_the_same(store: str, tmp_path: Path) -> None:
    """In base units, with the limit that the baseline means today."""
    path = configured(tmp_path, store)
    save(store, made("pre", 40))
    measure(store, path, [0.12] * 100)
    code, told = explained(path)
    assert code == 1
    assert [(one["rule"], one["level"], one["profile"], one["watched"]) for one in told["rules"]] == [
        ("absolute", "warning", None, False),
        ("baseline", "warning", "standard", False),
        ("baseline", "warning", "enhanced", False),
        ("baseline", "warning", None, True),
        ("availability", "critical", None, False),
    ]
    level = told["today"]["baseline"]["level"]
    assert level == pytest.approx(0.04, rel=0.1)
    assert [one["limit"] for one in told["rules"]] == [0.5, level * 1.25, level * 1.15, None, None]
    assert told["rules"][0]["from"].startswith("matrix.yml:")
    assert told["today"]["compared"]["ratio"] == pytest.approx(3, rel=0.1)
    (alert,) = told["would_fire"]
    assert (alert["rule"], alert["fires"], alert["channels"]) == ("baseline", True, ["slack-alerts"])


def test_a_degraded_series_that_is_watched(store: str, tmp_path: Path) -> None:
    """1; the limit of its reference, how it stands to it, and that the watching would tell somebody."""
    path = configured(tmp_path, store)
    hold(store, path, 40, Drift.DEGRADED, ratio=2)
    answer = portalwatch("explain", SERIES, "--config", path)
    assert answer.code == 1
    lines = [" ".join(line.split()) for line in answer.out.splitlines()]
    assert any(
        line.startswith("baseline, watched warning surely above 1.25 × its reference: 50 ms matrix.yml:")
        for line in lines
    )
    assert any(
        line.startswith("reference degraded since ") and line.endswith(" UTC: 2 × its reference of 40 ms, not approved")
        for line in lines
    )
    assert any(line.startswith("baseline warning: fires → tier_2_warning") for line in lines)
    assert f"{SERIES} has become 2 times slower than its reference (tolerance 1.25)" in lines


def test_of_a_watched_series_the_baseline_says_nothing(store: str, tmp_path: Path) -> None:
    """0, though the hour is three times the baseline, as long as it is no slower than its own reference."""
    path = configured(tmp_path, store)
    save(store, made("pre", 40))
    measure(store, path, [0.12] * 100)
    assert explained(path)[0] == 1
    hold(store, path, 120)
    code, told = explained(path)
    assert (code, told["would_fire"]) == (0, [])
    assert (told["today"]["compared"]["verdict"], told["today"]["reference"]["state"]) == ("degraded", "quiet")


def test_a_suspicion_wakes_nobody(store: str, tmp_path: Path) -> None:
    """0: it is told, and takes further calls."""
    path = configured(tmp_path, store)
    hold(store, path, 40, Drift.SUSPECTED, ratio=1.3)
    answer = portalwatch("explain", SERIES, "--config", path)
    assert (answer.code, "suspected since" in answer.out) == (0, True)


def test_the_way_to_a_reference_is_told(store: str, tmp_path: Path) -> None:
    """How many calls there are of those that it takes, and when there will be as many."""
    path = configured(tmp_path, store)
    measure(store, path, [0.04] * 100)
    said = "none yet: 100 of 2,500 healthy calls, taken in about 20 hours while the service runs"
    assert said in portalwatch("explain", SERIES, "--config", path).out


def test_a_creep_is_told(store: str, tmp_path: Path) -> None:
    """Half of the warning limit, and 1 % more each day."""
    path = configured(tmp_path, store)
    keep(store, path, creeping(SERIES, 0.25, 0.01, days=28))
    answer = portalwatch("explain", SERIES, "--config", path)
    assert re.search(r"forecast +the warning limit of 500 ms in [67]\d to [67]\d days at this pace", answer.out)


def test_a_series_that_is_well(store: str, tmp_path: Path) -> None:
    """0, and nothing would fire."""
    path = configured(tmp_path, store)
    measure(store, path, [0.04] * 5)
    answer = portalwatch("explain", SERIES, "--config", path)
    assert answer.code == 0
    assert answer.out.rstrip().endswith("would fire\n  nothing")
    assert "none is active; capture one" in answer.out


def test_evaluations_are_counted_as_the_service_counts_them(store: str, tmp_path: Path) -> None:
    """0 after two bad ones in a row, as they are not yet three; 1 after the third."""
    path = configured(tmp_path, store)
    measure(store, path, [0.9, 0.04, 0.9, 0.9])
    answer = portalwatch("explain", SERIES, "--config", path)
    assert (answer.code, "absolute warning: 2 of 3 bad evaluations" in answer.out) == (0, True)
    measure(store, path, [0.9])
    code, told = explained(path)
    assert (code, [one["fires"] for one in told["would_fire"]]) == (1, [True])


def test_a_dry_run_wakes_nobody(store: str, tmp_path: Path) -> None:
    """0: what would fire is shown, and that nobody is told."""
    path = configured(tmp_path, store, thresholds={"database_queries.*": {"dry_run": True}})
    measure(store, path, [0.9] * 3)
    answer = portalwatch("explain", SERIES, "--config", path)
    assert answer.code == 0
    assert f"nobody is told ({line_of(path, 'dry_run:')})" in answer.out
    assert "absolute warning: fires → nobody: dry run" in answer.out


def test_a_count_by_the_hour(store: str, tmp_path: Path) -> None:
    """The runs of the hour are added up, and it is said that they are."""
    path = configured(tmp_path, store, **TRAFFIC)
    measure(store, path, [0, 2, 2, 2, 1, 0], CONFLICTS)
    answer = portalwatch("explain", CONFLICTS, "--config", path)
    assert answer.code == 1
    assert "the sum of the last hour is judged" in answer.out
    assert "latest      7," in answer.out
    assert f"{CONFLICTS} is 7, above its warning limit of 5 per hour" in answer.out


def test_minimum_traffic_is_told(store: str, tmp_path: Path) -> None:
    """It is set at the probe, which judges nothing below it."""
    path = configured(tmp_path, store, **TRAFFIC)
    answer = portalwatch("explain", "information_items.auto_save_failure_rate", "--config", path)
    assert "with fewer than 20 events its probe judges nothing" in answer.out


@pytest.mark.parametrize("own", [False, True])
def test_a_grade_comes_with_its_line(own: bool, store: str, tmp_path: Path) -> None:
    """The customer's bands of a benchmark query, or the user's for one of their own."""
    name = "portfolio" if own else "json_ownership_queries"
    bands = {"grades": {name: {"excellent": "50 ms", "good": "200 ms", "acceptable": "1 s"}}} if own else {}
    path = configured(tmp_path, store, **sql_probes(NOWHERE, **{name: "SELECT 1"}), **bands)
    measure(store, path, [0.12], f"database_queries.{name}")
    answer = portalwatch("explain", f"database_queries.{name}", "--config", path)
    assert "(GOOD)" in answer.out
    assert f"under 50 ms, 200 ms, 1 s ({path if own else 'grades.yml'}:" in answer.out


def test_nothing_measured_is_said_plainly(store: str, tmp_path: Path) -> None:
    """0: the rules are there, and the figures are not."""
    path = configured(tmp_path, store)
    answer = portalwatch("explain", SERIES, "--config", path)
    assert (answer.code, "nothing was measured in the last hour" in answer.out) == (0, True)
    assert explained(path)[1]["today"]["latest"] is None


def test_without_the_store_the_rules_are_told(tmp_path: Path) -> None:
    """4: where the figures stand needs no store; no password is shown."""
    path = configured(tmp_path, NOWHERE)
    answer = portalwatch("explain", SERIES, "--config", path)
    assert (answer.code, "above 500 ms" in answer.out) == (4, True)
    assert "the store can't be reached" in answer.err
    assert PASSWORD not in answer.out + answer.err
    code, told = explained(path)
    assert (code, told["today"], told["would_fire"]) == (4, None, [])


@pytest.mark.parametrize(
    ("word", "said"),
    [("database_querys.a", f"did you mean {SERIES}?"), ("xyz", f"there are: {SERIES}")],
)
def test_an_unknown_series_names_the_nearest(word: str, said: str, tmp_path: Path) -> None:
    """2, before any store is asked."""
    answer = portalwatch("explain", word, "--config", configured(tmp_path, NOWHERE))
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"thresholds": {"web_vitals.*": {"warning": "1 s"}}}, "there is no series web_vitals.*"),
        ({"profiles": {"strict": {"at_most": 1.1}}}, "profiles.strict"),
        ({"rollback": {"core_broken": {"over": "20 %"}}}, "rollback: hold_from: must be below core_broken.over"),
        ({"grades": {"a": {"excellent": "2 s", "good": "1 s", "acceptable": "3 s"}}}, "excellent must be below good"),
    ],
)
def test_a_figure_of_no_use_is_named_with_its_line(sections: Any, said: str, tmp_path: Path) -> None:
    """2, with file, line and key."""
    path = configured(tmp_path, NOWHERE, **sections)
    answer = portalwatch("explain", SERIES, "--config", path)
    assert (answer.code, said in answer.err) == (2, True)
    assert f"{path}:" in answer.err
