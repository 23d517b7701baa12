"""The demo's migration driven through `portalwatch deploy`, phase by phase, as a deployment lead does."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import asyncpg
import pytest
import yaml

from monitor.demo.deployment import PHASES, carry_out
from monitor.demo.faults import Fault, switch
from monitor.demo.stage import Stage, stage
from tests.acceptance.running import Service, eventually, serving
from tests.monitor.cli.commands import Answer, portalwatch

# One after the other: each takes both cores for minutes.
pytestmark = pytest.mark.xdist_group("demo")

# Enough to look at between phases; what is slower is asked where the customer's data has all of its indexes.
QUICK = ["integrity", "limits", "indexes"]
WHOLE = ["comparison", "integrity", "limits", "statistics", "indexes", "cache", "operations"]
# A busy machine may leave a gate undecided; whoever waits at it evaluates it again.
ATTEMPTS = 4
# The lost index costs five times at least.
TOLERANCE = 3.0


def plan(**changes: Any) -> dict[str, Any]:
    """The migration in minutes instead of hours, with its users as the customer allows them."""
    users = {1: 4, 2: 0, 3: 0, 4: 2, 5: 4, 6: 4}
    phases = {
        f"phase_{number}": {
            "title": title,
            "expected": ["1 s", "30 min"],
            "users": users[number],
            "before": QUICK,
            "after": WHOLE if number in (4, 6) else QUICK,
        }
        for number, title in PHASES.items()
    }
    return {
        "title": "the demo's migration",
        "capture": {"sessions": 5, "samples": 20, "spacing": "burst"},
        "integrity": {
            "rows": ["client_groups", "client_products", "product_owners", "portfolio_valuations"],
            "references": [{"table": "client_products", "column": "client_id", "to": "client_groups"}],
            "assertions": {
                "sum of valuations": {
                    "sql": "SELECT sum(valuation) FROM portfolio_valuations",
                    "expect": "not_fewer",
                },
                "products without ownership": {
                    "sql": "SELECT count(*) FROM client_products WHERE ownership_details IS NULL",
                    "expect": "zero",
                    "after": "phase_3",
                },
            },
        },
        "contacts": {"name": "A. Lead, ext. 7", "status": ["email-ops-team"], "emergency": ["email-ops-team"]},
        "phases": phases,
        **changes,
    }


@dataclass(frozen=True, slots=True)
class Lead:
    """A deployment lead at the command line."""

    scene: Stage

    def __call__(self, *arguments: object) -> Answer:
        """A command of `deploy`, in this process."""
        return portalwatch("deploy", *arguments, "--config", self.scene.configuration_path)

    def well(self, *arguments: object) -> Answer:
        """One that must end with 0."""
        answer = self(*arguments)
        assert answer.code == 0, (arguments, answer.out, answer.err)
        return answer

    def gate(self) -> dict[str, Any]:
        """The gate that is due, as often as it stays undecided."""
        document: dict[str, Any] = {}
        for _ in range(ATTEMPTS):
            answer = self("gate", "--format", "json")
            assert answer.code in (0, 1, 3), answer.err
            document = answer.json()
            assert (document["state"] == "open", document["state"] == "closed") == (answer.code == 0, answer.code == 1)
            if answer.code != 3:
                break
        return document

    def carry_out(self, number: int) -> None:
        """Phase by phase: gate, begin, the migration's own SQL, completed."""
        name = f"phase_{number}"
        before = self.gate()
        assert (before["gate"], before["state"]) == (f"before {name}", "open"), against(before)
        self.well("phase", name)
        asyncio.run(carry_out(self.scene.portal_dsn, number, "migration", lambda *_: None))
        if number == 6:
            configure(self.scene, "phase-2", migrated=True)

    def status(self) -> dict[str, Any]:
        """What scripts read."""
        document: dict[str, Any] = self("status", "--format", "json").json()
        return document


def configure(scene: Stage, release: str, *, migrated: bool) -> None:
    """The demo's configuration with wide tolerances: the mood of a shared machine has no say, a lost index has."""
    scene.configure(release, migrated=migrated)
    document = yaml.safe_load(scene.configuration_path.read_text(encoding="utf-8"))
    judged = ("database_queries", "api_endpoints")
    names = [f"{one['category']}.{name}" for name, one in document["probes"].items() if one["category"] in judged]
    document["thresholds"] |= {name: {"multiplier": TOLERANCE} for name in names}
    scene.configuration_path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


