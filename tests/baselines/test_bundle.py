"""A verdict as a file: what comes out is what went in, people are taken out, and a damaged one is refused."""

import gzip
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from baselines import Approval, BaselineError, Change, Explanation, ExplanationKind, Forced, Look, PlanShape, Section
from baselines.bundle import Bundle, ToldAlert, ToldChannel, pack, unpack
from baselines.masking import masked
from baselines.materials import Materials, WorkloadMaterials
from baselines.snapshot import DatabaseSession, Snapshot
from baselines.workload import STATEMENT
from tests.baselines.made import baseline
from tests.baselines.workloads import bins
from tests.clocks import START

NAME = "q.a"
FORCED = Forced(reason="said Meier", against=("the host is busy",))
SESSIONS = [{NAME: [noise * one for one in (0.01, 0.011, 0.0105, 0.012) * 5]} for noise in (1.0, 1.02, 0.98, 1.01, 1.0)]
BEFORE = replace(
    baseline("pre", SESSIONS, plans={NAME: PlanShape(("Index Scan", "  Sort"))}),
    captured_by="Meier",
    approval=Approval(by="Huber", at=START, forced=FORCED),
)
AFTER = replace(
    baseline("post", [{NAME: [2 * one for one in session[NAME]]} for session in SESSIONS]), captured_by="Meier"
)
MATERIALS = Materials(
    before=BEFORE,
    after=AFTER,
    tolerances={NAME: 1.25, STATEMENT.name: 1.25},
    history={NAME: AFTER.samples_of(NAME)},
    look=Look.LAST,
    known={NAME: replace(BEFORE.series[NAME], calls_per_hour=300.0)},
    changes=[Change(source="db", section=Section.INDEXES, item="index i", before="btree", after=None, at=START)],
    taken_at=AFTER.finished_at,
    ended=True,
    workload=WorkloadMaterials(
        before=bins({"insert x": [0.01, 0.011, 0.0105, 0.01, 0.01]}),
        after=bins({"insert x": [0.1, 0.11, 0.105, 0.1, 0.1], "select y": [0.1] * 5}),
        probes={"select y": ["a"]},
        gaps=["nothing of other"],
    ),
)
BUNDLE = Bundle(
    product_version="0.1.0",
    rule_version="1",
    materials=MATERIALS,
    figures={"matrix": {"default": 1}},
    profile="standard",
    proofs={NAME: [Explanation(ExplanationKind.INDEX_GONE, "gone; proved", {"cost_with": 1.5}, ["a line"])]},
    reports={"json": "{}"},
    exit_code=1,
    snapshots=[Snapshot(source="db", at=START, reason="slow", sessions=(DatabaseSession(pid=1, user="Huber"),))],
    alerts=[
        ToldAlert(
            series=NAME,
            rule="baseline",
            level="warning",
            opened_at=START,
            resolved_at=None,
            acknowledged_at=START + timedelta(minutes=5),
            acknowledged_by="Meier",
            told=[
                ToldChannel(
                    channel="mail", reason="fired", state="delivered", attempts=1, due_at=START, settled_at=START
                )
            ],
        )
    ],
)


def test_what_comes_out_is_what_went_in() -> None:
    """All of it, and the same bundle makes the same file."""
    again = unpack(pack(BUNDLE))
    assert pack(again) == pack(BUNDLE)
    bare = replace(MATERIALS, before=BEFORE, after=AFTER, history={})
    assert replace(again, materials=replace(again.materials, before=BEFORE, after=AFTER, history={})) == replace(
        BUNDLE, materials=bare
    )


def test_the_verdict_is_made_again() -> None:
    """Series, causes, reasons, statements and gaps, digit for digit."""
    judged = MATERIALS.judged()
    assert judged.workload.gaps
    assert judged.workload.statements
    assert judged.changes
    assert unpack(pack(BUNDLE)).materials.judged() == judged


def test_people_are_taken_out() -> None:
    """The same name is the same person throughout, what somebody wrote freely goes, and the verdict stays."""
    hidden = unpack(pack(masked(BUNDLE)))
    text = gzip.decompress(pack(masked(BUNDLE))).decode()
    assert "Meier" not in text
    assert "Huber" not in text
    approval = hidden.materials.before.approval
    assert approval is not None
    assert hidden.materials.before.captured_by == hidden.materials.after.captured_by == hidden.alerts[0].acknowledged_by
    assert (approval.by, hidden.snapshots[0].sessions[0].user) == ("person-2", "person-2")
    assert approval.forced is not None
    assert approval.forced.against == FORCED.against
    assert hidden.materials.judged() == MATERIALS.judged()


def test_a_changed_or_foreign_file_is_refused() -> None:
    """With what is wrong with it."""
    wrapped = json.loads(gzip.decompress(pack(BUNDLE)))
    wrapped["verdict"]["materials"]["tolerances"][NAME] = 4.0
    for content, said in [
        (gzip.compress(json.dumps(wrapped).encode()), "changed since it was written"),
        (b"nothing", "no file of a verdict, or is damaged"),
        (gzip.compress(b"{}"), "compare BEFORE AFTER --bundle FILE"),
    ]:
        with pytest.raises(BaselineError, match=said):
            unpack(content)
