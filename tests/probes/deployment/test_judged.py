"""What is read of the demo portal, held against the customer's checklist and score."""

from dataclasses import asdict
from datetime import UTC, datetime

from probes.deployment.facts import DatabaseFacts
from tests.monitor.demo.deployed_portal import ask, migrate_quietly
from tests.probes.deployment.watching import facts_of
from thresholds.deployment.checklist import ItemStatus, Outcome, SignOff, judge, load_checklist
from thresholds.deployment.fact import Fact, Wanted
from thresholds.deployment.health_score import HealthGrade, load_health_score, score_of

CHECKLIST, SCORE = load_checklist(), load_health_score()
SIGNED = {
    name: SignOff("Jo", ItemStatus.PASS, "looked at it", datetime(2025, 3, 1, tzinfo=UTC))
    for name in ("backup_verified", "api_compatibility")
}


def read(dsn: str) -> dict[str, Fact]:
    """All that both of them ask for."""
    facts: DatabaseFacts = facts_of(dsn, **asdict(Wanted.union([CHECKLIST.wanted(), SCORE.wanted()])))
    return {name: Fact(value, trouble) for name, value, trouble in facts.entries()}


def test_a_portal_that_may_be_migrated(probe_role: str) -> None:
    """Before the migration, as the role that watches: the checklist says go, and the score that nothing is there."""
    facts = read(probe_role)
    result = judge(CHECKLIST, facts, SIGNED)
    assert (result.outcome, result.reasons) == (Outcome.GO, ())
    assert {one.status for one in result.lines} == {ItemStatus.PASS}
    score = score_of(SCORE, facts)
    assert (score.score, score.grade, score.unknown) == (15, HealthGrade.POOR, ())


def test_a_portal_that_was_migrated(portal_database: str, probe_role: str) -> None:
    """After the migration: a hundred; with a failed operation and without its trigger, fifteen less."""
    migrate_quietly(portal_database)
    score = score_of(SCORE, read(probe_role))
    assert (score.score, score.grade, score.deductions, score.warnings) == (100, HealthGrade.EXCELLENT, (), ())
    ask(
        portal_database,
        lambda connection: connection.execute(
            "DROP TRIGGER audit_ownership_changes ON client_products;"
            "INSERT INTO migration_log (phase, operation, status, started_at) VALUES ('p', 'o', 'failed', now())"
        ),
    )
    facts = read(probe_role)
    assert score_of(SCORE, facts).score == 85
    assert judge(CHECKLIST, facts, SIGNED).reasons == ("no operation of the migration failed: 1, must be none",)
