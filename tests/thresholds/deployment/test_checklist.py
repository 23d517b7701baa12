"""The customer's checklist: what passes, what aborts, what waits, and who signs."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from thresholds import FigureError
from thresholds.deployment.checklist import Checklist, ItemStatus, Outcome, SignOff, judge, load_checklist
from thresholds.deployment.fact import Fact
from thresholds.deployment.gate import GateState
from thresholds.shipped import parse_figures

AT = datetime(2025, 3, 1, 9, tzinfo=UTC)
SHIPPED = load_checklist()
SIGNED = {name: SignOff("Jo", ItemStatus.PASS, "looked at it", AT) for name in ("backup_verified", "api_compatibility")}


def known(**changed: object) -> dict[str, Fact]:
    """Facts of a database at which everything holds, but for those given; None is not known."""
    wanted = SHIPPED.wanted()
    facts: dict[str, object] = {
        "size_bytes": 2e9,
        "active_connections": 5.0,
        "tables": wanted.tables,
        "functions": wanted.functions,
        "active_client_groups": 1.0,
        "foreign_keys": 20.0,
        "indexes": 40.0,
        "failed_operations": 0.0,
    } | changed
    return {name: Fact(trouble="no permission") if one is None else Fact(one) for name, one in facts.items()}  # type: ignore[arg-type]


def outcome(sign_offs: Mapping[str, SignOff] = SIGNED, /, **changed: object) -> tuple[Outcome, tuple[str, ...]]:
    result = judge(SHIPPED, known(**changed), sign_offs)
    return result.outcome, result.reasons


def status(name: str, sign_offs: Mapping[str, SignOff] = SIGNED, /, **changed: object) -> tuple[ItemStatus, str]:
    result = judge(SHIPPED, known(**changed), sign_offs)
    (line,) = (one for one in result.lines if one.name == name)
    return line.status, line.told


def test_the_customers_ten_items() -> None:
    """All of them are there, and those are critical and manual that the customer says."""
    lines = judge(SHIPPED, known(), {}).lines
    assert len(lines) == 10
    assert SHIPPED.most_warnings == 3
    assert {one.name for one in lines if one.critical} == {
        *("backup_verified", "core_tables", "active_client_groups", "failed_operations", "api_compatibility"),
    }
    assert {one.name for one in lines if one.status is ItemStatus.MANUAL} == {"backup_verified", "api_compatibility"}


def test_all_that_holds_and_is_signed_off_is_a_go() -> None:
    """At the limits themselves too; ten times PASS, no reason against it, an open gate."""
    result = judge(SHIPPED, known(), SIGNED)
    assert (result.outcome, result.reasons, result.state) == (Outcome.GO, (), GateState.OPEN)
    assert {one.status for one in result.lines} == {ItemStatus.PASS}


@pytest.mark.parametrize(
    ("name", "fact", "value", "expected", "told"),
    [
        ("database_size", "size_bytes", 49.9e9, ItemStatus.PASS, "49.9 GB, at most 50 GB"),
        ("database_size", "size_bytes", 61.2e9, ItemStatus.WARNING, "61.2 GB, at most 50 GB"),
        ("active_connections", "active_connections", 6.0, ItemStatus.WARNING, "6, at most 5"),
        ("core_tables", "tables", frozenset({"users"}), ItemStatus.FAIL, "8 of 9 tables missing: client_groups, "),
        ("active_client_groups", "active_client_groups", 0.0, ItemStatus.FAIL, "0, at least 1"),
        ("foreign_keys", "foreign_keys", 19.0, ItemStatus.WARNING, "19, at least 20"),
        ("indexes", "indexes", 39.0, ItemStatus.WARNING, "39, at least 40"),
        ("functions", "functions", frozenset(), ItemStatus.WARNING, "3 of 3 functions missing: "),
        ("failed_operations", "failed_operations", 2.0, ItemStatus.FAIL, "2, must be none"),
    ],
)
def test_what_does_not_hold(name: str, fact: str, value: object, expected: ItemStatus, told: str) -> None:
    """A critical item FAILs, any other is a WARNING, and the line has the figure and its limit."""
    found, sentence = status(name, **{fact: value})
    assert found is expected
    assert sentence.startswith(told)


def test_one_critical_failure_aborts() -> None:
    """Whatever else holds, and though somebody signed off everything."""
    assert outcome(failed_operations=1.0) == (
        Outcome.ABORT,
        ("no operation of the migration failed: 1, must be none",),
    )
    everything = {name: SignOff("Jo", ItemStatus.PASS, "fine", AT) for name in SHIPPED.items}
    assert outcome(everything, failed_operations=1.0)[0] is Outcome.ABORT


def test_three_warnings_pass_and_a_fourth_aborts() -> None:
    """The customer's figure, and the reasons name all four."""
    three: dict[str, object] = {"size_bytes": 6e10, "active_connections": 9.0, "foreign_keys": 3.0}
    assert outcome(**three) == (Outcome.GO, ())
    found, reasons = outcome(**three, indexes=12.0)
    assert found is Outcome.ABORT
    assert reasons[0] == "4 warnings, at most 3"
    assert len(reasons) == 5


