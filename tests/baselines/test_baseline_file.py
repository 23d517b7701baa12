"""A baseline as a file: what comes out is what went in, or a clear refusal."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines import Approval, Baseline, BaselineError, Forced, PlanShape, Samples
from baselines.baseline_file import pack, unpack
from tests.baselines.made import baseline
from tests.clocks import START

NAMES = ("q.a", "q.ä [b]")


def samples(values: Sequence[float | None]) -> Samples:
    """Every second call that answered took at least that long."""
    return Samples.of(values, [value is not None and number % 2 == 1 for number, value in enumerate(values)])


@st.composite
def baselines(draw: st.DrawFn) -> Baseline:
    """Captures of up to three sessions, with failures, time-outs, cold calls, plans, and approvals of all sorts."""
    value = st.none() | st.floats(0, 1e6, allow_nan=False)
    calls = st.lists(value, max_size=5)
    session = st.fixed_dictionaries({NAMES[0]: calls}, optional={NAMES[1]: calls})
    made = baseline(draw(st.text(min_size=1)), draw(st.lists(session, min_size=1, max_size=3)))
    forced = draw(st.none() | st.builds(Forced, st.text(), st.lists(st.text()).map(tuple)))
    sessions = [
        replace(
            one,
            samples={name: samples(draw(calls)) for name in one.samples},
            plans=draw(st.dictionaries(st.sampled_from(NAMES), st.builds(PlanShape, st.lists(st.text()).map(tuple)))),
            conditions=replace(one.conditions, forced=forced, host_load=draw(st.none() | st.floats(0, 9))),
        )
        for one in made.sessions
    ]
    expires_at = draw(st.none() | st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda after: START + after))
    approval = draw(st.none() | st.builds(Approval, by=st.text(), at=st.just(START), forced=st.just(forced)))
    return replace(made, sessions=sessions, approval=approval and replace(approval, expires_at=expires_at))


def plain(one: Baseline) -> dict[str, Any]:
    """With lists for arrays, so that two can be held against each other; a failed call is -1."""

    def lists(found: Mapping[str, Samples]) -> dict[str, object]:
        return {
            name: (np.nan_to_num(each.values, nan=-1.0).tolist(), each.timed_out.tolist())
            for name, each in found.items()
        }

    bare = replace(one, sessions=[replace(session, samples={}, cold={}) for session in one.sessions])
    return {**asdict(bare), "calls": [(lists(session.samples), lists(session.cold)) for session in one.sessions]}


@given(baselines())
def test_what_comes_out_is_what_went_in(one: Baseline) -> None:
    """Bit by bit, and the same baseline makes the same file."""
    content = pack(one)
    again = unpack(content)
    assert plain(again) == plain(one)
    assert pack(again) == content


def repacked(content: bytes, change: Mapping[str, object]) -> bytes:
    """The file with something in its JSON put differently."""
    return gzip.compress(json.dumps({**json.loads(gzip.decompress(content)), **change}).encode())


GOOD = pack(baseline("pre", [{"q.a": [0.01, None, 0.02]}]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no exported baseline, or is damaged"),
        (b"name,value\n", "no exported baseline, or is damaged"),
        (GOOD[: len(GOOD) // 2], "no exported baseline, or is damaged"),
        (GOOD[:-5] + b"\0\0\0\0\0", "no exported baseline, or is damaged"),
        (gzip.compress(b"[1, 2]"), "no exported baseline; make one"),
        (gzip.compress(b'{"series": []}'), "no exported baseline; make one"),
        (repacked(GOOD, {"version": 2}), "version 2 of the format"),
        (repacked(GOOD, {"sha256": "0"}), "has been changed"),
        (repacked(GOOD, {"baseline": {"name": "other"}}), "has been changed"),
    ],
    ids=["empty", "foreign", "half", "torn", "other-json", "other-object", "later", "digest", "changed"],
)
def test_what_is_no_whole_export_is_refused(content: bytes, said: str) -> None:
    """With what is wrong with the file, and what to do."""
    with pytest.raises(BaselineError, match=said):
        unpack(content)


def test_every_damaged_byte_is_found() -> None:
    """Wherever one is flipped, the file is refused, or says what it said before."""
    good = plain(unpack(GOOD))
    refused = 0
    for place in range(len(GOOD)):
        damaged = bytearray(GOOD)
        damaged[place] ^= 0x10
        try:
            assert plain(unpack(bytes(damaged))) == good
        except BaselineError:
            refused += 1
    assert refused > 0.9 * len(GOOD)
