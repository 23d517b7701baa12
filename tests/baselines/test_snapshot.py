"""What a snapshot tells: who is at fault for how many, and nothing that is too large."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from baselines.snapshot import LIMIT_BYTES, DatabaseSession, HostProcess, Snapshot
from tests.clocks import START


def session(pid: int, *blocked_by: int, **more: object) -> DatabaseSession:
    """One that waits for those."""
    return DatabaseSession(pid=pid, blocked_by=blocked_by, **more)  # type: ignore[arg-type]


def snapshot(*sessions: DatabaseSession, **more: object) -> Snapshot:
    """With those sessions."""
    return Snapshot(source="portal", at=START, reason="a test", sessions=sessions, **more)  # type: ignore[arg-type]


def test_a_chain_and_a_fan_are_counted_from_their_root() -> None:
    """Two wait for 1, and two more for one of them; 9 blocks another one; the worst is named first."""
    taken = snapshot(
        session(9), session(8, 9), session(1), session(2, 1), session(3, 1), session(4, 3), session(5, 3, 2)
    )
    assert [(one.session.pid, one.direct, one.behind) for one in taken.blockers] == [(1, 2, 4), (9, 1, 1)]
    assert taken.sentence == "pid 1 blocks 4 sessions"
    crowded = replace(taken, waiting_for_locks=90)
    assert crowded.sentence == "pid 1 blocks 4 sessions; 90 wait for locks in all"


def test_a_mere_deadlock_has_no_root() -> None:
    """Each waits for the other; the sentence counts them."""
    taken = snapshot(session(1, 2), session(2, 1), waiting_for_locks=2)
    assert taken.blockers == ()
    assert taken.sentence == "2 sessions wait for locks"


def test_a_prepared_transaction_is_named_as_such() -> None:
    """It has no process; what waits for it is blocked by pid 0."""
    assert snapshot(session(1, 0), session(2, 1)).sentence == "a prepared transaction blocks 2 sessions"


def test_a_session_is_told_in_some_words() -> None:
    """Who, since when, and what; a long statement not to its end."""
    one = session(4711, application="portal", state="idle in transaction", state_seconds=41.4, statement="UPDATE t")
    assert one.summary == "pid 4711 (portal, idle in transaction for 41 s: UPDATE t)"
    assert session(1, user="app", statement="x" * 500).summary == f"pid 1 (app: {'x' * 159}…)"
    assert snapshot(one, session(2, 4711)).sentence == f"{one.summary} blocks 1 session"


@given(
    st.builds(
        Snapshot,
        source=st.text(),
        at=st.just(START),
        reason=st.text(),
        series=st.none() | st.text(),
        sessions=st.lists(
            st.builds(DatabaseSession, pid=st.integers(), blocked_by=st.lists(st.integers()).map(tuple))
        ).map(tuple),
        processes=st.lists(
            st.builds(HostProcess, st.integers(), st.text(), st.floats(allow_nan=False), st.integers())
        ).map(tuple),
        gaps=st.lists(st.text()).map(tuple),
    )
)
def test_a_snapshot_survives_its_document(taken: Snapshot) -> None:
    """Every field comes back."""
    assert Snapshot.from_document(json.loads(taken.to_json())) == taken


def test_a_snapshot_is_bounded() -> None:
    """Of what would be too large the sessions behind are left out, which a gap says; a small one stays as it is."""
    taken = snapshot(*(session(pid, statement="é" * 500) for pid in range(100)), gaps=("one",))
    bounded = taken.bounded()
    assert len(bounded.to_json().encode()) <= LIMIT_BYTES
    assert bounded.sessions == taken.sessions[: len(bounded.sessions)]
    assert bounded.gaps == ("one", f"{100 - len(bounded.sessions)} further sessions were left out")
    assert snapshot(session(1)).bounded() == snapshot(session(1))
