"""The watcher over a pipe: one line in, one line out."""

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from monitor.judge_watch import watch_stream
from tests.monitor.cli.commands import PATIENCE_SECONDS, portalwatch, started

INTERVAL = 30.0
NOTHING: dict[str, list[str]] = {"alarms": [], "suspected": []}


def sessions(level: float = 20.0, seed: int = 1) -> list[list[float]]:
    """Twenty sessions of 25 calls, in milliseconds."""
    drawn: list[list[float]] = (level * np.random.default_rng(seed).lognormal(0, 0.15, (20, 25))).tolist()
    return drawn


def baseline(**changes: Any) -> dict[str, Any]:
    """The first line, of one metric, with some fields changed."""
    return {"op": "baseline", "metrics": {"m": sessions()}, "tolerance": 1.25, "interval_s": INTERVAL, **changes}


def ticks(number: int, factor: float = 1.0, *, first: int = 0, seed: int = 2) -> list[dict[str, Any]]:
    """So many ticks of the metric, that many times as slow as its baseline."""
    values = factor * 20 * np.random.default_rng(seed).lognormal(0, 0.15, number)
    return [tick({"m": value}, turn) for turn, value in enumerate(values.tolist(), first)]


def tick(values: dict[str, Any], turn: int = 0) -> dict[str, Any]:
    """One tick."""
    return {"op": "tick", "t": turn * INTERVAL, "values": values}


def answers(*lines: dict[str, Any] | str) -> list[dict[str, Any]]:
    """What is answered to these lines: as many lines, each whole."""
    written: list[str] = []
    watch_stream([one if isinstance(one, str) else json.dumps(one) for one in lines], written.append)
    assert all(one.endswith("\n") and one.count("\n") == 1 for one in written)
    assert len(written) == len(lines)
    return [json.loads(one) for one in written]


def test_an_unchanged_metric_raises_nothing() -> None:
    """Two thousand ticks, each answered."""
    ok, *told = answers(baseline(), *ticks(2000))
    assert ok == {"ok": True}
    assert told == [NOTHING] * 2000


def test_a_doubling_raises_an_alarm_and_closes() -> None:
    """Within 40 ticks, and for as long as it lasts; a quarter of an hour after it is well again nothing is raised."""
    _, *told = answers(baseline(), *ticks(50), *ticks(60, 2.0, first=50), *ticks(60, first=110))
    before, doubled, again = told[:50], told[50:110], told[110:]
    assert before == [NOTHING] * 50
    alarm = next(i for i, one in enumerate(doubled) if one["alarms"])
    assert alarm < 40
    assert all(one["alarms"] == ["m"] for one in doubled[alarm:])
    assert doubled[-1] == {"alarms": ["m"], "suspected": []}
    assert again[0]["alarms"] == ["m"]
    assert again[-1] == NOTHING


def test_what_is_only_suspected_is_an_alarm_too() -> None:
    """It is in both lists: nobody here can ask again."""
    _, *told = answers(baseline(), *ticks(400, 1.4))
    suspected = [one for one in told if one["suspected"]]
    assert suspected
    assert all(one == {"alarms": ["m"], "suspected": ["m"]} for one in suspected)


def test_metrics_are_watched_each_for_itself() -> None:
    """Of two the slower one is raised; one that the baseline does not know is passed over."""
    two = baseline(metrics={"m": sessions(), "n": sessions(40.0)})
    lines = [tick({"m": 20.0, "n": 90.0, "stranger": 1e6}, turn) for turn in range(60)]
    assert answers(two, *lines)[-1] == {"alarms": ["n"], "suspected": []}


def test_a_reset_forgets_the_evidence_and_keeps_the_baseline() -> None:
    """After it the doubling is found once more, as late as the first time."""
    doubled = ticks(60, 2.0)
    _, *first, ok = answers(baseline(), *doubled, {"op": "reset"})
    _, *rest = answers(baseline(), *doubled, {"op": "reset"}, *doubled)
    assert ok == {"ok": True}
    assert rest == [*first, ok, *first]
    assert first[-1]["alarms"] == ["m"]


def test_a_second_baseline_replaces_the_first() -> None:
    """What was slow under the first is usual under the second."""
    _, *told = answers(baseline(), *ticks(60, 2.0), baseline(metrics={"m": sessions(40.0)}), *ticks(200, 2.0))
    assert told[59]["alarms"] == ["m"]
    assert told[60] == {"ok": True}
    assert told[61:] == [NOTHING] * 200


def test_what_can_not_be_watched_is_named() -> None:
    """No session of five calls that answered, calls that took no time; the others are watched."""
    metrics = {
        "m": sessions(),
        "none": [],
        "few": [[20.0] * 4] * 10,
        "failed": [[20.0, None, None, 20.0, {"at_least": 5000}, 20.0, 20]],
        "nothing": [[0.0] * 25] * 10,
    }
    ok, *told = answers(baseline(metrics=metrics), *[tick(dict.fromkeys(metrics, 60.0), turn) for turn in range(60)])
    assert ok == {"ok": True, "unwatched": ["none", "few", "failed", "nothing"]}
    assert told[-1]["alarms"] == ["m"]


