"""Where a deployment stands, in a sentence that says what to do next."""

from monitor.deployment.actions import close, decide_rollback, go_live
from monitor.deployment.deployment import Outcome
from monitor.deployment.phase import PhaseStatus
from monitor.deployment.wording import next_step
from tests.monitor.deployment.driven import Driven
from thresholds.deployment.gate import GateState


def step(driven: Driven) -> str:
    return next_step(driven.deployment, driven.now)


def test_the_next_step_all_the_way() -> None:
    """Gate, phase, gate, ..., going live, the watch, the end."""
    driven = Driven()
    assert step(driven) == (
        "The gate before preparation is inconclusive: it was not evaluated yet; evaluate it with "
        "`portalwatch deploy gate`"
    )
    driven.judge(GateState.CLOSED, "p95: slow")
    assert step(driven).startswith("The gate before preparation is closed: p95: slow;")
    driven.judge()
    assert step(driven) == "preparation may start: `portalwatch deploy phase preparation`"
    driven.begin("preparation")
    assert step(driven) == (
        "preparation is running, expected to end by 2026-03-02 09:10 UTC; then: "
        "`portalwatch deploy phase preparation --as completed`"
    )
    driven.end("preparation")
    driven.complete("copy", "a_check")
    driven.judge()
    assert step(driven) == "All phases are done and the last gate is open: `portalwatch deploy finish` goes live"
    driven.keep(go_live(driven.deployment, "ann", driven.now))
    assert step(driven) == "v42 is live, and watched until 2026-03-09 09:00 UTC"
    driven.keep(close(driven.deployment, "ann", Outcome.SUCCEEDED, {}))
    assert step(driven) == "v42 is over: succeeded. `portalwatch deploy report` tells the whole story"


def test_the_next_step_of_a_rollback() -> None:
    """What is there is taken back first, the last phase before the others, also one that runs; then the recovery."""
    driven = Driven()
    driven.complete("preparation")
    driven.begin("copy")
    driven.keep(decide_rollback(driven.deployment, "lea", "slow"))
    for phase in ("copy", "preparation"):
        told = f"{phase} is to be rolled back by people; then: `portalwatch deploy phase {phase} --as rolled_back`"
        assert step(driven) == told
        driven.end(phase, PhaseStatus.ROLLED_BACK)
    assert step(driven).startswith("The gate recovery is inconclusive")
    driven.judge()
    assert step(driven) == "The recovery is validated: `portalwatch deploy finish` ends the deployment"