@contextmanager
def leading(directory: Path, **changes: Any) -> Iterator[Lead]:
    """A lead before the portal's migration, with the plan written down."""
    with stage(directory) as scene:
        configure(scene, "phase-1", migrated=False)
        (directory / "plan.yml").write_text(yaml.safe_dump(plan(**changes), sort_keys=False), encoding="utf-8")
        with mock.patch.dict(os.environ, scene.environment):
            yield Lead(scene)


def against(gate: dict[str, Any]) -> str:
    """What keeps a gate from being open, for whoever reads why a test failed."""
    return "; ".join(reason for one in gate["conditions"] if one["state"] != "open" for reason in one["reasons"])


def conditions(gate: dict[str, Any]) -> dict[str, str]:
    """The state of each condition."""
    return {one["condition"]: one["state"] for one in gate["conditions"]}


def test_a_healthy_migration_goes_live_through_open_gates(tmp_path: Path) -> None:
    """Six phases, each between its gates, nothing overridden; it finishes with 0, and the report tells all of it."""
    with leading(tmp_path) as lead:
        lead.well("start", "v42", "--plan", tmp_path / "plan.yml", "--by", "A. Lead")
        assert lead("phase", "phase_1").code == 3  # a gate that was not evaluated is no permission
        for number in PHASES:
            lead.carry_out(number)
            lead.well("phase", f"phase_{number}", "--as", "completed")
            after = lead.gate()
            assert after["state"] == "open", against(after)
        assert set(conditions(after)) == set(WHOLE)
        told = {one["condition"]: one["reasons"] for one in after["conditions"]}
        assert "rows of client_products: 10,400, as before" in told["integrity"]
        assert "products without ownership: 0" in told["integrity"]
        score = lead("score", "--format", "json").json()
        assert (score["score"], score["deductions"]) == (100, []), score
        assert "Contact: A. Lead, ext. 7" in lead.well("message", "status").out
        assert lead("finish").code == 0
        status = lead.status()
        assert status["stage"] == "watching"
        assert {one["status"] for one in status["phases"]} == {"completed"}
        assert not any(one["override"] for one in status["gates"])
        lead.well("report", "--output", tmp_path / "report.html")
        report = (tmp_path / "report.html").read_text(encoding="utf-8").replace("<wbr>", "")
        assert "rows of client_products: 10,400, as before" in report
        refused = lead("finish")
        assert (refused.code, "--early ends that now" in refused.err) == (2, True)
        lead.well("finish", "--early")
        assert lead.status()["outcome"] == "succeeded"


def test_a_fault_closes_the_gate_and_the_rollback_is_validated(tmp_path: Path) -> None:
    """Phase 4 loses an index: its gate closes with advice to roll back, nobody gets past it; rolled back, the recovery
    is validated, and the deployment ends as such."""
    with leading(tmp_path) as lead:
        lead.well("start", "v42", "--plan", tmp_path / "plan.yml", "--by", "A. Lead")
        for number in range(1, 5):
            lead.carry_out(number)
            if number == 4:
                asyncio.run(switch(lead.scene.portal_dsn, Fault.MISSING_INDEX, True))
            lead.well("phase", f"phase_{number}", "--as", "completed")
            after = lead.gate()
        assert (after["gate"], after["state"]) == ("after phase_4", "closed"), against(after)
        assert conditions(after)["comparison"] == "closed"
        assert "portfolio_valuation_aggregation" in json.dumps(after["conditions"])
        assert after["advice"]["action"] == "rollback", after["advice"]
        assert after["advice"]["rollback_tier"] == 1
        assert after["advice"]["evidence"]

        refused = lead("phase", "phase_5")
        assert (refused.code, "is closed" in refused.err) == (1, True), refused.err
        assert lead("status").code == 1
        preview = lead.well("message", "emergency", "--impact", "valuations take seconds")
        assert "(blank: action taken)" in preview.out
        unfinished = lead("message", "emergency", "--impact", "valuations take seconds", "--send")
        assert (unfinished.code, "action taken" in unfinished.err) == (2, True), unfinished.err

        lead.well("rollback", "--by", "A. Lead", "--reason", "valuations four times slower")
        assert lead.status()["rollback"]["tier"] == 1
        sent = lead("message", "emergency", "--impact", "valuations take seconds", "--send")
        assert sent.code == 0, sent.err
        assert "A. Lead decided to roll back" in lead.scene.sink.delivered[-1].message
        for number in range(4, 0, -1):
            asyncio.run(carry_out(lead.scene.portal_dsn, number, "rollback", lambda *_: None))
            lead.well("phase", f"phase_{number}", "--as", "rolled_back")
        assert lead("finish").code == 3  # not before the recovery is validated
        recovery = lead.gate()
        assert (recovery["gate"], recovery["state"]) == ("recovery", "open"), against(recovery)
        assert {"comparison", "integrity"} <= set(conditions(recovery))
        lead.well("finish")
        status = lead.status()
        assert (status["stage"], status["outcome"]) == ("finished", "rolled_back")
        kinds = [one["kind"] for one in status["events"]]
        assert kinds.count("rollback_decided") == 1
        assert kinds.count("phase_rolled_back") == 4


