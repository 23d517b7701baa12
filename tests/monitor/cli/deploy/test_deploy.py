"""`portalwatch deploy`: each command with its exit codes, on a real store and a real database."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch, sql_probes
from tests.monitor.cli.deploy.conftest import House
from thresholds.deployment.plan import shipped_plans


def test_a_small_deployment_from_its_start_to_its_end(house: House) -> None:
    """Every phase through its gates; nothing may be skipped, and the end is kept."""
    opened = house.start()
    assert opened.out.startswith("v42: a small one, 2 phases, held against v42-before")
    assert house("status").code == 3  # a gate that nobody evaluated is no permission
    out_of_turn = house("phase", "verify")
    assert (out_of_turn.code, out_of_turn.err) == (2, "portalwatch: copy comes before verify and is pending\n")
    unevaluated = house("phase", "copy")
    assert (unevaluated.code, "it was not evaluated yet" in unevaluated.err) == (3, True)
    for phase in ("copy", "verify"):
        assert house.well("gate").out.rstrip().endswith(f"The gate before {phase} is open.")
        assert house("status").code == 0
        assert house.well("phase", phase).out.startswith(f"{phase}: started\n{phase} is running, expected to end by ")
        assert house("gate").code == 2  # a running phase is not judged
        house.well("phase", phase, "--as", "completed")
        house.well("gate")
    assert "goes live" in house("status").out
    assert "is live, and watched until" in house.well("finish").out
    assert house("phase", "copy").code == 2
    assert "--early ends that now" in house("finish").err
    house.well("finish", "--early")
    status = house.status()
    assert (status["stage"], status["outcome"]) == ("finished", "succeeded")
    assert house("status").code == 0
    nothing_open = house("gate")
    assert (nothing_open.code, "no gate is due" in nothing_open.err) == (2, True), nothing_open.err


def test_a_gate_closes_and_only_a_named_person_passes_it(house: House) -> None:
    """A row is lost: closed, 1, with the figure; overridden with name and reason, which stay."""
    house.start()
    house.execute("DELETE FROM things WHERE id = 7")
    gate = house("gate", "--format", "json")
    assert (gate.code, gate.json()["state"]) == (1, "closed")
    assert "rows of things: 50 before, 49 now, must be not fewer" in json.dumps(gate.json()["conditions"])
    assert house("phase", "copy").code == 1
    assert house("status").code == 1
    anonymous = house("gate", "--override", "--reason", "known", "--by", " ")
    assert (anonymous.code, "give --by and --reason" in anonymous.err) == (2, True)
    house.well("gate", "--override", "--by", "lea", "--reason", "it was a test row")
    house.well("phase", "copy")
    (override,) = [one["override"] for one in house.status()["gates"] if one["override"]]
    assert (override["by"], override["reason"]) == ("lea", "it was a test row")
    assert override["against"] == ["rows of things: 50 before, 49 now, must be not fewer"]


def test_a_limit_that_breaks_while_everybody_waits_closes_the_gate(house: House) -> None:
    """The gate was opened; before the phase may begin the query fails, and it may not."""
    document = yaml.safe_load(house.configuration.read_text(encoding="utf-8"))
    document["probes"]["look"]["query"] = "SELECT id FROM things"
    house.configuration.write_text(yaml.safe_dump(document), encoding="utf-8")
    house.start(integrity={"assertions": {"one": {"sql": "SELECT 1"}}})
    house.well("gate")
    house.execute("ALTER TABLE things RENAME TO others")
    refused = house("phase", "copy")
    assert (refused.code, "while it was waiting: database_queries.look: failed" in refused.err) == (1, True), (
        refused.err
    )


def test_what_is_open_is_told_to_whoever_opens_another(house: House) -> None:
    """And the name of one that is over stays taken."""
    house.start()
    second = house("start", "v43", "--plan", "release", "--before", "v42-before")
    assert (second.code, "the deployment v42 is open" in second.err) == (2, True), second.err
    house.well("finish", "--abandon", "the wrong day")
    assert house.status()["outcome"] == "abandoned"
    taken = house("start", "v42", "--plan", house.plan(), "--before", "v42-before")
    assert (taken.code, "there was a deployment v42 already" in taken.err) == (2, True), taken.err


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"phases": {}}, "phases:"),
        ({"gate": []}, "a gate that asks nothing would open without data"),
        ({"window": "soon"}, "window"),
        ({"contacts": {"status": ["nobody"]}}, "there is no alert channel nobody"),
        ({"rehearsal": {"old": "a", "new": "db"}}, "there is no target a"),
        ({"database": "other"}, "there is no database other"),
        ({"integrity": {"assertions": {"x": {"sql": "DROP TABLE things"}}}}, "a statement that reads begins with"),
    ],
)
def test_a_plan_with_a_mistake_opens_nothing(house: House, changes: dict[str, Any], told: str) -> None:
    """2, with what is wrong; nothing was captured for it."""
    answer = house("start", "v42", "--plan", house.plan(**changes))
    assert (answer.code, told in answer.err) == (2, True), answer.err
    assert "Traceback" not in answer.err
    assert house("status").code == 2


def test_the_plans_that_come_along_are_listed_and_written() -> None:
    """Each by its name; an unknown one is told what there is."""
    assert portalwatch("deploy", "plan").out.split() == shipped_plans()
    for name in shipped_plans():
        assert yaml.safe_load(portalwatch("deploy", "plan", name).out)["phases"]
    unknown = portalwatch("deploy", "plan", "nonsense")
    assert (unknown.code, "migration" in unknown.err) == (2, True)


def test_the_checklist_waits_for_people_and_aborts_on_facts(house: House) -> None:
    """Nothing of the customer's tables is there: abort, 1; a plan's own items go once somebody signed them."""
    house.start()
    aborted = house("checklist", "--format", "json")
    assert (aborted.code, aborted.json()["outcome"]) == (1, "abort")
    refused = house("sign", "disk", "--note", "seen", "--by", "lea")
    assert (refused.code, "backup_verified" in refused.err) == (2, True)
    house.well("finish", "--abandon", "next")
    items = {
        "backup": {"title": "a backup", "critical": True, "requires": {"kind": "manual"}},
        "things": {"title": "things", "requires": {"kind": "present", "what": "tables", "names": ["things"]}},
    }
    house.well("start", "v43", "--plan", house.plan(checklist={"items": items}), "--before", "v42-before")
    assert house("checklist").code == 3
    house.well("sign", "backup", "--note", "restored to a clone", "--by", "lea")
    assert house.well("checklist").out.rstrip().endswith("Go.")
    house.well("sign", "backup", "--failed", "--note", "it was of last year", "--by", "ann")
    assert house("checklist").code == 1


def test_the_score_says_what_was_deducted(house: House) -> None:
    """None of the customer's new tables is there."""
    house.start()
    score = house("score", "--format", "json")
    assert (score.code, score.json()["passes"]) == (1, False)
    assert any("−" not in one["sentence"] and one["points"] == 20 for one in score.json()["deductions"])
    assert house("score").out.splitlines()[0].endswith(score.json()["grade"])