def test_a_failed_call_says_nothing_of_latency() -> None:
    """null is passed over: five answers make a group, however many failures lie between."""
    doubled = ticks(60, 2.0)
    between = [tick({"m": None}, turn) for turn in range(60)]
    _, *apart = answers(baseline(), *doubled)
    _, *mixed = answers(baseline(), *(one for pair in zip(between, doubled, strict=True) for one in pair))
    assert mixed[1::2] == apart
    assert answers(baseline(), *between)[1:] == [NOTHING] * 60


def test_time_outs_are_as_slow_as_can_be() -> None:
    """However short the wait was: `at_least` a millisecond, all of them raise an alarm."""
    lines = [tick({"m": {"at_least": 1.0}}, turn) for turn in range(60)]
    assert answers(baseline(), *lines)[-1]["alarms"] == ["m"]


MISTAKES: dict[str, tuple[Any, str]] = {
    "no JSON": ("{", "Invalid JSON: EOF"),
    "nothing": ("", "Invalid JSON: EOF"),
    "no object": ("[1]", "Input should be an object"),
    "no operation": ({"t": 1}, "Unable to extract tag using discriminator 'op'"),
    "another operation": ({"op": "stop"}, "Input tag 'stop'"),
    "an unknown field": ({"op": "reset", "hard": True}, "reset.hard: "),
    "a negative instant": ({"op": "tick", "t": -1, "values": {}}, "tick.t: "),
    "an instant beyond all calendars": ({"op": "tick", "t": 1e300, "values": {}}, "tick.t: "),
    "a negative value": (tick({"m": -1.0}), "tick.values.m: a sample is a number of milliseconds, null or"),
    "text as a value": (tick({"m": "20"}), "tick.values.m: a sample is a number of milliseconds, null or"),
    "a truth value": (tick({"m": True}), "tick.values.m: a sample is a number of milliseconds, null or"),
    "not a number": (tick({"m": math.nan}), "tick.values.m: a sample is a number of milliseconds, null or"),
    "a wait of no length": (tick({"m": {"at_least": None}}), "tick.values.m: a sample is"),
    "a number too large": (tick({"m": 10**400}), "tick.values.m: a sample is"),
    "infinity": (tick({"m": math.inf}), "tick.values.m: a sample is a number of milliseconds, null or"),
    "a percentage": (baseline(tolerance=25), "baseline.tolerance: "),
    "no interval": (baseline(interval_s=0), "baseline.interval_s: "),
    "calls without sessions": (baseline(metrics={"m": [20.0] * 100}), "baseline.metrics.m.0: "),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_and_stops_nothing(name: str) -> None:
    """It is said where it is, and the watching goes on as if it had not been there, evidence and all."""
    line, said = MISTAKES[name]
    doubled = ticks(60, 2.0)
    told = answers(baseline(), *doubled[:30], line, *doubled[30:])
    (wrong,) = told.pop(31).items()
    assert wrong[0] == "error"
    assert wrong[1].startswith(said)
    assert told == answers(baseline(), *doubled)


@pytest.mark.parametrize("early", [tick({"m": 20.0}), {"op": "reset"}])
def test_before_the_baseline_there_is_nothing_to_hold_against(early: dict[str, Any]) -> None:
    """It is an error, and the baseline may still come."""
    wrong, ok, told = answers(early, baseline(), *ticks(1))
    assert wrong == {"error": 'a line {"op": "baseline", ...} must come first'}
    assert (ok, told) == ({"ok": True}, NOTHING)


def test_each_line_is_answered_before_the_next_is_read() -> None:
    """Somebody waits for it at the other end."""
    written: list[str] = []
    read: list[int] = []

    def lines() -> Iterator[str]:
        for one in (baseline(), *ticks(3)):
            read.append(len(written))
            yield json.dumps(one)

    watch_stream(lines(), written.append)
    assert read == [0, 1, 2, 3]


def test_the_command_answers_while_input_comes() -> None:
    """As a process: flushed line by line, an error among them, and 0 at the end; nothing on standard error."""
    with started("judge", "--watch") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line, answer in [
            (json.dumps(baseline()), {"ok": True}),
            ("{", None),
            (json.dumps(tick({"m": 20.0})), NOTHING),
            ('{"op": "reset"}', {"ok": True}),
        ]:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            told = json.loads(process.stdout.readline())
            assert told == answer or (answer is None and "error" in told)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_command_ends_well_whatever_it_saw() -> None:
    """0 with an alarm standing, and 0 without any line."""
    lines = [json.dumps(one) for one in (baseline(), *ticks(60, 2.0))]
    answer = portalwatch("judge", "--watch", stdin="\n".join(lines))
    assert answer.code == 0
    assert json.loads(answer.out.splitlines()[-1])["alarms"] == ["m"]
    assert portalwatch("judge", "--watch").code == 0


def test_stream_and_watch_together_are_refused() -> None:
    """2, and nothing is read as if one of them had been meant."""
    answer = portalwatch("judge", "--stream", "--watch", stdin="{}")
    assert (answer.code, answer.out) == (2, "")
    assert "choose one" in answer.err
