"""Plans out of files: every mistake with its line and key, and what comes along."""

from pathlib import Path

import pytest

from monitor.configuration import load_configuration
from monitor.deployment.plan_file import check_plan, database_of, read_plan
from monitor.errors import ConfigurationError, ExitCode
from monitor.settings import Settings
from tests.monitor.deployment.driven import before, behind
from thresholds.deployment.gate import RECOVERY, Condition
from thresholds.deployment.plan import EVERYTHING, DeploymentPlan, load_shipped_plan, shipped_plan_text, shipped_plans

HOUR = 3600.0
SHIPPED = ["migration", "release", "seven-day"]

GOOD = """\
title: A release of our own
window: ${WINDOW:-1 d}
phases:
  rollout:
    title: out it goes
    expected: [1 min, 30 min]
"""


def written(folder: Path, text: str) -> Path:
    """A plan of that text."""
    path = folder / "plan.yml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(given: str | Path) -> str:
    """What is said of a plan that is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        read_plan(str(given), {})
    assert caught.value.exit_code is ExitCode.USAGE
    return str(caught.value)


def plan(**more: object) -> DeploymentPlan:
    """A plan with one phase, and what a test adds."""
    return DeploymentPlan.model_validate(
        {"title": "x", "phases": {"rollout": {"title": "out", "expected": "1 min"}}, **more}
    )


def settings(folder: Path, targets: str = "") -> Settings:
    """A configuration with these targets and the channel `mail`."""
    path = folder / "portalwatch.yml"
    channels = 'alerts: {channels: {mail: {url: "json://127.0.0.1"}}}'
    path.write_text(f"environment: test\ntargets:\n{targets or '  {}'}\n{channels}\n", encoding="utf-8")
    return load_configuration(path, {}).settings


DATABASES = '  one: {kind: postgresql, url: "postgresql://127.0.0.1/x"}\n  two: {kind: postgresql, url: "postgresql://127.0.0.1/y"}'
PORTAL = '  portal: {kind: http, url: "http://127.0.0.1"}'


def test_a_plan_of_ones_own_is_read_with_what_it_leaves_out(tmp_path: Path) -> None:
    """Durations are seconds, variables come from the environment, and the rest is what is usual."""
    read = read_plan(str(written(tmp_path, GOOD)), {"WINDOW": "2 h"})
    assert read.window_seconds == 2 * HOUR
    assert read.phases["rollout"].expected_seconds == (60.0, 1800.0)
    assert (read.watch.days, read.gate_holds.total_seconds(), read.status_update_seconds) == (7, 1800.0, 4 * HOUR)
    everything = tuple(one for one in EVERYTHING if one is not Condition.INTEGRITY)
    assert read.asked(before("rollout")) == read.asked(behind("rollout")) == everything
    assert read_plan(str(written(tmp_path, GOOD)), {}).window_seconds == 24 * HOUR


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", "{0}:1: title: this key is missing\n{0}:1: phases: this key is missing", id="nothing"),
        pytest.param("title: [", "{}:1: no valid YAML: expected the node content, but found '<stream end>'", id="yaml"),
        pytest.param(GOOD.replace("window", "windw"), "{}:2: windw: there is no such key", id="a key of the plan"),
        pytest.param(f"{GOOD}    user: 4\n", "{}:7: phases.rollout.user: there is no such key", id="a key of a phase"),
        pytest.param(
            GOOD.replace("    expected: [1 min, 30 min]\n", ""),
            "{}:4: phases.rollout.expected: this key is missing",
            id="no expectation",
        ),
        pytest.param(
            GOOD.replace("[1 min, 30 min]", "[30 min, 1 min]"),
            "{}:6: phases.rollout.expected: the shortest stands before the longest",
            id="a range that falls",
        ),
        pytest.param(
            GOOD.replace("[1 min, 30 min]", "1 parsec"),
            "{0}:6: phases.rollout.expected.0: '1 parsec': unknown unit 'parsec', known are us, ms, s, min, h, d,"
            " %, B, kB, MB, GB\n"
            "{0}:6: phases.rollout.expected.1: '1 parsec': unknown unit 'parsec', known are us, ms, s, min, h, d,"
            " %, B, kB, MB, GB",
            id="no duration",
        ),
        pytest.param(
            GOOD.replace("${WINDOW:-1 d}", "0 s"), "{}:2: window: Input should be greater than 0", id="no window"
        ),
        pytest.param(
            GOOD.replace("${WINDOW:-1 d}", "${WINDOW}"),
            "{}:2: window: the environment variable WINDOW is not set",
            id="a variable that is not set",
        ),
        pytest.param(
            GOOD.replace("rollout", "Roll-out"),
            "{}:4: phases.Roll-out: String should match pattern '^[a-z][a-z0-9_]*$'",
            id="the name of a phase",
        ),
        pytest.param(
            "title: x\nphases: {}\n",
            "{}:2: phases: Dictionary should have at least 1 item after validation, not 0",
            id="no phases",
        ),
        pytest.param(
            f"{GOOD}gate: []\n",
            "{}:7: gate: a gate that asks nothing would open without data; give a phase `before: []` instead",
            id="a gate that asks nothing",
        ),
        pytest.param(
            f"{GOOD}gate: [limit]\n",
            "{}:7: gate.0: Input should be 'comparison', 'workload', 'integrity', 'limits', 'statistics', 'indexes',"
            " 'cache', 'operations', 'checklist' or 'rehearsal'",
            id="no condition",
        ),
        pytest.param(
            f"{GOOD}gate: [rehearsal]\n",
            "{}:1: rehearsal: a gate asks for it, so say where old and new release run side by side",
            id="a rehearsal nowhere",
        ),
        pytest.param(
            f"{GOOD}integrity:\n  assertions:\n    owners: {{sql: SELECT 1, expect: zero, after: phase_9}}\n",
            "{}:7: integrity: owners: there is no phase phase_9",
            id="no such phase",
        ),
        pytest.param(
            f"{GOOD}integrity:\n  assertions:\n    owners: {{sql: DELETE FROM users}}\n",
            "{}:9: integrity.assertions.owners.sql: a statement that reads begins with SELECT, WITH, VALUES or TABLE",
            id="a statement that writes",
        ),
        pytest.param(
            f"{GOOD}integrity: {{rows: [users; DROP TABLE users]}}\n",
            "{}:7: integrity.rows.0: String should match pattern "
            r"'^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$'",
            id="no table",
        ),
        pytest.param(
            f"{GOOD}capture: {{sessions: 1}}\n",
            "{}:7: capture.sessions: Input should be greater than or equal to 2",
            id="one session",
        ),
        pytest.param(
            f"{GOOD}profile: strict\n",
            "{}:7: profile: Input should be 'standard' or 'enhanced'",
            id="no profile",
        ),
        pytest.param(f"{GOOD}title: again\n", "{}:7: title: this key stands twice", id="a key twice"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_key(tmp_path: Path, text: str, told: str) -> None:
    """In the words of this product."""
    path = written(tmp_path, text)
    assert refusal(path) == told.replace("{0}", str(path)).replace("{}", str(path))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """In the order of the file."""
    path = written(tmp_path, f"{GOOD.replace('title: A', 'titel: A')}    users: -1\nwatch: ${{WATCH}}\n")
    keys = [line.removeprefix(f"{path}").split(": ")[:2] for line in refusal(path).splitlines()]
    assert keys == [[":1", "title"], [":1", "titel"], [":7", "phases.rollout.users"], [":8", "watch"]]


def test_a_plan_that_is_no_text_is_told(tmp_path: Path) -> None:
    """Not with a traceback."""
    path = tmp_path / "plan.yml"
    path.write_bytes(b"\xff\xfe")
    assert refusal(path) == (f"{path}:1: no UTF-8 text")


def test_plans_that_come_along_are_read_by_their_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also beside a folder of that name; a file of that name goes first."""
    monkeypatch.chdir(tmp_path)
    assert shipped_plans() == SHIPPED
    for name in SHIPPED:
        assert read_plan(name, {}) == load_shipped_plan(name)
        assert read_plan(str(written(tmp_path, shipped_plan_text(name))), {}) == load_shipped_plan(name)
    Path("release").mkdir()
    assert read_plan("release", {}) == load_shipped_plan("release")
    Path("migration").write_text(GOOD, encoding="utf-8")
    assert read_plan("migration", {}).title == "A release of our own"