def test_a_service_killed_during_each_phase_forgets_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    """The portal's own log moves the phases; the service is killed -9 in each of them. Each phase begins and ends once,
    and probes that do what users do pause where the phase allows none."""
    ungated = {name: {**one, "before": [], "after": []} for name, one in plan()["phases"].items()}
    with leading(tmp_path, phases=ungated, follow=True) as lead:
        scene = lead.scene
        lead.well("start", "v42", "--plan", tmp_path / "plan.yml")
        for number in PHASES:
            log = tmp_path / "service.log"
            with serving(scene.configuration_path, scene.service_port, log, **scene.environment) as service:
                eventually(lambda: service.get("/health"), "the service answers")
                asyncio.run(begin(lead, number))
                eventually(partial(is_running, service, f"phase_{number}"), "the phase is followed")
                if number == 2:
                    eventually(partial(says, service, 'reason="paused"'), "the probes pause")
                service.process.kill()
            asyncio.run(carry_out(scene.portal_dsn, number, "migration", lambda *_: None))
        with serving(scene.configuration_path, scene.service_port, log, **scene.environment) as service:
            eventually(lambda: completed(service) == len(PHASES), "every phase is completed")
            service.stop()
        events = lead.status()["events"]
    for number in PHASES:
        kinds = [one["kind"] for one in events if one["phase"] == f"phase_{number}"]
        assert (kinds.count("phase_started"), kinds.count("phase_completed")) == (1, 1), (number, kinds)
    numbers = [one["number"] for one in events]
    assert numbers == list(range(1, len(numbers) + 1))


async def begin(lead: Lead, number: int) -> None:
    """The migration notes in its log that a phase began; the first one makes the log, so somebody tells of that."""
    if number == 1:
        await asyncio.to_thread(lead.well, "phase", "phase_1")
        return
    connection = await asyncpg.connect(lead.scene.portal_dsn)
    try:
        await connection.execute(
            "INSERT INTO migration_log (phase, operation, status, started_at) VALUES ($1, $2, 'started', now())",
            f"phase_{number}",
            PHASES[number],
        )
    finally:
        await connection.close()


def told(service: Service) -> dict[str, Any]:
    """The deployment as the service tells it; empty while nobody answers, as just after a kill."""
    answer = service.get("/api/v1/deployment")
    document: dict[str, Any] = answer.json() if answer is not None and answer.status_code == 200 else {}
    return document


def is_running(service: Service, phase: str) -> bool:
    """Whether that phase runs."""
    return told(service).get("running_phase") == phase


def says(service: Service, text: str) -> bool:
    """Whether its metrics have that text."""
    answer = service.get("/metrics")
    return answer is not None and text in answer.text


def completed(service: Service) -> int:
    """How many phases are completed."""
    return sum(one["status"] == "completed" for one in told(service).get("phases", ()))
