"""What is found out about targets before they are watched; what can't be reached is told and no mistake."""

import asyncio
import socket
from typing import Any

from pydantic import TypeAdapter

from monitor.target_check import TargetReport, examine_targets
from probes import Target


def examined(**targets: dict[str, Any]) -> dict[str, TargetReport]:
    known = TypeAdapter(dict[str, Target]).validate_python(targets)
    return asyncio.run(examine_targets(known))


def test_each_target_has_its_own_report(empty_database: str) -> None:
    """A superuser is refused; what else is configured is not touched by that."""
    reports = examined(
        watched={"kind": "postgresql", "url": empty_database},
        portal={"kind": "http", "url": "http://127.0.0.1:1"},
    )
    (refusal,) = reports["watched"].refusals
    assert refusal.endswith("is a superuser")
    assert reports["portal"] == TargetReport()


def test_a_guard_database_out_of_reach_is_a_note(empty_database: str) -> None:
    """Probes run without their guard then, which nobody should learn in an incident."""
    report = examined(db={"kind": "postgresql", "url": empty_database, "guard_database": "nowhere"})["db"]
    assert any("no connection to the guard_database nowhere" in note for note in report.notes)


def test_what_does_not_answer_is_a_note() -> None:
    """Nobody there, and somebody who keeps silent: neither holds the check up, and neither is a mistake."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reports = examined(
            nobody={"kind": "postgresql", "url": "postgresql://u:geheim@127.0.0.1:1/x"},
            silent={
                "kind": "postgresql",
                "url": f"postgresql://u:geheim@127.0.0.1:{silent.getsockname()[1]}/x",
                "connect_timeout": "200ms",
            },
        )
    for report in reports.values():
        (note,) = report.notes
        assert note.startswith("it could not be looked at")
        assert "geheim" not in note
        assert report.refusals == ()


def test_a_web_server_at_a_forbidden_address_is_a_note() -> None:
    """The metadata service of a cloud is no portal; every probe of it would fail."""
    (note,) = examined(portal={"kind": "http", "url": "http://169.254.169.254"})["portal"].notes
    assert "which no probe may reach" in note