def test_a_plan_that_is_not_there_lists_what_comes_along(tmp_path: Path) -> None:
    """With why it can't be read."""
    known = "plans that come along are: migration, release, seven-day"
    assert refusal("migratoin") == f"the plan migratoin can't be read: No such file or directory; {known}"
    assert refusal(tmp_path) == f"the plan {tmp_path} can't be read: Is a directory; {known}"


def test_the_migration_is_the_customers() -> None:
    """Durations, users and profiles of its phases; probes rest where nobody may work."""
    migration = load_shipped_plan("migration")
    phases = {name: (one.expected_seconds, one.users) for name, one in migration.phases.items()}
    assert phases == {
        "pre_migration": ((1 * HOUR, 2 * HOUR), 0),
        "phase_1": ((1800.0, 2700.0), 4),
        "phase_2": ((2 * HOUR, 4 * HOUR), 0),
        "phase_3": ((4 * HOUR, 8 * HOUR), 0),
        "phase_4": ((1 * HOUR, 3 * HOUR), 2),
        "phase_5": ((1 * HOUR, 2 * HOUR), 4),
        "phase_6": ((1800.0, 1 * HOUR), 4),
    }
    assert (migration.window.days, migration.status_update_seconds, migration.follow) == (7, 4 * HOUR, True)
    resting = {name for name, one in migration.phases.items() if one.pauses_probes}
    assert resting == {"pre_migration", "phase_2", "phase_3"}