def test_what_is_not_known_never_passes() -> None:
    """A WARNING with the reason; of a critical item a person has to say it, and the whole waits."""
    assert status("indexes", indexes=None) == (ItemStatus.WARNING, "not known: no permission")
    assert outcome(indexes=None) == (Outcome.GO, ())
    found, told = status("core_tables", tables=None)
    assert found is ItemStatus.MANUAL
    assert told == "not known: no permission; somebody must look and sign it off"
    assert outcome(tables=None)[0] is Outcome.WAITING
    assert judge(SHIPPED, {}, SIGNED).state is GateState.INCONCLUSIVE
    for name, fact in (("failed_operations", "failed_operations"), ("active_client_groups", "active_client_groups")):
        assert status(name, **{fact: None})[0] is ItemStatus.MANUAL


def test_a_person_may_say_what_could_not_be_read_and_no_more() -> None:
    """A sign-off counts while the fact is not known; once it is read, the fact counts."""
    signed = SIGNED | {"core_tables": SignOff("Jo", ItemStatus.PASS, "seen in psql", AT)}
    assert status("core_tables", signed, tables=None) == (ItemStatus.PASS, "PASS by Jo: seen in psql")
    assert outcome(signed, tables=None) == (Outcome.GO, ())
    assert status("core_tables", signed, tables=frozenset())[0] is ItemStatus.FAIL


def test_warnings_for_want_of_data_wait_and_do_not_abort() -> None:
    """Nothing speaks against going on where nobody could look."""
    nothing: dict[str, object] = dict.fromkeys(
        ("size_bytes", "active_connections", "foreign_keys", "indexes", "functions")
    )
    found, reasons = outcome(**nothing)
    assert found is Outcome.WAITING
    assert reasons[0] == "5 warnings, at most 3, some of them because too little could be read"


def test_a_manual_item_waits_for_a_person() -> None:
    """Unsigned it keeps the whole waiting, signed off as failed it aborts with the person's words."""
    only_one = {"backup_verified": SIGNED["backup_verified"]}
    assert outcome(only_one) == (
        Outcome.WAITING,
        ("the API answers the front end and other callers as before: nobody has signed it off",),
    )
    failed = SIGNED | {"backup_verified": SignOff("Jo", ItemStatus.FAIL, "the restore broke off", AT)}
    assert outcome(failed) == (
        Outcome.ABORT,
        ("a backup was made, and a restore of it was tried: FAIL by Jo: the restore broke off",),
    )


@pytest.mark.parametrize(
    ("by", "verdict", "note"),
    [("", ItemStatus.PASS, "n"), ("Jo", ItemStatus.PASS, " "), ("Jo", ItemStatus.WARNING, "n")],
)
def test_a_sign_off_says_something(by: str, verdict: ItemStatus, note: str) -> None:
    """A name, a note, and one of two words."""
    with pytest.raises(ValueError, match=r"sign|gives a name"):
        SignOff(by, verdict, note, AT)


def test_outcomes_mean_states_of_a_gate() -> None:
    """Go opens, abort closes, waiting is no permission."""
    assert [one.gate for one in (Outcome.GO, Outcome.ABORT, Outcome.WAITING)] == [
        *(GateState.OPEN, GateState.CLOSED, GateState.INCONCLUSIVE),
    ]


OWN = """
items:
  queue:
    title: nothing waits to be sent
    critical: true
    requires: {{kind: {kind}, fact: {fact}{more}}}
"""


def test_items_of_ones_own() -> None:
    """Read from YAML with a question in SQL, whose answer is judged under the name of its fact."""
    text = OWN.format(kind="at_most", fact="oldest_seconds", more=", sql: SELECT max(age) FROM queue, limit: 5 min")
    own = parse_figures(Checklist, text, "plan.yml")
    assert own.wanted().questions == {"oldest_seconds": "SELECT max(age) FROM queue"}
    result = judge(own, {"oldest_seconds": Fact(301.0)}, {})
    assert (result.outcome, result.reasons) == (
        Outcome.ABORT,
        ("nothing waits to be sent: 5.017 min, at most 5 min",),
    )
    assert (
        judge(own, {"oldest_seconds": Fact("soon")}, {})
        .reasons[0]
        .startswith("nothing waits to be sent: not known: the answer is no number")
    )


@pytest.mark.parametrize(
    ("kind", "fact", "more", "message"),
    [
        ("none", "bugs", "", "fact: bugs needs a question (sql); without one there are size_bytes,"),
        ("none", "indexes", ", sql: SELECT 1", "fact: indexes is read without a question"),
        ("none", "bugs", ", sql: DELETE FROM x", "sql: a statement that reads begins with SELECT"),
        ("at_most", "size_bytes", ", limit: 5 min", "limit: size_bytes is a number of bytes, not 5 min"),
        ("at_most", "indexes", ", limit: many", "'many' is no figure"),
        ("at_least", "indexes", "", "limit: missing"),
        ("at_last", "indexes", "", "items.queue.requires: should"),
    ],
)
def test_mistakes_are_refused(kind: str, fact: str, more: str, message: str) -> None:
    """With the place and what is wrong."""
    with pytest.raises(FigureError) as caught:
        parse_figures(Checklist, OWN.format(kind=kind, fact=fact, more=more), "plan.yml")
    assert "plan.yml: items.queue.requires" in str(caught.value)
    assert message.removeprefix("items.queue.requires: should") in str(caught.value)


def test_one_fact_has_one_question() -> None:
    """Two items that ask differently for a fact of one name would share an answer."""
    item = "{{title: t, requires: {{kind: none, fact: bugs, sql: SELECT {}}}}}"
    text = f"items:\n  a: {item.format(1)}\n  b: {item.format(2)}\n"
    with pytest.raises(FigureError, match="bugs: two questions in SQL for one fact"):
        parse_figures(Checklist, text, "plan.yml")
