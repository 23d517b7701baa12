"""The JSON edge of judging."""

import json
from typing import Any

import pytest

from monitor.judge import JudgeError, judge_stream, judge_text

CASE: dict[str, Any] = {
    "metric": "m",
    "baseline": [[10.0, 11] * 10] * 5,
    "current": [[20.0, 22] * 10] * 5,
    "tolerance": 1.25,
}
KEYS = {"metric", "verdict", "ratio", "ci_low", "ci_high", "more_sessions", "reason"}


def judged(**changes: Any) -> dict[str, Any]:
    """The answer to the case with some fields changed."""
    return judge_text(json.dumps({**CASE, **changes}))


def test_a_case_is_answered() -> None:
    """Verdict, ratio with interval, sessions still needed and the reason, all of which JSON can carry."""
    answer = judged()
    assert set(json.loads(json.dumps(answer))) == KEYS
    assert (answer["metric"], answer["verdict"], answer["more_sessions"]) == ("m", "degraded", 0)
    assert answer["ci_low"] < answer["ratio"] < answer["ci_high"]
    assert answer["ratio"] == pytest.approx(2.0)


def test_a_figure_that_means_nothing_is_null() -> None:
    """Without a current sample there is no ratio, and the reason says so."""
    answer = judged(current=[])
    assert (answer["verdict"], answer["ratio"], answer["ci_low"], answer["ci_high"]) == ("inconclusive", *[None] * 3)
    assert "no call on the after side" in answer["reason"]


def test_a_family_keeps_its_order() -> None:
    """Each case of a family has its answer at its place, under its name."""
    family = [{**CASE, "metric": name, "current": current} for name, current in (("a", CASE["baseline"]), ("b", []))]
    answers = judge_text(json.dumps({"family": [*family, {**CASE, "metric": "c"}]}))["verdicts"]
    assert [(one["metric"], one["verdict"]) for one in answers] == [
        ("a", "within"),
        ("b", "inconclusive"),
        ("c", "degraded"),
    ]


def test_a_family_is_judged_together() -> None:
    """A series that is degraded alone is only suspected among many without history."""
    doubtful = {**CASE, "current": [[13.7, 15.1] * 10] * 5}
    assert judge_text(json.dumps(doubtful))["verdict"] == "degraded"
    family = [doubtful] + [{**CASE, "current": CASE["baseline"]}] * 9
    answer = judge_text(json.dumps({"family": family}))["verdicts"][0]
    assert answer["verdict"] == "inconclusive"
    assert "suspected" in answer["reason"]


def test_an_empty_family_has_no_verdicts() -> None:
    """Nothing in, nothing out."""
    assert judge_text('{"family": []}') == {"verdicts": []}


def test_failed_calls_and_time_outs_are_samples() -> None:
    """null has failed, {"at_least": x} has timed out: both count as failures, and the time waited is not averaged."""
    answer = judged(current=[[10.0, 11] * 8 + [None, None, {"at_least": 5000}, {"at_least": 5000.0}]] * 5)
    assert answer["verdict"] == "degraded"
    assert "availability" in answer["reason"]
    assert "20 of 100" in answer["reason"]
    assert answer["ratio"] == pytest.approx(1.0)


def test_the_options_reach_the_rules() -> None:
    """Spacing, history and floor each change the verdict that the case has without them."""
    slower = [[14.0, 15.4] * 10] * 5
    assert judged(current=slower)["verdict"] == "degraded"
    assert judged(current=slower, spacing="burst")["verdict"] == "inconclusive"
    assert judged(current=slower, floor_ms=50)["verdict"] == "within"
    assert judged(current=slower, history=[[level] * 20 for level in (5, 10, 20, 8, 30)])["verdict"] == "inconclusive"


MISTAKES: dict[str, tuple[str | dict[str, Any], str]] = {
    "no JSON": ("{", "EOF"),
    "NaN": ('{"metric": "m", "baseline": [[1.0, NaN]]}', "line 1 column 36"),
    "Infinity": ('{"metric": "m",\n"baseline": [[Infinity]]}', "line 2 column 15"),
    "minus infinity": ('{"metric": "m", "baseline": [[-Infinity]]}', "line 1"),
    "no object": ("[1]", "a JSON object is expected"),
    "an empty object": ("{}", "metric: Field required"),
    "an unknown field": ({"tolerence": 1.3}, "tolerence: Extra inputs are not permitted"),
    "a percentage": ({"tolerance": 25}, "tolerance: Input should be less than or equal to 10"),
    "no tolerance at all": ({"tolerance": 1.0}, "tolerance: Input should be greater than or equal to 1.01"),
    "a tolerance as text": ({"tolerance": "1.25"}, "tolerance: Input should be a valid number"),
    "a negative floor": ({"floor_ms": -1}, "floor_ms"),
    "an unknown spacing": ({"spacing": "wide"}, "spacing: Input should be 'spread' or 'burst'"),
    "samples without sessions": ({"baseline": [1.0, 2.0]}, "baseline.0: a session is a list of samples"),
    "text as a sample": ({"current": [[1.0], [2.0, "3"]]}, "current.1: sample 1 is no number of milliseconds"),
    "a truth value as a sample": ({"current": [[True]]}, "current.0: sample 0 is no number"),
    "a negative sample": ({"current": [[1.0, None, -2.0]]}, "current.0: sample 2 is negative"),
    "a negative wait": ({"current": [[1.0, {"at_least": -2.0}]]}, "current.0: sample 1 is negative"),
    "an unknown kind of sample": ({"current": [[{"at_most": 2.0}]]}, "current.0: sample 0 is no number"),
    "a wait without a number": ({"current": [[{"at_least": None}]]}, "current.0: sample 0 is no number"),
    "a number too large": ({"history": [[1, 10**400]]}, "history.0: sample 1 is negative or too large"),
    "a wrong case in a family": ('{"family": [{"metric": "a"}]}', "family.0.baseline: Field required"),
    "something beside a family": ('{"family": [], "tolerance": 1.25}', "tolerance: Extra inputs"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place(name: str) -> None:
    """Wrong input is refused as a whole, and the message says where and why."""
    document, message = MISTAKES[name]
    with pytest.raises(JudgeError) as refusal:
        judge_text(document if isinstance(document, str) else json.dumps({**CASE, **document}))
    assert message in str(refusal.value)


def test_a_thousand_mistakes_are_not_all_told() -> None:
    """Only the first few of many errors are shown, with the number of the others."""
    with pytest.raises(JudgeError, match="and 997 more"):
        judged(baseline=["wrong"] * 1000)


def test_a_stream_answers_line_by_line() -> None:
    """Each line has its answer before the next is read, and a bad one, even an empty one, stops nothing."""
    answers: list[str] = []
    read: list[int] = []

    def lines() -> Any:
        for line in (json.dumps(CASE), "{", "", json.dumps({"family": [CASE]})):
            read.append(len(answers))
            yield line + "\n"

    judge_stream(lines(), answers.append)
    assert read == [0, 1, 2, 3]
    assert all(answer.endswith("\n") and answer.count("\n") == 1 for answer in answers)
    first, second, third, fourth = map(json.loads, answers)
    assert first["verdict"] == "degraded"
    assert set(second) == set(third) == {"error"}
    assert fourth["verdicts"][0]["verdict"] == "degraded"