def test_gates_ask_what_their_phase_says_else_what_the_plan_says() -> None:
    """An empty list is no gate; an unknown phase has none; the recovery asks all that shows that it is as before."""
    phases = {
        "a": {"title": "a", "expected": "1 min", "before": [], "after": ["limits"], "profile": "enhanced"},
        "b": {"title": "b", "expected": "1 min"},
    }
    asked = plan(phases=phases, gate=["comparison"])
    assert asked.asked(before("a")) == asked.asked(before("c")) == ()
    assert asked.asked(behind("a")) == (Condition.LIMITS,)
    assert asked.asked(before("b")) == (Condition.COMPARISON,)
    assert asked.asked(RECOVERY) == (Condition.COMPARISON, Condition.LIMITS)
    unsaid = plan(integrity={"rows": ["users"]})
    assert unsaid.asked(before("rollout")) == EVERYTHING
    assert set(unsaid.asked(RECOVERY)) == set(EVERYTHING) - {Condition.OPERATIONS}
    profiles = [asked.profile_of(gate) for gate in (behind("a"), behind("b"), RECOVERY)]
    assert profiles == ["enhanced", "standard", "standard"]


def test_a_plan_names_what_the_configuration_has(tmp_path: Path) -> None:
    """Each name that is none, with those there are."""
    own = settings(tmp_path, f"{DATABASES}\n{PORTAL}")

    def told(**more: object) -> str:
        with pytest.raises(ConfigurationError) as caught:
            check_plan(plan(**{"database": "one", **more}), own)
        return str(caught.value)

    assert told(database="portal") == "database: there is no database portal; there are: one, two"
    assert told(database=None) == "database: the plan must say which one of one, two is deployed to"
    assert told(rehearsal={"old": "one", "new": "x"}) == "rehearsal: there is no target x; there are: one, two, portal"
    assert told(rehearsal={"old": "one", "new": "one"}) == "rehearsal: old and new are both one; they are two targets"
    kinds = "rehearsal: one is postgresql and portal http; they are of one kind"
    assert told(rehearsal={"old": "one", "new": "portal"}) == kinds
    for to in ("status", "emergency"):
        channel = "contacts: there is no alert channel pager; there are: mail"
        assert told(contacts={to: ["mail", "pager"]}) == channel
    check_plan(plan(database="two", rehearsal={"old": "one", "new": "two"}, contacts={"status": ["mail"]}), own)


def test_the_only_database_need_not_be_named(tmp_path: Path) -> None:
    """And a configuration without one has none to be asked."""
    one = settings(tmp_path, f"{DATABASES.splitlines()[0]}\n{PORTAL}")
    found = database_of(plan(), one)
    assert found is not None
    assert found == ("one", one.targets["one"])
    none = settings(tmp_path, PORTAL)
    assert database_of(plan(), none) is None
    check_plan(plan(gate=["comparison", "limits"]), none)
    needing = "gate: cache, workload are asked of a database, and none is configured; name the others in `gate`"
    with pytest.raises(ConfigurationError, match=needing):
        check_plan(plan(gate=["workload", "limits", "cache"]), none)
    with pytest.raises(ConfigurationError, match="database: there is no database one; there are: none"):
        check_plan(plan(database="one"), none)