def test_advice_comes_with_its_evidence_and_is_kept(house: House) -> None:
    """Healthy: continue, 0. The database away: inaccessible, tier 3, with who decides and how long it may take."""
    house.start()
    well = house("advise", "--format", "json")
    assert (well.code, well.json()["action"]) == (0, "continue"), well.err
    document = yaml.safe_load(house.configuration.read_text(encoding="utf-8"))
    document["targets"]["db"]["url"] = NOWHERE
    house.configuration.write_text(yaml.safe_dump(document), encoding="utf-8")
    away = house("advise", "--format", "json")
    advice = away.json()
    assert (away.code, advice["action"], advice["rollback_tier"]) == (1, "rollback", 3)
    assert (advice["time_limit_minutes"], "senior management" in advice["decided_by"]) == (240, True)
    assert any("database_queries.look" in one for one in advice["evidence"])
    assert house.status()["advice"]["rollback_tier"] == 3
    assert PASSWORD not in away.out + away.err


def test_a_rollback_is_decided_by_a_person_and_validated(house: House) -> None:
    """From then on the gate is the recovery's; it ends once everything was taken back and is as it was before."""
    house.start()
    nothing = house("rollback", "--reason", "too slow", "--by", "lea")
    assert (nothing.code, "no phase was begun" in nothing.err) == (2, True)
    house.well("gate")
    house.well("phase", "copy")
    house.well("phase", "copy", "--as", "failed")
    house.well("rollback", "--reason", "too slow", "--by", "lea")
    assert house("phase", "copy").code == 2
    house.well("phase", "copy", "--as", "rolled_back")
    house.execute("DELETE FROM things")
    lost = house("gate", "--format", "json")
    assert (lost.code, lost.json()["gate"]) == (1, "recovery")
    assert house("finish").code == 1
    house.execute("INSERT INTO things SELECT generate_series(1, 50)")
    found = house("gate", "--format", "json")
    assert {one["condition"] for one in found.json()["conditions"]} == {"comparison", "integrity", "limits"}
    if found.code != 0:  # a capture of ten calls may leave it undecided, and a person decides
        house.well("gate", "--override", "--by", "lea", "--reason", "ten calls say nothing")
    house.well("finish")
    assert house.status()["outcome"] == "rolled_back"
    assert house("status").code == 1


def test_a_message_is_shown_and_never_sent_with_a_blank(house: House) -> None:
    """Filled from what is known; without a contact it is not finished, and says so."""
    house.start()
    shown = house.well("message", "status")
    assert "Upcoming\n- copy: rows are copied" in shown.out
    assert "(blank: contact)" in shown.out
    unfinished = house("message", "status", "--send")
    assert (unfinished.code, "contact" in unfinished.err) == (2, True), unfinished.err
    assert house.status()["messages"] == []


@pytest.mark.parametrize("output_format", ["html", "markdown", "json"])
def test_the_report_tells_the_story(house: House, output_format: str, tmp_path: Path) -> None:
    """In each form, to a file or to standard output."""
    house.start()
    house.well("gate")
    path = tmp_path / f"report.{output_format}"
    answer = house.well("report", "--format", output_format, "--output", path)
    assert answer.err.endswith(f"written: {path}\n")
    text = path.read_text(encoding="utf-8")
    assert "a small one" in text
    assert "rows of things: 50, as before" in text
    nobody = house("report", "v99")
    assert (nobody.code, "there is no deployment v99" in nobody.err) == (2, True)


def test_an_unreachable_store_is_4(tmp_path: Path, empty_database: str) -> None:
    """With a word about it, and no password."""
    config = configuration(tmp_path, NOWHERE, **sql_probes(empty_database, look="SELECT 1"))
    answer = portalwatch("deploy", "status", "--config", config)
    assert (answer.code, answer.out) == (4, "")
    assert PASSWORD not in answer.err
